#!/usr/bin/env python3
"""Folds the log of Tidemark gateways and prints the canonical export: byte for byte what `tidemark export` prints.

    reader.py SOURCE [NAME=VALUE ...]

    http://HOST:PORT       the log of a running appliance; token=TEXT if it asks for one
    kafka:BROKERS/TOPIC    all partitions, up to where they end now; NAME=VALUE are settings of librdkafka
    PATH                   a file with what GET /log answered

The export goes to standard output, what was met on the way to standard error. Exit status: 0 all is well; 1 the
export is of an incomplete or altered log (what is parked at a gateway is missing, too); 2 nothing can be said. Written
from docs/formats/{event,export}.md alone.
"""

import collections
import hashlib
import math
import re
import sys
import urllib.request
from decimal import Context, Decimal, Inexact, InvalidOperation, setcontext
from fractions import Fraction
from typing import NamedTuple

from flatbuffers.number_types import Uint32Flags
from tidemark.log.Body import Body
from tidemark.log.Event import Event
from tidemark.log.Tombstone import Tombstone
from tidemark.log.WindowBatch import WindowBatch

HEADER = ("gateway,stream,version,source,tags,field,size,start,count,sum,mean,min,max,first,first_time,last,last_time,"
          "variance,stddev")
DELTA = 3
FIRST_COLUMN, COLUMNS = 9, 14  # in PaneGroup: origin to last_time
SUM, SQUARES, EXTREMES, ENDPOINTS, KNOWN = 1, 2, 4, 8, 15
# Decimals here are exact: room for every sum of decimals, and an exception should it ever not suffice.
setcontext(Context(prec=5000, Emin=-10**6, Emax=10**6, traps=[Inexact, InvalidOperation]))
MAX_EVENT, MAX_PANES, MAX_TEXT, MAX_INTEGER = 16 << 20, 65_536, 4096, 640


class Damaged(Exception):
    """The event cannot be what a gateway wrote."""


class Newer(Exception):
    """The event is of a later version, and this reader must not guess what it means."""


def require(condition, what):
    if not condition:
        raise Damaged(what)


# --- Where records come from: each source yields (where it stood, its bytes) ---


def frames(stream):
    """Of GET /log: position and size, little-endian, then the event."""
    while head := stream.read(12):
        position, size = int.from_bytes(head[:8], "little"), int.from_bytes(head[8:], "little")
        if len(head) < 12 or size > MAX_EVENT or len(record := stream.read(size)) < size:
            raise EOFError(f"the log breaks off, or is none, after position {position}")
        yield position, record


def http(url, settings):
    token = settings.get("token")
    request = urllib.request.Request(url.rstrip("/") + "/log?from=1",
                                     headers={"Authorization": f"Bearer {token}"} if token else {})
    with urllib.request.urlopen(request, timeout=60) as answer:
        yield from frames(answer)


def kafka(brokers, topic, settings):
    from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
    # Of the group only a name is used: what was read is what is printed, and nothing is committed.
    consumer = Consumer({"group.id": "tidemark-reader", "log_level": 2, **settings, "bootstrap.servers": brokers,
                         "enable.auto.commit": False, "enable.partition.eof": True})
    try:
        found = consumer.list_topics(topic, timeout=30).topics[topic]
        if found.error:
            raise OSError(f"{topic}: {found.error}")
        unread = set(found.partitions)
        consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in unread])
        while unread:
            message = consumer.poll(30)
            if message is None:
                raise EOFError("nothing came from Kafka for 30 s")
            if not message.error():
                yield f"{message.partition()}:{message.offset()}", message.value() or b""
            elif message.error().code() == KafkaError._PARTITION_EOF:
                unread.discard(message.partition())
            else:
                raise OSError(f"{topic}: {message.error()}")
    except KafkaException as why:
        raise OSError(f"{topic}: {why.args[0].str()}") from None
    finally:
        consumer.close()


def records(source, settings):
    if source.startswith("kafka:"):
        brokers, _, topic = source[len("kafka:"):].rpartition("/")
        yield from kafka(brokers, topic, settings)
    elif re.match("https?://", source):
        yield from http(source, settings)
    else:
        with open(source, "rb") as file:
            yield from frames(file)


# --- Columns: from bytes to one integer a pane ---


def varint(data, at):
    value = shift = 0
    while shift <= 8 * MAX_INTEGER:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise Damaged("a number without an end")


def column(data, panes):
    if not data:
        return [0] * panes
    width, at = varint(data, 0)
    length, at = varint(data, at)
    require(width <= MAX_INTEGER and length <= MAX_INTEGER, "a column with too large numbers")
    base = int.from_bytes(data[at:at + length], "little", signed=True)
    scale, at = varint(data, at + length)
    require(scale >= 1 and len(data) == at + width * panes, "a column of another length")
    if width == 0:
        return [base] * panes
    planes = [data[at + k * panes:at + (k + 1) * panes] for k in range(width)]
    return [base + scale * int.from_bytes(bytes(offset), "little") for offset in zip(*planes)]


# --- What flatc's code leaves out: byte vectors without numpy, and lengths held against the end of the bytes ---


def sized(tab, at):
    """The bytes of the string or byte vector to which the offset at `at` points."""
    at = tab.Indirect(at)
    length = tab.Get(Uint32Flags, at)
    require(0 <= at <= len(tab.Bytes) - 4 - length, "a vector beyond the end")
    return tab.Bytes[at + 4:at + 4 + length]


def vector(table, field):
    """The bytes of field number `field`, the first being 0; none if it is absent."""
    at = table._tab.Offset(4 + 2 * field)
    return sized(table._tab, table._tab.Pos + at) if at else b""


def vectors(table, field):
    """The same of a vector of strings."""
    at = table._tab.Offset(4 + 2 * field)
    require(at and table._tab.VectorLen(at) <= MAX_PANES, "a dictionary that cannot be")
    return [sized(table._tab, table._tab.Vector(at) + 4 * i) for i in range(table._tab.VectorLen(at))]


def text(value):
    require(len(value) <= MAX_TEXT, "a text that is too long")
    return value.decode()


# --- Panes: what a window holds, and how two parts of it are merged ---


class State(NamedTuple):
    components: int
    count: int
    sum: Decimal
    squares: Decimal
    least: Decimal
    most: Decimal
    first: tuple  # time, value: compared in this order
    last: tuple

    def merge(self, other):
        require(self.components == other.components, "panes of one window with different components")
        return State(self.components, self.count + other.count, self.sum + other.sum, self.squares + other.squares,
                     min(self.least, other.least), max(self.most, other.most),
                     min(self.first, other.first), max(self.last, other.last))


def panes(group, origins):
    """Yields (series, start, revision, State). A series: stream, version, source, tags, field, size."""
    number, size, exponent, components = group.Panes(), group.Size(), group.Exponent(), group.Components()
    if components > KNOWN or group.Kind() > 2:
        raise Newer(f"components {components:#x}, field kind {group.Kind()}")
    require(1 <= number <= MAX_PANES and size >= 1 and -341 <= exponent <= 308, "a group that cannot be")
    stream, field = text(vector(group, 0)), text(vector(group, 2))
    series = [(stream, group.Version(), source, tags, field, size) for source, tags in origins]
    for (origin, start, revision, kind, _, count, total, variance, least, most, first, last, first_time,
         last_time) in zip(*(column(vector(group, FIRST_COLUMN + i), number) for i in range(COLUMNS))):
        if kind > DELTA:
            raise Newer(f"pane kind {kind}")
        require(0 <= origin < len(series) and count >= 1 and revision >= 0 and (kind == DELTA) == (revision == 0),
                "a pane that cannot be")
        # What is not kept has no part in the formulas.
        least, most = (least, least + most) if components & EXTREMES else (0, 0)
        total = total + count * least if components & SUM else 0
        squares, rest = divmod(variance + total * total, count) if components & SQUARES else (0, 0)
        first, last = first + least, most - last if components & EXTREMES else last
        if not components & ENDPOINTS:
            first = last = first_time = last_time = 0
        require(least <= most and rest == 0 and (not components & SQUARES or variance >= 0) and
                0 <= first_time <= first_time + last_time < size, "a pane that no window has")
        if components & EXTREMES:
            require((not components & SUM or count * least <= total <= count * most) and
                    (not components & ENDPOINTS or least <= first <= most and least <= last <= most),
                    "a pane beyond its extremes")
        first_time += start
        total, least, most, first, last = (Decimal(n).scaleb(exponent) for n in (total, least, most, first, last))
        squares = Decimal(squares).scaleb(2 * exponent)
        yield series[origin], start, revision, State(components, count, total, squares, least, most,
                                                     (first_time, first), (first_time + last_time, last))


# --- The log: identity, digests, the fold ---


class Log:
    def __init__(self):
        self.met = collections.Counter()
        self.remarks = []
        self.marks = {}         # (gateway, epoch): the last sequence and the digest that the next event must carry
        self.predecessors = {}  # (gateway, epoch): its last sequence, as the epoch after it says
        self.windows = {}       # (gateway, *series): {start: [revision, whole pane or None, merged deltas or None]}

    def take(self, where, record):
        """One record, whatever it is. Only what a later version wrote stops the reading."""
        if record[4:8] != b"TDMK":
            self.met["foreign"] += 1
            return
        try:
            self.met[self.event(record)] += 1
        except Newer as why:
            raise Newer(f"the event at {where} needs a newer reader: {why}") from None
        except Exception as why:  # Bytes can break the FlatBuffers runtime, which has no verifier, in many ways.
            self.met["damaged"] += 1
            self.remarks.append(f"the event at {where} is damaged and was left out: {why}")

    def event(self, record):
        require(len(record) <= MAX_EVENT, "it is too large")
        event = Event.GetRootAs(record)
        gateway, sequence, kind = text(vector(event, 0)), event.Sequence(), event.BodyType()
        identity = gateway, event.Epoch()
        require(1 <= sequence < 1 << 63, "a sequence that cannot be")
        mark, digest = self.marks.get(identity, (0, bytes(16)))
        if sequence <= mark:
            return "repeated"
        # All is read before anything is kept: an event counts whole or not at all.
        parts = list(self.parts(event)) if kind == Body.WindowBatch else []
        parked = self.tombstone(event) if kind == Body.Tombstone else None
        if sequence > mark + 1:
            self.met["missing"] += sequence - mark - 1
        elif (vector(event, 5) or bytes(16)) != digest:
            self.met["altered"] += 1
            self.remarks.append(f"{gateway}, epoch {identity[1]}: event {sequence} does not follow what came before it")
        if event.PreviousEpoch():
            self.predecessors[gateway, event.PreviousEpoch()] = event.PreviousSequence()
        after = hashlib.sha256((vector(event, 5) or bytes(16)) + record).digest()[:16]
        if parked:
            number, readings, after = parked
            self.remarks.append(f"{gateway}, epoch {identity[1]}: event {sequence} was too large for the topic and is "
                                f"kept at the gateway: {number} panes, {readings} readings")
        self.marks[identity] = sequence, after
        for series, start, revision, state in parts:
            window = self.windows.setdefault((gateway, *series), {}).setdefault(start, [0, None, None])
            if revision == 0:
                window[2] = state if window[2] is None else window[2].merge(state)
            elif revision > window[0]:
                window[:2] = revision, state
        if parked:
            return "parked"
        return "events" if Body.WindowBatch <= kind <= Body.Heartbeat else "unknown"

    @staticmethod
    def tombstone(event):
        """What stands in the place of an event: panes and readings in it, and the digest after it."""
        table = event.Body()
        require(table is not None, "it has no body")
        tombstone = Tombstone()
        tombstone.Init(table.Bytes, table.Pos)
        digest = bytes(vector(tombstone, 5))
        require(len(digest) == 16, "a digest of another length")
        return tombstone.Panes(), tombstone.Readings(), digest

    @staticmethod
    def parts(event):
        table = event.Body()
        require(table is not None, "it has no body")
        batch = WindowBatch()
        batch.Init(table.Bytes, table.Pos)
        origins = [tuple(map(text, origin)) for origin in zip(vectors(batch, 0), vectors(batch, 1))]
        require(len(origins) == batch.TagsLength() and batch.GroupsLength() <= MAX_PANES, "its dictionaries do not fit")
        groups = [batch.Groups(i) for i in range(batch.GroupsLength())]
        require(sum(group.Panes() for group in groups) <= MAX_PANES, "too many panes")
        for group in groups:
            yield from panes(group, origins)

    def complete(self):
        """Counts what the predecessors still lack; True if nothing is missing, damaged, altered or parked."""
        for identity, last in self.predecessors.items():
            self.met["missing"] += max(0, last - self.marks.get(identity, (0,))[0])
        return not any(self.met[what] for what in ("missing", "damaged", "altered", "parked"))

    def export(self):
        """The lines of docs/formats/export.md. Python's order of texts is that of their UTF-8 bytes."""
        yield HEADER
        for (gateway, stream, version, source, tags, field, size), windows in sorted(self.windows.items()):
            names = ",".join(map(quoted, (gateway, stream, str(version), source, tags, field, str(size))))
            for start, (_, whole, deltas) in sorted(windows.items()):
                state = whole.merge(deltas) if whole and deltas else whole or deltas
                yield f"{names},{start},{','.join(results(state))}"


# --- The canonical text ---


def quoted(value):
    return '"' + value.replace('"', '""') + '"' if re.search('[",\r\n]', value) else value


def plain(value):
    """Plain notation without trailing zeros."""
    return format(value.normalize(), "f") if value else "0"


def double(value):
    """The shortest digits that read back, fixed or scientific, whichever is shorter; fixed if equally long."""
    if math.isinf(value) or value == 0:
        return "0" if value == 0 else ""
    shortest = Decimal(repr(value)).normalize()
    sign, digits, exponent = shortest.as_tuple()
    digits = "".join(map(str, digits))
    scientific = f"{'-' * sign}{digits[0]}{'.' * (len(digits) > 1)}{digits[1:]}e{exponent + len(digits) - 1:+03d}"
    # A whole number in fixed notation has all its digits, not zeros after the shortest ones.
    fixed = format(Decimal(value) if exponent > 0 else shortest, "f")
    return min(fixed, scientific, key=len)


def nearest(exact):
    """The double nearest to a fraction."""
    try:
        return float(exact)
    except OverflowError:
        return math.inf


def nearest_root(exact):
    """The double nearest to the root: 80 bits of it or more, and one that says whether anything lies below them."""
    shift = max(0, 160 - exact.numerator.bit_length() + exact.denominator.bit_length()) // 2
    scaled, rest = divmod(exact.numerator << 2 * shift, exact.denominator)
    root = math.isqrt(scaled)
    sticky = rest > 0 or root * root != scaled
    return nearest(Fraction(2 * root + sticky, 1 << (shift + 1)))


def results(state):
    components, count, total, squares, least, most, first, last = state
    yield str(count)
    yield from (plain(total), double(nearest(Fraction(total) / count))) if components & SUM else ("", "")
    yield from (plain(least), plain(most)) if components & EXTREMES else ("", "")
    yield from (plain(first[1]), str(first[0]), plain(last[1]), str(last[0])) if components & ENDPOINTS else [""] * 4
    if count > 1 and components & SUM and components & SQUARES:
        variance = Fraction(count * squares - total * total) / (count * (count - 1))
        yield from (double(nearest(variance)), double(nearest_root(variance)))
    else:
        yield from ("", "")


def main(source, *settings):
    log = Log()
    try:
        for where, record in records(source, dict(setting.split("=", 1) for setting in settings)):
            log.take(where, record)
    except (EOFError, Newer, OSError) as why:
        print(f"reader: {why}", file=sys.stderr)
        return 2
    complete = log.complete()
    for line in log.export():
        sys.stdout.buffer.write(line.encode() + b"\n")
    counts = ", ".join(f"{number} {what}" for what, number in log.met.items() if number)
    print(*log.remarks, counts, sep="\n", file=sys.stderr)
    return 0 if complete else 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
