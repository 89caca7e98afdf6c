#!/usr/bin/env python3
"""Gets Apache Kafka for the tests: the jars that jars.sha256 names, each checked, in a folder outside the repository.

    tests/system/kafka/fetch.py          # fetches if it is not there; prints the folder
    tests/system/kafka/fetch.py pin      # after a change of pom.xml: writes jars.sha256 anew (needs mvn)

TIDEMARK_CACHE: where they are kept (~/.cache/tidemark/kafka). Maven (`mvn`) fetches them, so that this machine's
settings decide from where. TIDEMARK_MAVEN_REPOSITORY is the address of a repository (https:, http:, file:) to take
instead, without Maven.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
PINS = os.path.join(HERE, "jars.sha256")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"


class Missing(Exception):
    """No Kafka on this machine, and why: what a skipped test says."""


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.abspath(os.environ.get("TIDEMARK_CACHE") or os.path.join(base, "tidemark", "kafka"))


def java():
    """(path, what it says of itself) of a Java that is new enough."""
    home = os.environ.get("JAVA_HOME")
    path = os.path.join(home, "bin", "java") if home else shutil.which("java")
    if not path or not os.access(path, os.X_OK):
        raise Missing("no Java: install openjdk-17-jre-headless")
    said = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=60, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if not version or int(version[1]) < 17:
        raise Missing(f"Kafka needs Java 17: {path} says {said.splitlines()[:1]}")
    return path, said


def pins():
    """{path in a Maven repository: SHA-256}"""
    with open(PINS, encoding="ascii") as lines:
        return {path: digest for digest, path in (line.split() for line in lines)}


def sha256(path):
    with open(path, "rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()


def by_maven(folder):
    try:
        done = subprocess.run(
            ["mvn", "-B", "-q", "-f", os.path.join(HERE, "pom.xml"), COPY, "-DincludeScope=runtime",
             "-Dmdep.useRepositoryLayout=true", f"-DoutputDirectory={folder}"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        raise Missing("Kafka cannot be fetched: Maven did not end in ten minutes") from None
    if done.returncode:
        said = [line for line in done.stdout.splitlines() if "ERROR" in line] or ["Maven fails"]
        raise Missing(f"Kafka cannot be fetched: {said[0][:200]}")


def by_download(folder, repository):
    for path in pins():
        target = os.path.join(folder, path)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        try:
            address = f"{repository.rstrip('/')}/{path}"
            with urllib.request.urlopen(address, timeout=30) as source, open(target, "wb") as out:
                shutil.copyfileobj(source, out)
        except OSError as error:
            raise Missing(f"Kafka cannot be fetched: {os.path.basename(path)}: {error}") from None


def check(folder):
    """Refuses anything but exactly the pinned files: a jar too many would be in the class path, too."""
    wanted = pins()
    found = {os.path.relpath(os.path.join(where, name), folder)
             for where, _, names in os.walk(folder) for name in names if name.endswith(".jar")}
    for path in sorted(found ^ set(wanted)):
        raise Missing(f"Kafka is not what jars.sha256 names: {path} is {'unknown' if path in found else 'not there'}")
    for path, digest in wanted.items():
        if sha256(os.path.join(folder, path)) != digest:
            raise Missing(f"Kafka is not what jars.sha256 names: {path} has another hash")
    return [os.path.join(folder, path) for path in sorted(wanted)]


_answer = None


def jars():
    """The jars of the class path, fetched if they are not there. Raises Missing, and then at once every time."""
    global _answer
    if _answer is None:
        try:
            _answer = _jars()
        except Missing as missing:
            _answer = missing
    if isinstance(_answer, Missing):
        raise _answer
    return _answer


def home():
    """The folder of exactly this set of jars, so that a change of pins never mixes with an older set."""
    return os.path.join(cache(), sha256(PINS)[:12])


def _jars():
    java()
    folder = os.path.join(home(), "jars")
    if not os.path.isdir(folder):
        os.makedirs(home(), exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home(), prefix="fetching-") as fresh:
            target = os.path.join(fresh, "jars")
            address = os.environ.get("TIDEMARK_MAVEN_REPOSITORY")
            if address:
                by_download(target, address)
            elif shutil.which("mvn"):
                by_maven(target)
            else:
                raise Missing("Kafka cannot be fetched: install maven, or set TIDEMARK_MAVEN_REPOSITORY")
            check(target)
            try:
                os.rename(target, folder)
            except OSError:
                if not os.path.isdir(folder):
                    raise  # Otherwise another test run was quicker, with the same set.
    return check(folder)


def pin():
    with tempfile.TemporaryDirectory() as folder:
        by_maven(folder)
        found = sorted(os.path.relpath(os.path.join(where, name), folder)
                       for where, _, names in os.walk(folder) for name in names if name.endswith(".jar"))
        with open(PINS, "w", encoding="ascii") as out:
            out.writelines(f"{sha256(os.path.join(folder, path))}  {path}\n" for path in found)
    print(f"{len(found)} jars pinned")


if __name__ == "__main__":
    if sys.argv[1:] not in ([], ["pin"]):
        sys.exit(__doc__)
    try:
        if sys.argv[1:]:
            pin()
        else:
            jars()
            print(home())
    except Missing as reason:
        sys.exit(str(reason))
