#!/usr/bin/env python3
"""Random JSON documents, broken and whole, and what a decoder must find in them: json_cases.py SEED COUNT.

Independent of the product: Python's own json module says whether a document is valid and what it holds, the decimal
module what its numbers are. A case is three lines: the payload in hex; the plan ("all", "each PATH", or "want PATH..." with
the paths in hex; a PATH of `each` may go into arrays by []); and what is expected. Readings are written `name:value` with the name in hex, or the number of the wanted
path; values are in plain notation.
"""
import json
import random
import re
import sys
from decimal import Decimal, InvalidOperation

DEPTH = 32


class Nonfinite:
    def __init__(self, text):
        self.text = text


class Number:
    def __init__(self, text):
        self.text = text

    def plain(self):
        """SEMANTICS, rules 1 and 2."""
        if not any(c in "123456789" for c in self.text.lower().split("e")[0]):
            return "0"
        try:
            value = Decimal(self.text)
        except InvalidOperation:  # an exponent that even decimal cannot hold
            return "!out_of_range"
        nearest = float(self.text)
        if nearest == 0 or nearest in (float("inf"), float("-inf")):
            return "!out_of_range"
        flag = ""
        if len(value.as_tuple().digits) - trailing_zeros(value) > 18:
            value, flag = Decimal(repr(nearest)), "~"
        text = format(value, "f")
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return text + flag


def trailing_zeros(value):
    digits = "".join(map(str, value.as_tuple().digits))
    return len(digits) - len(digits.rstrip("0"))


class Object(list):
    """Pairs, so that equal keys are seen; `last` is what they mean."""

    def last(self):
        return dict(self)


def random_key(r):
    if r.random() < 0.8:
        return r.choice(["a", "b", "c", "ts", "temperature", "x"])
    return r.choice(["", "a.b", "k[0]", 'say "hi"', "back\\slash", "é", "😀", "{v}", "^", "\t", "key with spaces", "key" * 100])


def random_number(r):
    kind = r.random()
    if kind < 0.4:
        return str(r.randint(-1000, 1000))
    if kind < 0.7:
        return "%d.%0*d" % (r.randint(-100, 100), r.randint(1, 6), r.randint(0, 9))
    if kind < 0.8:
        return "%d%s%s%d" % (r.randint(-99, 99), r.choice("eE"), r.choice(["", "+", "-"]), r.randint(0, 330))
    digits = "".join(r.choice("0123456789") for _ in range(r.randint(1, 45)))
    whole = digits.lstrip("0") or "0"
    return r.choice(["", "-"]) + whole + r.choice(["", "." + digits, "e%d" % r.randint(-60, 60)])


def random_text(r):
    return "".join(r.choice(["a", " ", "é", "😀", '"', "\\", "/", "\n", "\x00", "\x7f", "1"]) for _ in range(r.randint(0, 8)))


def written_string(r, text):
    escaped = json.dumps(text, ensure_ascii=r.random() < 0.5)
    return escaped.replace("/", "\\/") if r.random() < 0.2 else escaped


def space(r):
    return r.choice(["", "", "", " ", "\n", "\t \r"])


def written(r, depth, kind=None):
    """A random value as JSON text. `kind` below 0.5: an object or array."""
    kind = r.random() if kind is None else kind
    if depth > 0 and kind < 0.35:
        members = [space(r) + written_string(r, random_key(r)) + space(r) + ":" + space(r) + written(r, depth - 1) + space(r)
                   for _ in range(r.choice([0, 1, 2, 3, 4] if r.random() < 0.95 else [20]))]
        return "{" + (",".join(members) or space(r)) + "}"
    if depth > 0 and kind < 0.5:
        items = [space(r) + written(r, depth - 1) + space(r) for _ in range(r.randint(0, 4))]
        return "[" + (",".join(items) or space(r)) + "]"
    if kind < 0.75:
        return random_number(r)
    if kind < 0.85:
        return written_string(r, random_text(r))
    return r.choice(["true", "false", "null", "NaN", "Infinity", "-Infinity"])


def broken(r, payload):
    """One or two small changes somewhere, as a bad line or a bad hand makes them."""
    data = bytearray(payload)
    for _ in range(r.randint(1, 2)):
        at = r.randrange(len(data) + 1)
        change = r.random()
        if change < 0.3 and data:
            del data[min(at, len(data) - 1)]
        elif change < 0.6:
            data[at:at] = r.choice([b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b"0", b"-", b"e", b".", b" ", b"\x00", b"\xff",
                                    b"\xc3\xa9", b"\xed\xa0\x80", b"\\ud800", b"\\u0041", b"n", b"\n", b"null", b"//"])
        elif change < 0.8 and data:
            data[min(at, len(data) - 1)] = r.randrange(256)
        else:
            del data[at:]
    return bytes(data)


def depth_of(value):
    if isinstance(value, Object):
        return 1 + max((depth_of(v) for _, v in value), default=0)
    if isinstance(value, list):
        return 1 + max((depth_of(v) for v in value), default=0)
    return 0


def has_lone_surrogate(text):
    return any(0xD800 <= ord(c) < 0xE000 for c in text)


def bad_key(value):
    if isinstance(value, Object):
        return any(has_lone_surrogate(k) or bad_key(v) for k, v in value)
    return isinstance(value, list) and any(bad_key(v) for v in value)


def parse(payload):
    """The document, or None if it is not valid."""
    try:
        value = json.loads(payload.decode("utf-8"), object_pairs_hook=Object, parse_int=Number, parse_float=Number,
                           parse_constant=Nonfinite)
    except (ValueError, RecursionError):
        return None, False
    return value, not bad_key(value)


def quoted(key):
    if key and not any(c in '.[]{}^"\\' for c in key):
        return key
    return '"' + key.replace("\\", "\\\\").replace('"', '\\"') + '"'


def shown(value):
    if isinstance(value, Nonfinite):
        return "!nonfinite"
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Number):
        return value.plain()
    return "!wrong_type"


def readings(value, path):
    if isinstance(value, Object):
        result = []
        # In the order in which the last of equal keys stand.
        members = {}
        for key, member in value:
            members.pop(key, None)
            members[key] = member
        for key, member in members.items():
            result += readings(member, path + ("." if path else "") + quoted(key))
        return result
    if isinstance(value, list):
        return [found for i, item in enumerate(value) for found in readings(item, "%s[%d]" % (path, i))]
    if value is None or isinstance(value, str):
        return []
    name = path.encode("utf-8")
    if len(name) > 256 or any(c < 0x20 for c in name):
        return [":!malformed"]
    return [name.hex() + ":" + shown(value)]


def at(value, steps):
    """What a path leads to, or None."""
    for step in steps:
        if isinstance(value, Object) and isinstance(step, str):
            value = value.last().get(step)
        elif isinstance(value, list) and not isinstance(value, Object) and isinstance(step, int):
            value = value[step] if step < len(value) else None
        else:
            return None
    return value


EVERY = None  # a step into every element of an array


def path_text(steps):
    text = ""
    for step in steps:
        text += "[]" if step is EVERY else "[%d]" % step if isinstance(step, int) else ("." if text else "") + quoted(step)
    return text


def random_steps(r, value):
    """A path to something that is there, or nearly."""
    steps = []
    while r.random() < 0.8:
        if isinstance(value, Object) and value:
            key, value = r.choice(value)
            steps.append(key)
        elif isinstance(value, list) and not isinstance(value, Object) and value:
            i = r.randrange(len(value))
            steps.append(i)
            value = value[i]
        else:
            break
    if not steps or r.random() < 0.1:
        steps.append(r.choice(["a", "b", 0, 1]))
    return steps


def record(value, wanted):
    """The one record of `value`, all readings or the wanted ones."""
    if not isinstance(value, list):
        return "!wrong_type"
    if wanted is None:
        found = readings(value, "")
    else:
        found = [str(i) + ":" + shown(leaf) for i, steps in enumerate(wanted) if (leaf := at(value, steps)) is not None]
    return " ".join(found) if found else "!missing_field"


def random_levels(r, value):
    """A path of `each` that goes into arrays wherever it meets some, more often than not."""
    steps = random_steps(r, value)
    for _ in range(r.choice([0, 1, 1, 2])):
        found = at(value, [0 if step is EVERY else step for step in steps])
        element = found[0] if isinstance(found, list) and not isinstance(found, Object) and found else None
        steps += [EVERY] + (random_steps(r, element) if element is not None or r.random() < 0.5 else ["a"])
    return steps


def records(value, steps):
    """What the elements are to which `each` leads inside of one element, or of the message."""
    inner = steps.index(EVERY) if EVERY in steps else len(steps)
    found = at(value, steps[:inner])
    if found is None:
        return ["!missing_field"]
    if not isinstance(found, list):
        return ["!wrong_type"]
    elements = [found] if isinstance(found, Object) else found
    if inner == len(steps):
        return [record(element, None) for element in elements]
    return [one for element in elements
            for one in (records(element, steps[inner + 1:]) if isinstance(element, list) else ["!wrong_type"])]


def other_nonfinite(payload):
    """Names of numbers that are not finite which the product reads (C's printf writes them) and Python does not."""
    names = re.findall(rb"(?i)-?\b(?:nan|inf(?:inity)?)\b", payload)
    return any(name not in (b"NaN", b"Infinity", b"-Infinity") for name in names)


def case(r):
    text = written(r, r.choice([1, 2, 3, 4]), r.random() * 0.52)
    if r.random() < 0.1:
        for _ in range(r.randint(26, 34)):
            text = r.choice(["[%s]", '{"a":%s}', '{"b":1,"a":%s}']) % text
    payload = text.encode("utf-8")
    whole, _ = parse(payload)
    if r.random() < 0.4:
        payload = broken(r, payload)
    if other_nonfinite(payload):
        return case(r)
    value, good = parse(payload)
    plan, wanted, each = "all", None, None
    if whole is not None and isinstance(whole, list):
        if r.random() < 0.5:
            wanted = [random_steps(r, whole) for _ in range(r.randint(1, 6))]
        elif r.random() < 0.5:
            each = random_levels(r, whole)
    if wanted is not None:
        plan = "want " + " ".join(path_text(steps).encode("utf-8").hex() for steps in wanted)
    if each is not None:
        plan = "each " + path_text(each).encode("utf-8").hex()
    if not good:
        expected = "malformed or too_deep"
    elif depth_of(value) > DEPTH:
        expected = "too_deep"
    elif each is None:
        expected = record(value, wanted)
    else:
        inner = each.index(EVERY) if EVERY in each else len(each)
        found = at(value, each[:inner])
        if found is None or not isinstance(found, list):
            expected = "message " + records(value, each)[0][1:]
        else:
            expected = "; ".join(records(value, each)) or "nothing"
    print("\n".join([payload.hex(), plan, expected]))


def main():
    sys.setrecursionlimit(10_000)
    r = random.Random(int(sys.argv[1]))
    for _ in range(int(sys.argv[2])):
        case(r)


if __name__ == "__main__":
    main()
