#!/usr/bin/env python3
"""Runs the system tests, a line each, and ends with a summary.

    tests/system/run.py [--quick] [--list] [--jobs N] [--tally FILE] [NAME ...]

NAME: part of a test's name, as --list prints it. --quick: only the fast ones. --tally: also write "passed failed skipped".
--jobs: classes of tests side by side, each in a process of its own; of those marked `heavy`, which want a core for
themselves, never two at once. TIDEMARK_BUILD names the build folder (build/release), TIDEMARK_DATA the folder of recorded
data (../shared/data).
"""

import argparse
import collections
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

import harness  # noqa: E402  (needs the path above)


def flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from flatten(item)
        else:
            yield item


def attribute(test, name, default):
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    return getattr(method, name, getattr(type(test), name, default))


class Result(unittest.TestResult):
    """Prints a line when a test ends."""

    def __init__(self):
        super().__init__()
        self.counts = {"ok": 0, "FAILED": 0, "skipped": 0}
        self._started = 0.0

    def startTest(self, test):
        super().startTest(test)
        self._started = time.monotonic()
        signal.alarm(int(attribute(test, "limit", 180)))

    def stopTest(self, test):
        signal.alarm(0)
        super().stopTest(test)

    def _line(self, test, word, remark=""):
        signal.alarm(0)
        self.counts[word] += 1
        took = time.monotonic() - self._started
        print(f"{word:>7}  {test.id():<70} {took:6.1f} s{remark}", flush=True)

    def addSuccess(self, test):
        self._line(test, "ok")

    def _failed(self, test, error):
        self._line(test, "FAILED")
        print("".join(traceback.format_exception(*error)), flush=True)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._failed(test, err)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._failed(subtest, err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line(test, "skipped", f"  ({reason})")


def out_of_time(*_):
    raise harness.Timeout("the test took longer than its limit")


def interrupted(number, _):
    # As an exception, so that every test's own processes are ended on the way out.
    raise SystemExit(128 + number)


class SideBySide:
    """Runs classes of tests, each by a run.py of its own, and prints what each says when it has ended."""

    def __init__(self, tests):
        classes = {}
        for test in tests:
            classes.setdefault(f"{type(test).__module__}.{type(test).__qualname__}.", []).append(test)
        # The long ones first, so that none is left alone at the end.
        order = sorted(classes, key=lambda name: -max(attribute(test, "limit", 180) for test in classes[name]))
        heavy = [name for name in order if getattr(type(classes[name][0]), "heavy", False)]
        self._heavy = collections.deque(heavy)
        self._light = collections.deque(name for name in order if name not in heavy)
        self._tests = classes
        self._lock = threading.Lock()
        self._running = set()
        self._stopped = False
        self.counts = collections.Counter()

    def _next(self, takes_heavy):
        with self._lock:
            for queue in ([self._heavy] if takes_heavy else []) + [self._light]:
                if queue and not self._stopped:
                    return queue.popleft()
        return None

    def _work(self, takes_heavy):
        while (name := self._next(takes_heavy)) is not None:
            with tempfile.NamedTemporaryFile("r") as tally, tempfile.TemporaryFile("w+") as said:
                # By their whole names: only those that were chosen here.
                command = [sys.executable, os.path.abspath(__file__), "--tally", tally.name, "--",
                           *(test.id() + "$" for test in self._tests[name])]
                with self._lock:
                    if self._stopped:
                        return
                    child = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT)
                    self._running.add(child)
                child.wait()
                counts = tally.read().split()
                said.seek(0)
                lines = said.read().splitlines()
                with self._lock:
                    self._running.discard(child)
                    print("\n".join(lines[:-1] if counts else lines), flush=True)
                    if counts:
                        self.counts.update(dict(zip(("ok", "FAILED", "skipped"), map(int, counts))))
                    else:
                        print(f" FAILED  {name}*: its process ended by itself ({child.returncode})", flush=True)
                        self.counts["FAILED"] += 1

    def run(self, jobs):
        workers = [threading.Thread(target=self._work, args=(number == 0,)) for number in range(jobs)]
        for worker in workers:
            worker.start()
        try:
            for worker in workers:
                worker.join()
        finally:
            with self._lock:
                self._stopped = True
                for child in self._running:
                    child.terminate()
            for worker in workers:
                worker.join()


def chosen_by(names, test):
    """A name that ends with $ is a whole one."""
    return not names or any(test.id() == name[:-1] if name.endswith("$") else name in test.id() for name in names)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--tally", metavar="FILE")
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args()
    tests = [test for test in flatten(unittest.defaultTestLoader.discover(HERE, pattern="test_*.py", top_level_dir=HERE))
             if chosen_by(chosen.names, test) and (not chosen.quick or attribute(test, "quick", False))]
    if chosen.list:
        for test in tests:
            print(test.id() + ("  [quick]" if attribute(test, "quick", False) else ""))
        return 0
    signal.signal(signal.SIGTERM, interrupted)
    if chosen.jobs > 1:
        beside = SideBySide(tests)
        beside.run(chosen.jobs)
        counts = {word: beside.counts[word] for word in ("ok", "FAILED", "skipped")}
    else:
        signal.signal(signal.SIGALRM, out_of_time)
        result = Result()
        unittest.TestSuite(tests).run(result)
        counts = result.counts
    if chosen.tally:
        with open(chosen.tally, "w") as out:
            out.write(f"{counts['ok']} {counts['FAILED']} {counts['skipped']}\n")
    print(f"system tests: {counts['ok']} ok, {counts['FAILED']} failed, {counts['skipped']} skipped")
    return 0 if counts["FAILED"] == 0 and counts["ok"] > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
