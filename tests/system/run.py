#!/usr/bin/env python3
"""Runs the system tests one after the other, a line each, and ends with a summary.

    tests/system/run.py [--quick] [--list] [--tally FILE] [NAME ...]

NAME: part of a test's name, as --list prints it. --quick: only the fast ones. --tally: also write "passed failed skipped".
TIDEMARK_BUILD names the build folder (build/release), TIDEMARK_DATA the folder of recorded data (../shared/data).
"""

import argparse
import os
import signal
import sys
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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--tally", metavar="FILE")
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args()
    tests = [test for test in flatten(unittest.defaultTestLoader.discover(HERE, pattern="test_*.py", top_level_dir=HERE))
             if (not chosen.names or any(name in test.id() for name in chosen.names))
             and (not chosen.quick or attribute(test, "quick", False))]
    if chosen.list:
        for test in tests:
            print(test.id() + ("  [quick]" if attribute(test, "quick", False) else ""))
        return 0
    signal.signal(signal.SIGALRM, out_of_time)
    signal.signal(signal.SIGTERM, interrupted)
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
