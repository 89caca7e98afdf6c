"""The readers of docs/readers as the tests run them. Their libraries come from PyPI and Maven by the user's own pip and mvn,
as docs/readers pins them, into TIDEMARK_CACHE (~/.cache/tidemark); what cannot be had skips the test with the reason."""

import atexit
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import unittest

from harness import BUILD, ROOT

CACHE = os.path.abspath(os.environ.get("TIDEMARK_CACHE") or os.path.expanduser("~/.cache/tidemark"))
READERS = os.path.join(ROOT, "docs", "readers")
GENERATED = os.path.join(BUILD, "generated", "readers")


def fetched(name, pins, command):
    """The folder under CACHE that holds what the file `pins` asks for. `command(folder)` fetches what is not there."""
    with open(pins, "rb") as file:
        folder = os.path.join(CACHE, f"{name}-{hashlib.sha256(file.read()).hexdigest()[:12]}")
    if not os.path.isdir(folder):
        os.makedirs(CACHE, exist_ok=True)
        # Whole or not at all: it gets its name when it is complete.
        part = tempfile.mkdtemp(prefix=name + "-", dir=CACHE)
        try:
            done = subprocess.run(command(part), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, text=True, timeout=170, check=False)
            if done.returncode != 0:
                raise unittest.SkipTest(f"{name}: {(done.stdout.strip() or 'no word').splitlines()[-1]}")
            try:
                os.rename(part, folder)
            except OSError:
                # Another test beside this one was faster.
                if not os.path.isdir(folder):
                    raise
        except subprocess.TimeoutExpired:
            raise unittest.SkipTest(f"{name}: not fetched within 170 s") from None
        finally:
            shutil.rmtree(part, ignore_errors=True)
    return folder


def need(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise unittest.SkipTest(f"there is no {program} here")


def python_paths():
    """What the Python reader's PYTHONPATH must have: its libraries and flatc's output."""
    pins = os.path.join(READERS, "python", "requirements.txt")
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode != 0:
        raise unittest.SkipTest("this Python has no pip")
    libraries = fetched("readers-python", pins,
                        lambda to: [*pip, "install", "--quiet", "--disable-pip-version-check", "--target", to,
                                    "-r", pins])
    return [libraries, os.path.join(GENERATED, "python")]


def java_classpath():
    """The Java reader, compiled by javac alone, with its jars."""
    need("java", "javac")
    pom = os.path.join(READERS, "java", "pom.xml")

    def copy(to):
        need("mvn")
        return ["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", "-DincludeScope=runtime",
                f"-DoutputDirectory={to}"]

    jars = os.path.join(fetched("readers-java", pom, copy), "*")
    # Of this process alone: another compiles its own beside it.
    classes = tempfile.mkdtemp(prefix="tidemark-reader-")
    atexit.register(shutil.rmtree, classes, ignore_errors=True)
    subprocess.run(["javac", "-nowarn", "-d", classes, "-cp", jars, "-sourcepath", os.path.join(GENERATED, "java"),
                    os.path.join(READERS, "java", "Reader.java")], stderr=subprocess.DEVNULL, check=True)
    return f"{classes}:{jars}"


class Reader:
    """One reader as a command."""

    def __init__(self, argv, env=None):
        self.argv, self.env = argv, {**os.environ, **(env or {})}

    def __call__(self, source, *settings, deadline=120):
        """(exit status, export, what it said)."""
        done = subprocess.run([*self.argv, source, *settings], stdin=subprocess.DEVNULL, capture_output=True,
                              env=self.env, timeout=deadline, check=False)
        return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def python_reader():
    return Reader([sys.executable, os.path.join(READERS, "python", "reader.py")],
                  {"PYTHONPATH": os.pathsep.join(python_paths())})


def java_reader():
    # One small run each time: quick to start is worth more than fast at length.
    return Reader(["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", java_classpath(), "Reader"])


def available():
    """({language: Reader}, {language: why it cannot be had})."""
    readers, lacking = {}, {}
    for language, make in (("python", python_reader), ("java", java_reader)):
        try:
            readers[language] = make()
        except unittest.SkipTest as why:
            lacking[language] = str(why)
    return readers, lacking


class ReaderTest(unittest.TestCase):
    """A test of both readers."""

    @classmethod
    def setUpClass(cls):
        cls.readers, cls.lacking = available()
        if not cls.readers:
            raise unittest.SkipTest("; ".join(cls.lacking.values()))

    def setUp(self):
        self.said = set()

    def each(self):
        """Both readers, each a subtest; one whose libraries cannot be had is skipped, once a test, with the reason."""
        for language, reader in self.readers.items():
            with self.subTest(language):
                yield reader
        for language in set(self.lacking) - self.said:
            self.said.add(language)
            with self.subTest(language):
                self.skipTest(self.lacking[language])
