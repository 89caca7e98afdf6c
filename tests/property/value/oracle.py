#!/usr/bin/env python3
"""Random decimals and windows with what exact arithmetic says of them.

The independent half of the property tests of edge/value and edge/aggregate: Python's own integers, `fractions` and
`float`, nothing of the product. Prints one case a line, fields apart by tabs.

usage: oracle.py KIND COUNT SEED
  parse     text, then: ok coefficient exponent inexact hex-double plain-text | malformed | nonfinite | out_of_range
  doubles   hex-double coefficient exponent (shortest decimal that reads back)
  order     coefficient exponent coefficient exponent sign
  sums      numbers, sum, sum of squares (as coefficient exponent, canonical)
  quotients numerator exponent denominator quotient root (hex doubles)
  windows   "time coefficient exponent" of each reading, then count, sum, numerator, mean, variance, stddev (hex double or
            null), min, max, range, first_time, first, last_time, last
"""

import math
import random
import re
import struct
import sys
from fractions import Fraction

LEAST, GREATEST = -341, 308
GRAMMAR = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
NONFINITE = re.compile(r"-?(?:nan|inf|infinity)", re.IGNORECASE)
LARGEST = Fraction(sys.float_info.max)


def nearest(value: Fraction) -> float:
    """The nearest double, ties to even. CPython divides integers with one rounding."""
    try:
        return value.numerator / value.denominator
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def nearest_root(value: Fraction) -> float:
    """The double nearest to the root: a candidate, then its neighbours, decided by exact squares of the middles."""
    if value == 0:
        return 0.0
    # 2^1200 times the value is an integer with far more bits than needed, whatever the exponent.
    candidate = nearest(Fraction(math.isqrt((value.numerator << 4800) // value.denominator), 1 << 2400))
    if math.isinf(candidate):
        if value >= (LARGEST + Fraction(2) ** 970) ** 2:
            return math.inf
        candidate = sys.float_info.max
    while True:
        above, below = math.nextafter(candidate, math.inf), math.nextafter(candidate, 0.0)
        up = ((Fraction(candidate) + Fraction(above)) / 2) ** 2 if math.isfinite(above) else None
        down = ((Fraction(candidate) + Fraction(below)) / 2) ** 2
        even = struct.unpack("<Q", struct.pack("<d", candidate))[0] % 2 == 0
        if up is not None and (value > up or (value == up and not even)):
            candidate = above
        elif candidate > 0 and (value < down or (value == down and not even)):
            candidate = below
        else:
            return candidate


def canonical(value: Fraction) -> tuple[int, int]:
    """As coefficient and exponent without trailing zeros. The value must be a decimal."""
    if value == 0:
        return 0, 0
    denominator, places = value.denominator, 0
    while denominator % 10 == 0:
        denominator //= 10
        places += 1
    while denominator % 2 == 0:
        denominator //= 2
        places += 1
    twos_done = denominator
    while twos_done % 5 == 0:
        twos_done //= 5
        places += 1
    assert twos_done == 1
    coefficient, exponent = int(value * 10**places), -places
    while coefficient % 10 == 0:
        coefficient //= 10
        exponent += 1
    return coefficient, exponent


def exact(coefficient: int, exponent: int) -> Fraction:
    return Fraction(coefficient) * Fraction(10) ** exponent


def plain(coefficient: int, exponent: int) -> str:
    sign, digits = ("-" if coefficient < 0 else ""), str(abs(coefficient))
    if exponent >= 0:
        return sign + digits + "0" * exponent
    digits = digits.rjust(1 - exponent, "0")
    return sign + digits[:exponent] + "." + digits[exponent:]


def shortest(value: float) -> tuple[int, int]:
    mantissa, _, power = repr(value).partition("e")
    whole, _, places = mantissa.partition(".")
    return canonical(exact(int(whole + places), int(power or 0) - len(places)))


def pair(value: tuple[int, int]) -> str:
    return f"{value[0]} {value[1]}"


def random_double() -> float:
    while True:
        value = struct.unpack("<d", random.randbytes(8))[0]
        if math.isfinite(value):
            return value


def in_range(value: Fraction) -> bool:
    return value == 0 or (nearest(value) != 0 and math.isfinite(nearest(value)))


def random_number() -> str:
    """A number's text: mostly what sensors send, some of everything else."""
    kind = random.random()
    if kind < 0.35:
        return f"{random.gauss(20, 30):.{random.randint(0, 3)}f}"
    if kind < 0.5:
        return repr(random.gauss(0, 10 ** random.randint(-6, 9)))
    if kind < 0.6:
        return repr(random_double())
    if kind < 0.7:
        return str(random.randint(-(10**18) + 1, 10**18 - 1))
    sign = random.choice(["", "-"])
    whole = random.choice(["0", str(random.randint(1, 10 ** random.randint(1, 25)))])
    if random.random() < 0.3 and whole != "0":
        whole += "0" * random.randint(0, 30)
    places = ""
    if random.random() < 0.7:
        places = "." + "0" * random.choice([0, 0, 1, 30]) + str(random.randint(0, 10 ** random.randint(1, 25)))
        places += "0" * random.choice([0, 0, 3])
    power = ""
    if random.random() < 0.6:
        power = random.choice("eE") + random.choice(["", "+", "-"]) + str(
            random.choice([random.randint(0, 30), random.randint(270, 350), random.randint(0, 10**6)]))
    return sign + whole + places + power


def half_way() -> str:
    """The middle between two doubles, or next to it, in as many digits as it takes, or rounded to 17 to 18."""
    value = abs(random_double())
    above = math.nextafter(value, math.inf)
    middle = (Fraction(value) + (Fraction(above) if math.isfinite(above) else LARGEST + Fraction(2) ** 970)) / 2
    coefficient, exponent = canonical(middle)
    digits = str(coefficient)
    cut = random.choice([17, 18, 19, 20, len(digits)])
    return f"{digits[:cut] or '0'}{random.choice(['', '', '1']) if cut >= len(digits) else ''}e{exponent + max(0, len(digits) - cut)}"


def mutated(text: str) -> str:
    at = random.randint(0, len(text))
    kind = random.random()
    if kind < 0.5:
        return text[:at] + random.choice("0123456789+-.eE xnai,_") + text[at:]
    if kind < 0.8:
        return text[:at] + text[at + 1:]
    return random.choice(["nan", "NaN", "inf", "-Infinity", "INFINITY", "-inf", "nanx", "in", "-", "Infinity1"])


def parse_case() -> str:
    text = half_way() if random.random() < 0.1 else random_number()
    if random.random() < 0.25:
        text = mutated(text)
    return text + "\t" + outcome(text)


def outcome(text: str) -> str:
    if not GRAMMAR.fullmatch(text):
        return "nonfinite" if NONFINITE.fullmatch(text) else "malformed"
    mantissa, _, power = text.lower().partition("e")
    whole, _, places = mantissa.partition(".")
    significant = (whole.lstrip("-") + places).strip("0")
    if not significant:
        return "ok 0 0 0 0x0.0p+0 0"
    order = int(power or 0) - len(places)
    if abs(order) > 2000:
        return "out_of_range"
    value = exact(int(whole + places), order) if whole != "-0" else -exact(int("0" + places), order)
    if not in_range(value):
        return "out_of_range"
    inexact = len(significant) > 18
    number = shortest(nearest(value)) if inexact else canonical(value)
    return f"ok {pair(number)} {int(inexact)} {nearest(exact(*number)).hex()} {plain(*number)}"


def random_decimal(spread: str) -> tuple[int, int]:
    if spread == "sensor":
        return canonical(exact(random.randint(-5000, 30000), -2))
    if spread == "float":
        value = struct.unpack("<f", struct.pack("<f", random.gauss(20, 5)))[0]
        return shortest(value)
    if spread == "large":
        return canonical(Fraction(random.randint(-(10**18) + 1, 10**18 - 1)))
    if spread == "near":
        return canonical(exact(10**17 + random.randint(0, 3), -17))
    while True:
        number = canonical(exact(random.randint(-(10**random.randint(1, 18)), 10**random.randint(1, 18) - 1),
                                 random.randint(LEAST, GREATEST)))
        if LEAST <= number[1] <= GREATEST and in_range(exact(*number)):
            return number


SPREADS = ["sensor", "sensor", "float", "large", "near", "any"]


def doubles_case() -> str:
    value = random_double() if random.random() < 0.7 else random.gauss(0, 100)
    return f"{value.hex()}\t{pair(shortest(value))}"


def order_case() -> str:
    spread = random.choice(SPREADS)
    a = random_decimal(spread)
    b = random_decimal(spread) if random.random() < 0.5 else canonical(exact(*a) + exact(random.randint(-1, 1), max(LEAST, a[1] - 1)))
    if abs(b[0]) >= 10**18 or not LEAST <= b[1] <= GREATEST:
        b = a
    left, right = exact(*a), exact(*b)
    return f"{pair(a)} {pair(b)}\t{(left > right) - (left < right)}"


def random_count() -> int:
    return random.choice([1, 2, 3, 10, random.randint(1, 60)])


def sums_case() -> str:
    spread = random.choice(SPREADS)
    numbers = [random_decimal(spread) for _ in range(random_count())]
    values = [exact(*number) for number in numbers]
    return "\t".join([" ".join(map(pair, numbers)), pair(canonical(sum(values, Fraction(0)))),
                      pair(canonical(sum((value * value for value in values), Fraction(0))))])


def quotients_case() -> str:
    bits = random.choice([1, 8, 53, 54, 64, 110, 300, 1200])
    numerator = random.getrandbits(bits)
    denominator = random.choice([1, 2, 10, 90, random.randint(1, 10**6), random.getrandbits(80) + 1])
    exponent = random.choice([0, -2, -4, random.randint(-20, 20), random.randint(-700, 320)])
    if random.random() < 0.2:
        # An exact root, or one next to it; a tie between two doubles.
        root = random.getrandbits(random.choice([10, 53, 54])) + 1
        denominator, exponent = random.choice([1, 1, 90, 10**9, 10**30]), 2 * random.randint(-3, 3)
        numerator = root * root * denominator + random.choice([0, 0, -1, 1])
    value = Fraction(numerator, denominator) * Fraction(10) ** exponent
    return f"{numerator} {exponent} {denominator}\t{nearest(value).hex()}\t{nearest_root(value).hex()}"


def windows_case() -> str:
    spread = random.choice(SPREADS)
    start = random.choice([0, -10**18, 1_700_000_000_000_000_000, random.randint(-(6 * 10**18), 6 * 10**18)])
    step = random.choice([1, 10**3, 10**6, 10**9])
    readings = [(start + step * random.randint(0, 20), random_decimal(spread)) for _ in range(random_count())]
    if random.random() < 0.1:
        readings = [(time, readings[0][1]) for time, _ in readings]
    count = len(readings)
    values = [exact(*number) for _, number in readings]
    total, squares = sum(values, Fraction(0)), sum((value * value for value in values), Fraction(0))
    numerator = count * squares - total * total
    ordered = sorted((time, exact(*number)) for time, number in readings)
    fields = [" ".join(f"{time} {pair(number)}" for time, number in readings), count, plain(*canonical(total)),
              plain(*canonical(numerator)), nearest(total / count).hex()]
    variance, deviation = "null", "null"
    if count > 1:
        rounded = nearest(numerator / (count * (count - 1)))
        variance = rounded.hex() if math.isfinite(rounded) else "null"
        deviation = nearest_root(numerator / (count * (count - 1))).hex()
    fields += [variance, deviation]
    fields += [plain(*canonical(value)) for value in (min(values), max(values), max(values) - min(values))]
    for time, value in (ordered[0], ordered[-1]):
        fields += [time, plain(*canonical(value))]
    return "\t".join(map(str, fields))


def main() -> None:
    kind, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    random.seed(seed)
    cases = {"parse": parse_case, "doubles": doubles_case, "order": order_case, "sums": sums_case,
             "quotients": quotients_case, "windows": windows_case}
    for _ in range(count):
        print(cases[kind]())


if __name__ == "__main__":
    main()
