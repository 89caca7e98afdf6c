#!/usr/bin/env python3
"""Counts what a run of ctest did, from its JUnit file: doctest's cases where a program reports them, else the program as
one test. A program that failed without saying so (a crash, a time-out) counts as one failure.

    tally.py JUNIT.xml     prints "passed failed"
"""

import re
import sys
import xml.etree.ElementTree as tree

CASES = re.compile(r"test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")
PLAIN = re.compile(r"^(?:\w+: )?(\d+) passed, (\d+) failed", re.M)


def count(case):
    output = "".join(out.text or "" for out in case.iter("system-out"))
    output = re.sub(r"\x1b\[[0-9;]*m", "", output)
    found = [(int(p), int(f)) for _, p, f in CASES.findall(output)] or [
        (int(p), int(f)) for p, f in PLAIN.findall(output)[-1:]]
    passed, failed = sum(p for p, _ in found), sum(f for _, f in found)
    if case.get("status") == "run":
        return (passed, failed) if found else (1, 0)
    return passed, max(failed, 1)


def main():
    totals = [count(case) for case in tree.parse(sys.argv[1]).getroot().iter("testcase")]
    print(sum(p for p, _ in totals), sum(f for _, f in totals))


if __name__ == "__main__":
    main()
