#!/usr/bin/env python3
"""Random telemetry of ThingsBoard, broken and whole, and what a decoder must find in it: batch_cases.py SEED COUNT.

As json_cases.py, whose documents and readings these are: the payload in hex; the plan, "batch device" or "batch gateway"; and
what is expected by docs/formats/payloads.md. A record is `source@time` (the source in hex, "" where it has none; the time in
nanoseconds, left out where it is the arrival's), its reason if it is rejected, and its readings.
"""
import random
import sys
from fractions import Fraction

from json_cases import (DEPTH, Number, Object, broken, depth_of, other_nonfinite, parse, random_key, readings,
                        space, written, written_string)

EARLIEST, LATEST = -(2**63) * 2 // 3, 2**63 * 2 // 3


def pair(r, key, value):
    return space(r) + written_string(r, key) + space(r) + ":" + space(r) + value + space(r)


def random_time(r):
    kind = r.random()
    if kind < 0.6:
        return str(r.choice([0, 1, -1, 1451649600512, 1772366400000 + r.randint(0, 10**6), -86_400_000]))
    if kind < 0.8:
        return "%d.%d" % (r.randint(-10, 10**6), r.randint(0, 10**9))
    return r.choice(["null", "true", '"1451649600512"', "{}", "[1]", "9e15", "1e400", "NaN", '{"a":1}'])


def random_record(r):
    if r.random() < 0.1:
        return written(r, 1)
    members = [pair(r, random_key(r), written(r, 1)) for _ in range(r.choice([0, 0, 1, 2, 20 if r.random() < 0.1 else 3]))]
    for _ in range(r.choice([0, 1, 1, 1, 2])):
        members.append(pair(r, "ts", random_time(r)))
    for _ in range(r.choice([0, 1, 1, 1, 2])):
        members.append(pair(r, "values", written(r, 2, 0.2 if r.random() < 0.8 else None)))
    r.shuffle(members)
    return "{" + ",".join(members) + "}"


def random_records(r):
    return "[" + ",".join(space(r) + random_record(r) for _ in range(r.randint(0, 4))) + space(r) + "]"


def random_device(r):
    return r.choice(["Device A", "Device B", "d", "", "é", "\x01", "ts", "values", "k" * 256, "k" * 257, random_key(r)])


def payload_of(r, by_key):
    if r.random() < 0.05:
        return written(r, 2)
    if by_key:
        return "{" + ",".join(pair(r, random_device(r), random_records(r) if r.random() < 0.85 else random_record(r))
                              for _ in range(r.choice([0, 1, 2, 3, 20 if r.random() < 0.1 else 2]))) + "}"
    return random_records(r) if r.random() < 0.6 else random_record(r)


def time_of(value):
    """Nanoseconds and no reason, or a reason."""
    if not isinstance(value, Number):
        return None, "no_time"
    if "e" in value.text.lower():
        return None, "out_of_range"  # those that random_time writes
    time = Fraction(value.text) * 10**6 // 1
    return (time, None) if EARLIEST <= time <= LATEST else (None, "out_of_range")


def expected_record(element, key):
    """`key`: of the device in a map; None: the topic is the source."""
    source = "d" if key is None else key
    reasons = []
    if len(source.encode()) > 256 or any(ord(c) < 0x20 for c in source):
        source = ""
        reasons.append("malformed")
    elif source == "":
        reasons.append("missing_field")
    origin, time, found = source.encode().hex(), None, []
    if not isinstance(element, list):
        reasons.insert(0, "wrong_type" if element is not MISSING else "missing_field")
    else:
        own = element.last() if isinstance(element, Object) else {}
        values, ts = own.get("values"), own.get("ts")
        if isinstance(values, Object):
            found = readings(values, "")
            if ts is not None:
                time, reason = time_of(ts)
                reasons += [reason] if reason else []
        else:
            rest = element
            if isinstance(element, Object):
                # Of equal keys the last says whether the name is one of the format's own.
                rest = Object((k, v) for k, v in element if k not in ("ts", "values") or isinstance(own[k], list))
            found = readings(rest, "")
            if values is not None:
                reasons.append("wrong_type")
            elif ts is not None:
                reasons.append("missing_field")
    if not found:
        reasons.append("missing_field")
    return origin + ("" if time is None else "@%d" % time) + ("!" + reasons[0] if reasons else "") + " " + " ".join(found)


MISSING = object()


def expected(value, by_key):
    if value is None:
        return "message missing_field"
    if not isinstance(value, list) or (by_key and not isinstance(value, Object)):
        return "message wrong_type"
    if not by_key:
        return "; ".join(expected_record(e, None) for e in ([value] if isinstance(value, Object) else value)) or "nothing"
    members = {}
    for key, member in value:
        members.pop(key, None)
        members[key] = member
    records = []
    for key, member in members.items():
        if isinstance(member, list) and not isinstance(member, Object):
            records += [expected_record(element, key) for element in member]
        else:
            records.append(expected_record(MISSING if member is None else False, key))
    return "; ".join(records) or "nothing"


def case(r):
    by_key = r.random() < 0.5
    payload = payload_of(r, by_key).encode("utf-8")
    if r.random() < 0.25:
        payload = broken(r, payload)
    value, good = parse(payload)
    # A broken time may be any number, which time_of does not read.
    if other_nonfinite(payload) or (good and odd_time(value)):
        return case(r)
    if not good:
        outcome = "malformed or too_deep"
    elif depth_of(value) > DEPTH:
        outcome = "too_deep"
    else:
        outcome = expected(value, by_key)
    print("\n".join([payload.hex(), "batch gateway" if by_key else "batch device", outcome]))


def odd_time(value):
    if isinstance(value, Object):
        return any((k == "ts" and isinstance(v, Number) and "e" in v.text.lower() and v.text not in ("9e15", "1e400")) or
                   odd_time(v) for k, v in value)
    return isinstance(value, list) and any(map(odd_time, value))


def main():
    sys.setrecursionlimit(10_000)
    r = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        case(r)


main()
