#!/usr/bin/env python3
"""Random lines of line protocol, whole and broken, and what a decoder must find in them: line_protocol_cases.py SEED COUNT.

Independent of the product: a line is made from its content by InfluxData's rules of writing, so what must be found is what
went in; the decimal module says what numbers are. A case is two lines: the payload in hex, and what is expected of its
records: their tags and readings with all texts in hex, "!malformed" for a broken line, "nothing" where there is no line.
"""
import random
import sys
from decimal import Decimal

# Letters that mean something somewhere, and some that do not.
LETTERS = 'abcXYZ019_-."=, \\#{}[]^/:%Äß℃😀'


def name(r):
    while True:
        text = "".join(r.choice(LETTERS) for _ in range(r.randint(1, 9)))
        # A backslash at the end would escape what follows; a line that begins with # is a comment, with a space is led in.
        if not text.endswith("\\") and text[0] not in "# ":
            return text


def escaped(text, special):
    return "".join("\\" + c if c in special else c for c in text)


def as_key(text):
    """A step of a path, quoted where it needs to be."""
    if not any(c in '.[]{}^"\\' for c in text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def plain(value):
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "0", "") else text


def decimal_text(r):
    digits = lambda low, high: "".join(r.choice("0123456789") for _ in range(r.randint(low, high)))
    whole, part = digits(0, 5), digits(0, 5)
    text = r.choice(["", "-"]) + (whole or ("" if part else "0"))
    if part or r.random() < 0.2:
        text += "." + part
    if r.random() < 0.3:
        text += r.choice("eE") + r.choice(["", "+", "-"]) + str(r.randint(0, 12))
    return text


def value(r):
    """(text, what a reading of it is; None: no reading)."""
    kind = r.randrange(8)
    if kind == 0:
        text = r.choice(["t", "T", "true", "True", "TRUE"])
        return text, "1"
    if kind == 1:
        return r.choice(["f", "F", "false", "False", "FALSE"]), "0"
    if kind == 2:
        content = "".join(r.choice(LETTERS + "\n\r\t") for _ in range(r.randint(0, 12)))
        return '"' + content.replace("\\", "\\\\").replace('"', '\\"') + '"', None
    if kind == 3:
        number = r.choice([r.randint(-100, 100), r.randint(-(10**18), 10**18), r.choice([-(2**63), 2**63 - 1])])
        return f"{number}i", integer(number)
    if kind == 4:
        number = r.choice([r.randint(0, 100), r.randint(0, 10**18), 2**64 - 1])
        return f"{number}u", integer(number)
    if kind == 5:
        number = r.choice([2**63, -(2**63) - 1, 10**30])
        return r.choice([(f"{number}i", "!out_of_range"), (f"{abs(number) * 4}u", "!out_of_range"),
                         ("1e999", "!out_of_range"), ("-1e-999", "!out_of_range"), ("NaN", "!nonfinite")])
    text = decimal_text(r)
    return text, plain(Decimal(text))


def integer(number):
    significant = str(abs(number)).rstrip("0")
    if len(significant) <= 18:
        return str(number)
    return plain(Decimal(repr(float(number)))) + "~"


def hexed(text):
    return text.encode().hex()


def whole_line(r):
    """(text, record or None where it has no reading)."""
    measurement = name(r)
    tags = {name(r): name(r) for _ in range(r.choice([0, 0, 1, 2, 5]))}
    fields = [(name(r), *value(r)) for _ in range(r.choice([1, 1, 2, 3, 20]))]
    text = escaped(measurement, ", ")
    for key, content in tags.items():
        text += "," + escaped(key, ",= ") + "=" + escaped(content, ",= ")
    text += " " * r.choice([1, 1, 1, 3]) + ",".join(escaped(key, ",= ") + "=" + shown for key, shown, _ in fields)
    record = ",".join(hexed(key) + "=" + hexed(content)
                      for key, content in sorted(tags.items(), key=lambda tag: tag[0].encode()))
    if r.random() < 0.7:
        time = r.randint(-(10**18), 10**18)
        text += " " * r.choice([1, 2]) + str(time)
        record += f"@{time}"
    last = {key: place for place, (key, _, _) in enumerate(fields)}
    readings = [(key, found) for place, (key, _, found) in enumerate(fields)
                if last[key] == place and found is not None]
    for key, found in readings:
        record += f" {hexed(as_key(measurement) + '.' + as_key(key))}:{found}"
    return text, record if readings else None


def broken_line(r):
    """Whole but for one thing, and without quotes, so that it ends where it seems to."""
    m, k, v = (f"{r.choice('mnq')}{r.randint(0, 9)}" for _ in range(3))
    return r.choice([
        m, f"{m} {k}", f"{m} {k}=", f"{m}, {k}=1", f"{m},{k} {v}=1", f"{m},{k}= {v}=1", f"{m},={k} {v}=1", f" ,{k}=1",
        f"{m} ={v}", f"{m} {k}=1,", f"{m} {k}=1 {v}", f"{m} {k}=1 12x", f"{m} {k}=1 1.5", f"{m} {k}=1 2 3", f"{m} {k}=+1",
        f"{m} {k}=1..2", f"{m} {k}=1e", f"{m} {k}=0x1", f"{m} {k}=1.5i", f"{m} {k}=-1u", f"{m} {k}=yes", f"{m} {k}=tr",
        f"{m},{k}=1,{k}=2 {v}=1", f"{m}\t{k}=1", f"{m},{k}=\x01 {v}=1", f"{m} {k}=1\r2", f"{m} {k}==1", f"{m},{k}=a=b {v}=1",
    ]) + r.choice(["", "", "\r"])


def case(r):
    lines, expected, strings_only = [], [], False
    for _ in range(r.choice([1, 1, 2, 3, 8])):
        kind = r.random()
        if kind < 0.7:
            text, record = whole_line(r)
            lines.append(" " * r.choice([0, 0, 0, 2]) + text + r.choice(["", "", " ", "\r"]))
            if record is not None:
                expected.append(record)
            strings_only = strings_only or record is None
        elif kind < 0.85:
            lines.append(broken_line(r))
            expected.append("!malformed")
        else:
            lines.append(r.choice(["", "\r", "   ", "#", "# m f=1", "  #\"\x01,"]))
    payload = "\n".join(lines) + r.choice(["", "\n", "\n\n"])
    if not expected:
        expected = ["missing_field" if strings_only else "nothing"]
    return payload, "; ".join(expected)


def main():
    r = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        payload, expected = case(r)
        sys.stdout.write(payload.encode().hex() + "\n" + expected + "\n")


main()
