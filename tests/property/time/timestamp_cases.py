#!/usr/bin/env python3
"""Random timestamps and what they mean, from Python's datetime and fractions: timestamp_cases.py SEED COUNT.

A case is a line: the format (s, ms, us, ns or rfc3339), the text, and the nanoseconds, or "malformed" or "out_of_range".
"""
import math
import random
import sys
from datetime import datetime, timedelta, timezone
from fractions import Fraction

BOUND = (2**63 - 1) // 3 * 2
UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def bounded(nanoseconds):
    return str(nanoseconds) if -BOUND <= nanoseconds <= BOUND else "out_of_range"


def digits(r, most):
    return "".join(r.choice("0123456789") for _ in range(r.randint(1, most)))


def epoch(r):
    unit = r.choice(list(UNITS))
    text = r.choice(["", "", "-"]) + (digits(r, r.choice([3, 10, 13, 19, 30])).lstrip("0") or "0")
    if r.random() < 0.5:
        text += "." + digits(r, r.choice([3, 9, 30]))
    if r.random() < 0.2:
        text += r.choice("eE") + r.choice(["", "+", "-"]) + digits(r, 2)
    return unit, text, bounded(math.floor(Fraction(text) * UNITS[unit]))


def rfc3339(r):
    # A date is put together field by field, valid or not; datetime says which.
    year = r.choice([r.randint(0, 9999), r.randint(1700, 2200), r.randint(1960, 2040)])
    month, day = r.choice([r.randint(1, 12), r.randint(0, 13)]), r.choice([r.randint(1, 28), r.randint(0, 32)])
    hour, minute = r.choice([r.randint(0, 23), r.randint(0, 25)]), r.choice([r.randint(0, 59), r.randint(0, 61)])
    second = r.choice([r.randint(0, 59), r.randint(0, 59), 60, 61])
    fraction = digits(r, 12) if r.random() < 0.5 else ""
    sign, hours, minutes = r.choice("+-"), r.choice([r.randint(0, 14), r.randint(0, 25)]), r.choice([0, 30, 59, 60])
    zulu = r.random() < 0.5
    text = "%04d-%02d-%02d%s%02d:%02d:%02d" % (year, month, day, r.choice("Tt"), hour, minute, second)
    text += ("." + fraction if fraction else "") + (r.choice("Zz") if zulu else "%s%02d:%02d" % (sign, hours, minutes))
    if year == 0:
        return None  # datetime does not know the year 0
    try:
        local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=timezone.utc)
        if second > 60 or (not zulu and (hours > 23 or minutes > 59)):
            raise ValueError
    except ValueError:
        return "rfc3339", text, "malformed"
    whole = (local - datetime(1970, 1, 1, tzinfo=timezone.utc)) // timedelta(seconds=1)
    if not zulu:
        whole -= (hours * 3600 + minutes * 60) * (1 if sign == "+" else -1)
    if second == 60:
        whole += 1
        if whole % 86400 != 0:
            return "rfc3339", text, "malformed"
    return "rfc3339", text, bounded(math.floor((whole + Fraction("0." + (fraction or "0"))) * 10**9))


def main():
    r = random.Random(int(sys.argv[1]))
    count = int(sys.argv[2])
    while count:
        case = r.choice([epoch, rfc3339])(r)
        if case:
            print(" ".join(case))
            count -= 1


main()
