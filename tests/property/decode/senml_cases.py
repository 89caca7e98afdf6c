#!/usr/bin/env python3
"""Random SenML packs, and what they resolve to (RFC 8428): senml_cases.py SEED COUNT.

Independent of the product: packs are resolved here with Python's decimal module, and written as JSON and as CBOR by the
encoder below, which writes each number in one of the ways that CBOR has for it: integers, floats of all sizes where the
decimal is what they stand for, decimal fractions; and lengths said before or not. A case is four lines: the JSON in hex; the
CBOR in hex; "topic" or "bn", what `source` is; and what is expected, as tests/unit/decode/decoding.h writes it.
"""
import json
import random
import re
import struct
import sys
from decimal import Decimal, getcontext
from math import floor

getcontext().prec = 2000

ARRIVAL = 1_700_000_000 * 10**9
LABELS = {"bs": -6, "bv": -5, "bu": -4, "bt": -3, "bn": -2, "bver": -1, "n": 0, "u": 1, "v": 2, "vs": 3, "vb": 4, "s": 5, "t": 6,
          "ut": 7, "vd": 8}


# CBOR (RFC 8949).

def head(major, n):
    for size, code in ((1, 24), (2, 25), (4, 26), (8, 27)):
        if n < 24:
            return bytes([major << 5 | n])
        if n < 1 << 8 * size:
            return bytes([major << 5 | code]) + n.to_bytes(size, "big")
    raise ValueError(n)


def integer(n):
    return head(0, n) if n >= 0 else head(1, -1 - n)


def number(r, value):
    """One of the ways to write a decimal exactly."""
    ways = []
    sign, digits, exponent = value.as_tuple()
    mantissa = int("".join(map(str, digits))) * (-1 if sign else 1)
    if abs(mantissa) < 1 << 63:
        ways.append(b"\xc4\x82" + integer(exponent) + integer(mantissa))
        ways.append(b"\xc4\x9f" + integer(exponent) + integer(mantissa) + b"\xff")
    if value == value.to_integral_value() and abs(value) < 1 << 63:
        ways += [integer(int(value))] * 2
    if Decimal(repr(float(value))) == value:
        ways += [b"\xfb" + struct.pack(">d", float(value))] * 3
    quarters = value * 4
    if quarters == quarters.to_integral_value():  # exact in binary, and with few digits the shortest text of it
        if abs(quarters) < 1 << 20:
            ways.append(b"\xfa" + struct.pack(">f", float(value)))
        if abs(quarters) < 1 << 11:
            ways.append(b"\xf9" + struct.pack(">e", float(value)))
    return r.choice(ways)


def text(r, value):
    data = value.encode()
    if r.random() < 0.8:
        return head(3, len(data)) + data
    at = r.randint(0, len(data))
    return b"\x7f" + head(3, at) + data[:at] + head(3, len(data) - at) + data[at:] + b"\xff"


def cbor(r, value):
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, Decimal):
        return number(r, value)
    if isinstance(value, str):
        return text(r, value)
    parts = [cbor(r, one) for one in value]
    return head(4, len(parts)) + b"".join(parts) if r.random() < 0.7 else b"\x9f" + b"".join(parts) + b"\xff"


def cbor_pack(r, pack):
    records = []
    for record in pack:
        pairs = b""
        for name, value in record:
            if name == "vd":
                pairs += integer(LABELS[name]) + head(2, len(value)) + value.encode()
            else:
                pairs += (integer(LABELS[name]) if name in LABELS else text(r, name)) + cbor(r, value)
        records.append(head(5, len(record)) + pairs if r.random() < 0.7 else b"\xbf" + pairs + b"\xff")
    return head(4, len(records)) + b"".join(records) if r.random() < 0.7 else b"\x9f" + b"".join(records) + b"\xff"


def json_value(value):
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, (bool, str)):
        return json.dumps(value)
    return "[" + ",".join(map(json_value, value)) + "]"


def json_pack(pack):
    return "[" + ",".join("{" + ",".join(json.dumps(k) + ":" + json_value(v) for k, v in record) + "}" for record in pack) + "]"


# What a pack means.

def plain(value):
    """SEMANTICS, rules 1 and 2."""
    if value == 0:
        return "=0"
    nearest = float(value)
    if nearest == 0 or nearest in (float("inf"), float("-inf")):
        return "!out_of_range"
    digits = "".join(map(str, value.as_tuple().digits)).strip("0")
    flag = ""
    if len(digits) > 18:
        value, flag = Decimal(repr(nearest)), "~"
    result = format(value, "f")
    if "." in result:
        result = result.rstrip("0").rstrip(".")
    return "=" + result + flag


def in_range(value):
    return value == 0 or float(value) not in (0.0, float("inf"), float("-inf"))


def nanoseconds(value):
    return floor(value * 10**9)


def resolve(pack, mode):
    bn, bu, bt, bv, bs = "", "", 0, None, None
    lines, passed_over = [], False
    for pairs in pack:
        record = dict(pairs)
        if any(name.endswith("_") for name in record) or not 1 <= record.get("bver", 1) <= 10:
            return "malformed"
        bn, bu = record.get("bn", bn), record.get("bu", bu)
        bt = nanoseconds(record["bt"]) if "bt" in record else bt
        bv, bs = record.get("bv", bv), record.get("bs", bs)
        if not any(name in record for name in ("n", "u", "v", "vs", "vb", "s", "t", "ut", "vd")):
            continue
        n, unit = record.get("n", ""), record.get("u", bu)
        name, reason, readings = bn + n, "", []
        source = "d-1"
        if mode == "bn":
            source = bn[:-1] if bn[-1:] and bn[-1] in "-:./_" else bn
        if not name:
            reason, source = "missing_field", source if mode == "topic" else ""
        elif not re.fullmatch(r"[A-Za-z0-9/][-A-Za-z0-9:./_]*", name):
            reason, source = "malformed", source if mode == "topic" else ""
        else:
            field = name if mode == "topic" else n or unit or "value"
            kinds = [kind for kind in ("v", "vs", "vb", "vd") if kind in record]
            if len(kinds) > 1:
                reason = "malformed"
            elif not kinds and "s" not in record and bs is None and bv is None:
                reason = "missing_field"
            else:
                if kinds == ["vb"]:
                    readings.append(field + ("=1" if record["vb"] else "=0"))
                elif kinds == ["v"] or (not kinds and "s" not in record and bv is not None):
                    readings.append(field + plain(record.get("v", 0) + (bv or Decimal(0))))
                if "s" in record or bs is not None:
                    readings.append(field + "#sum" + plain(record.get("s", 0) + (bs or Decimal(0))))
        if not readings and not reason:
            passed_over = True
            continue
        if not source:
            reason = reason or "missing_field"
        time = bt + (nanoseconds(record["t"]) if "t" in record else 0)
        if time and time < 2**28 * 10**9:
            time += ARRIVAL
        at = " @%d" % time if time else ""
        lines.append(source + at + "".join(" " + one for one in readings) + (" !" + reason if reason else ""))
    return "; ".join(lines) or ("missing_field" if passed_over else "nothing")


# Random packs.

def decimal(r):
    kind = r.random()
    if kind < 0.3:
        return Decimal(r.randint(-300, 300)) / 4
    if kind < 0.8:
        return Decimal(r.randint(-10**r.randint(1, 6), 10**6)).scaleb(-r.randint(0, 5))
    if kind < 0.95:
        return Decimal(r.randint(-10**18, 10**18)).scaleb(r.randint(-30, 30))
    value = Decimal(r.randint(1, 9)).scaleb(r.randint(-307, 307))
    return value if in_range(value) else Decimal(1)


def time(r):
    kind = r.random()
    if kind < 0.4:
        return Decimal(r.randint(-1000, 1000)) / 4
    return Decimal(r.randint(-10**12, 10**12)).scaleb(-9) if kind < 0.7 else Decimal(r.randint(-100, 100))


def random_record(r):
    record = {}
    for name, chance, value in (
            ("bn", 0.3, lambda: r.choice(["urn:dev:ow:10e2073a01080063:", "urn:dev:mac:0024befffe804ff1/", "/3303/0/", "d", "", "-x"])),
            ("bu", 0.1, lambda: r.choice(["Cel", "%RH", "W"])), ("bv", 0.08, lambda: decimal(r)), ("bs", 0.05, lambda: decimal(r)),
            ("bt", 0.15, lambda: r.choice([Decimal("1276020076.001"), Decimal(1_700_000_000), Decimal("1.5E+9"), Decimal(0), time(r)])),
            ("bver", 0.05, lambda: Decimal(r.choice([5, 10, 10, 10, 11]))), ("t", 0.5, lambda: time(r)),
            ("n", 0.8, lambda: r.choice(["voltage", "current", "5700", "a/b", "t_1", "a b", ".", ""])),
            ("u", 0.3, lambda: r.choice(["V", "A", "%EL", "lat"])), ("s", 0.1, lambda: decimal(r)),
            ("ut", 0.1, lambda: time(r)), ("x", 0.05, lambda: [Decimal(1), [True, "y_"]]), ("z_", 0.005, lambda: True)):
        if r.random() < chance:
            record[name] = value()
    kind = r.random()
    if kind < 0.75:
        record["v"] = decimal(r)
    elif kind < 0.8:
        record["vb"] = r.random() < 0.5
    elif kind < 0.85:
        record["vs"] = "Machine Room é"
    elif kind < 0.9:
        record["vd"] = "aGkgCg"
    if r.random() < 0.02:
        record["vs"] = "two values"
    pairs = list(record.items())
    if r.random() < 0.5:
        r.shuffle(pairs)
    return pairs


def main():
    r = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        pack = [random_record(r) for _ in range(r.choice([0, 1, 1, 2, 3, 5, 8]))]
        mode = r.choice(["topic", "bn"])
        print("\n".join([json_pack(pack).encode().hex(), cbor_pack(r, pack).hex(), mode, resolve(pack, mode)]))


if __name__ == "__main__":
    main()
