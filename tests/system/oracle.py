"""An independent oracle: what the windows must be, computed from the messages themselves with `fractions` and integers,
by SEMANTICS alone. It shares no line with the product. It knows streams of format `json` with fixed fields and of format
`batch` with all fields flat, and the aggregates count, sum, mean, variance, stddev, min, max, first and last.

The text it writes is the contract of `tidemark export` (INTERFACES, "Views"), made exact here:
  * first a header line with the column names; lines end with "\\n"; fields are quoted as RFC 4180 has it, only where
    they hold a comma, a quote, CR or LF;
  * rows sorted by gateway, stream, version, source, tags, field, size, start: texts by their UTF-8 bytes, numbers as
    numbers;
  * decimals in plain notation without trailing zeros, zero is "0";
  * doubles in the shortest text that reads back as the same double, in fixed or scientific notation, whichever is
    shorter, fixed if they are equally long: what std::to_chars(double) prints (0.001, 1e-05, 1e+05, 123456).
"""

import gzip
import json
import math
import re
import sqlite3
from collections import defaultdict
from fractions import Fraction

COLUMNS = ("gateway,stream,version,source,tags,field,size,start,count,sum,mean,min,max,first,first_time,last,last_time,"
           "variance,stddev")
UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
SECOND = 10**9
MINUTE = 60 * SECOND
FLOOR_2015 = 1_420_070_400 * SECOND


class Decimal(tuple):
    """(coefficient, exponent), canonical: no trailing zeros, zero is (0, 0)."""

    def __new__(cls, coefficient, exponent):
        if coefficient == 0:
            return tuple.__new__(cls, (0, 0))
        while coefficient % 10 == 0:
            coefficient //= 10
            exponent += 1
        return tuple.__new__(cls, (coefficient, exponent))

    def fraction(self):
        coefficient, exponent = self
        return Fraction(coefficient) * Fraction(10) ** exponent

    def plain(self):
        coefficient, exponent = self
        sign, digits = ("-" if coefficient < 0 else ""), str(abs(coefficient))
        if exponent >= 0:
            return sign + digits + "0" * exponent
        digits = digits.rjust(1 - exponent, "0")
        return f"{sign}{digits[:exponent]}.{digits[exponent:]}"


NUMBER = re.compile(r"(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?\Z")


def decimal_of(text):
    """Rules 1 and 2: the number as written, or None where it is not one or lies beyond the range of a double."""
    found = NUMBER.match(text)
    if not found:
        return None
    sign, whole, part, exponent = found.groups()
    value = Decimal(int(whole + (part or "")) * (-1 if sign else 1), int(exponent or 0) - len(part or ""))
    nearest = float(text)
    if math.isinf(nearest) or (nearest == 0 and value[0] != 0):
        return None
    if abs(value[0]) >= 10**18:
        # More than 18 digits: the nearest double first, then the shortest decimal that reads back as it.
        digits, power = shortest_digits(abs(nearest))
        value = Decimal(int(digits) * (-1 if nearest < 0 else 1), power - len(digits) + 1)
    return value


def shortest_digits(x):
    """The shortest digits of a positive double and the power of ten of the first of them. Python's repr is shortest."""
    mantissa, _, exponent = repr(x).partition("e")
    whole, _, part = mantissa.partition(".")
    digits = (whole + part).lstrip("0")
    power = int(exponent or 0) + (len(whole) - 1 if whole != "0" else len(digits) - len(part) - 1)
    return digits.rstrip("0") or "0", power


def shortest(x):
    """std::to_chars(x): the shorter of fixed and scientific notation of the shortest digits that read back as x."""
    if x == 0:
        return "0"
    digits, power = shortest_digits(abs(x))
    scientific = digits[0] + ("." + digits[1:] if len(digits) > 1 else "") + f"e{power:+03d}"
    if power >= len(digits) - 1:
        fixed = str(int(abs(x)))
    elif power >= 0:
        fixed = digits[:power + 1] + "." + digits[power + 1:]
    else:
        fixed = "0." + "0" * (-power - 1) + digits
    return ("-" if x < 0 else "") + (fixed if len(fixed) <= len(scientific) else scientific)


def nearest_root(square):
    """The double nearest to the root of a fraction, rounded once: 80 bits of the integer root and a bit that says
    whether anything lies below them."""
    if square == 0:
        return 0.0
    shift = max(0, 160 - (square.numerator.bit_length() - square.denominator.bit_length()))
    shift += shift % 2
    scaled, rest = divmod(square.numerator << shift, square.denominator)
    root = math.isqrt(scaled)
    sticky = 1 if rest or root * root != scaled else 0
    return float(Fraction(root * 2 + sticky, 1 << (shift // 2 + 1)))


class Window:
    """All readings of one window; nothing is computed before it is asked for."""

    __slots__ = ("points",)

    def __init__(self):
        self.points = []  # (event time, Decimal)

    def row(self):
        exponent = min(value[1] for _, value in self.points)
        whole = [value[0] * 10 ** (value[1] - exponent) for _, value in self.points]
        scale = Fraction(10) ** exponent
        count, total = len(whole), sum(whole)
        first = min((time, number) for (time, _), number in zip(self.points, whole))
        last = max((time, number) for (time, _), number in zip(self.points, whole))
        text = [str(count), Decimal(total, exponent).plain(), shortest(float(Fraction(total, count) * scale)),
                Decimal(min(whole), exponent).plain(), Decimal(max(whole), exponent).plain(),
                Decimal(first[1], exponent).plain(), str(first[0]), Decimal(last[1], exponent).plain(), str(last[0])]
        if count < 2:
            return text + ["", ""]
        numerator = count * sum(n * n for n in whole) - total * total
        variance = Fraction(numerator, count * (count - 1)) * scale * scale
        try:
            variance_text = shortest(float(variance))
        except OverflowError:
            variance_text = ""  # beyond the largest double: not applicable; its root may well be a double
        return text + [variance_text, shortest(nearest_root(variance))]


def quoted(text):
    return '"' + text.replace('"', '""') + '"' if re.search('[",\r\n]', text) else text


def tags_text(tags):
    return json.dumps(dict(sorted(tags.items(), key=lambda kv: kv[0].encode())), ensure_ascii=False,
                      separators=(",", ":"))


class Fold:
    """The fold of one gateway: windows by key, and the readings counted and dropped as exact duplicates."""

    def __init__(self, gateway="plant-7"):
        self.gateway = gateway
        self.windows = defaultdict(Window)
        self.counted = 0
        self.duplicates = 0
        self._seen = set()

    def add(self, stream, source, tags, field, size, offset, time, value, version=1, drop_duplicates=True):
        """`tags`: their canonical text. Floor division: correct below zero (rule 6)."""
        start = offset + (time - offset) // size * size
        key = (stream, version, source, tags, field, size, start)
        if drop_duplicates:
            # Rule 30. True only while the window is not sealed: the caller sees to that.
            point = (key, time, value)
            if point in self._seen:
                self.duplicates += 1
                return False
            self._seen.add(point)
        self.windows[key].points.append((time, value))
        self.counted += 1
        return True

    def csv(self):
        def order(key):
            stream, version, source, tags, field, size, start = key
            return stream.encode(), version, source.encode(), tags.encode(), field.encode(), size, start

        lines = [COLUMNS]
        for key in sorted(self.windows, key=order):
            cells = [self.gateway, *map(str, key), *self.windows[key].row()]
            lines.append(",".join(quoted(cell) for cell in cells))
        return ("\n".join(lines) + "\n").encode("utf-8")


# Messages of format json


def parsed(line):
    """The payload with every number as the text it was written in."""
    return json.loads(line, parse_float=NumberText, parse_int=NumberText, parse_constant=NumberText)


class NumberText(str):
    """A number's text; a plain str is a JSON string."""


STEP = re.compile(r'"((?:[^"\\]|\\.)*)"|\[(\d+)\]|([^.\[\]"]+)')


def at_path(value, path):
    """The value at "a.b[0].c", or None."""
    for name, index, plain in STEP.findall(path):
        if index:
            if not isinstance(value, list) or int(index) >= len(value):
                return None
            value = value[int(index)]
        else:
            if not isinstance(value, dict) or (name or plain) not in value:
                return None
            value = value[name or plain]
    return value


class JsonStream:
    """One [[stream]] of format json, as far as the tests need it. Paths as in the configuration; `fields`: {path: name}."""

    def __init__(self, name, source, time, time_format, fields, window, tags=None, each=None, offset=0):
        self.name, self.source, self.time, self.unit = name, source, time, UNITS[time_format]
        self.fields, self.window, self.tags, self.each, self.offset = fields, window, tags or {}, each, offset

    def read(self, fold, payload, variables=None):
        """Adds what one message (as `parsed`) says to the fold; returns how many readings it added."""
        added = 0
        for record in (at_path(payload, self.each) or []) if self.each else [payload]:
            def find(path):
                if path.startswith("{"):
                    return variables[path[1:-1]]
                return at_path(payload, path[2:]) if path.startswith("^.") else at_path(record, path)

            source, time = find(self.source), find(self.time)
            tags = {name: find(path) for name, path in self.tags.items()}
            if source is None or time is None or None in tags.values():
                continue
            for path, name in self.fields.items():
                found = find(path)
                if isinstance(found, bool):
                    value = Decimal(int(found), 0)
                elif isinstance(found, NumberText):
                    value = decimal_of(found)
                else:
                    value = None
                if value is not None:
                    added += fold.add(self.name, str(source), tags_text(tags), name, self.window, self.offset,
                                      int(Fraction(str(time)) * self.unit), value)
        return added


class BatchStream:
    """One [[stream]] of format batch without fields: every number and boolean of a record's values, which are flat here."""

    def __init__(self, name, window):
        self.name, self.window = name, window

    def read(self, fold, payload, source=None):
        """Adds what one message (as `parsed`) says to the fold. `source`: None for a gateway's map. Returns how many readings
        have the time of their arrival, which only the appliance knows: they are not in the fold."""
        devices = payload.items() if source is None else [(source, payload if isinstance(payload, list) else [payload])]
        arrivals = 0
        for device, records in devices:
            for record in records if isinstance(records, list) else []:
                if not isinstance(record, dict) or ("ts" in record) > ("values" in record):
                    continue
                values, time = record.get("values", record), record.get("ts")
                if not isinstance(values, dict) or (time is not None and not isinstance(time, NumberText)):
                    continue
                for name, found in values.items():
                    number = decimal_of(found) if isinstance(found, NumberText) else None
                    value = Decimal(int(found), 0) if isinstance(found, bool) else number
                    if value is None:
                        continue
                    if time is None:
                        arrivals += 1
                    else:
                        fold.add(self.name, device, "{}", name, self.window, 0, int(Fraction(str(time)) * UNITS["ms"]), value)
        return arrivals


def read_ndjson(fold, stream, path, topics=None):
    """Adds a log whose lines are the payloads (their topic at `_topic`, if `topics` names those that the stream takes)."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            payload = parsed(line)
            if topics is None or payload.get("_topic") in topics:
                stream.read(fold, payload)


# The truth of firmware-sim


def truth_rows(path, query="SELECT stream, topic, source, field, event_time, value, sequence, sent_at, fate FROM reading"):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as db:
        return db.execute(query).fetchall()


if __name__ == "__main__":
    # A few facts that the oracle itself must hold before it may judge anybody.
    assert decimal_of("0.10") == (1, -1) and decimal_of("-0") == (0, 0) and decimal_of("12e2").plain() == "1200"
    assert decimal_of("1e400") is None and decimal_of("1e-400") is None and decimal_of("01") is None
    assert decimal_of("1234567890123456789012345678901234567890").plain() == "1234567890123456800000000000000000000000"
    assert [shortest(x) for x in (0.001, 1e-5, 1e5, 123456.0, -2.5)] == ["0.001", "1e-05", "1e+05", "123456", "-2.5"]
    assert nearest_root(Fraction(2)) == math.sqrt(2) and nearest_root(Fraction(1, 4)) == 0.5
    assert (-1) // 10 * 10 == -10
    print("the oracle's own facts hold")
