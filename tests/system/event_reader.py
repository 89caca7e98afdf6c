#!/usr/bin/env python3
"""Reads events of the log. Written from docs/formats/event.md alone, with nothing but Python's standard library: the
proof that the page suffices, and an opinion that owes nothing to the C++ reader.

    tests/system/event_reader.py FILE...     each FILE one event; prints its header and its panes as JSON lines

read(bytes) gives an Event; fold(events) what rules 21 to 23 of SEMANTICS make of a log.
"""

import json
import struct
import sys
from decimal import Context, Decimal
from typing import NamedTuple

KINDS = ("gauge", "counter", "state")
PANES = ("on_time", "idle", "correction", "delta")
DELTA = 3
SUM, SQUARES, EXTREMES, ENDPOINTS = 1, 2, 4, 8
NONE = -2**63
COLUMNS = ("origin", "start", "revision", "pane_kind", "flags", "count", "sum", "variance", "min", "max", "first",
           "last", "first_time", "last_time")
EXACT = Context(prec=4000, Emin=-10**6, Emax=10**6)


class Table:
    """A FlatBuffers table: fields by number, each absent or at a position."""

    def __init__(self, data, at):
        self.data = data
        self.at = at
        self.vtable = at - struct.unpack_from("<i", data, at)[0]
        self.slots = (struct.unpack_from("<H", data, self.vtable)[0] - 4) // 2

    def where(self, field):
        if field >= self.slots:
            return None
        offset = struct.unpack_from("<H", self.data, self.vtable + 4 + 2 * field)[0]
        return self.at + offset if offset else None

    def scalar(self, field, code, default=0):
        at = self.where(field)
        return default if at is None else struct.unpack_from("<" + code, self.data, at)[0]

    def target(self, field):
        at = self.where(field)
        return None if at is None else at + struct.unpack_from("<I", self.data, at)[0]

    def table(self, field):
        return Table(self.data, self.target(field))

    def bytes(self, field):
        at = self.target(field)
        return b"" if at is None else sized(self.data, at)

    def text(self, field):
        return self.bytes(field).decode()

    def elements(self, field):
        """Positions of what a vector of offsets points to."""
        at = self.target(field)
        if at is None:
            return []
        places = range(at + 4, at + 4 + 4 * struct.unpack_from("<I", self.data, at)[0], 4)
        return [place + struct.unpack_from("<I", self.data, place)[0] for place in places]

    def numbers(self, field, code):
        at = self.target(field)
        if at is None:
            return ()
        return struct.unpack_from(f"<{struct.unpack_from('<I', self.data, at)[0]}{code}", self.data, at + 4)


def sized(data, at):
    length = struct.unpack_from("<I", data, at)[0]
    assert at + 4 + length <= len(data), "beyond the end"
    return data[at + 4:at + 4 + length]


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def column(data, panes):
    if not data:
        return [0] * panes
    width, at = varint(data, 0)
    length, at = varint(data, at)
    base = int.from_bytes(data[at:at + length], "little", signed=True)
    scale, at = varint(data, at + length)
    planes = [data[at + k * panes:at + (k + 1) * panes] for k in range(width)]
    assert len(data) == at + width * panes, "not a column of that many panes"
    if width == 1:
        return [base + scale * byte for byte in planes[0]]
    return [base + scale * int.from_bytes(row, "little") for row in zip(*planes)] if planes else [base] * panes


class Header(NamedTuple):
    gateway: str
    epoch: int
    sequence: int
    previous_epoch: int
    previous_sequence: int
    digest: str
    committed_at: int


class Event(NamedTuple):
    header: Header
    kind: str  # window_batch, source_report, heartbeat, tombstone, unknown
    body: list  # of dicts


def decimal(integer, exponent):
    """Exact, in plain notation without trailing zeros."""
    value = Decimal(integer).scaleb(exponent, context=EXACT)
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return text


def columns_of(group, *wanted):
    return {name: column(group.bytes(9 + COLUMNS.index(name)), group.scalar(8, "I")) for name in wanted}


def panes_of(group, sources, tags):
    columns = columns_of(group, *COLUMNS)
    components, exponent = group.scalar(6, "I"), group.scalar(7, "i")
    assert components < 16, "a component of a later version"
    for row in zip(*columns.values()):
        r = dict(zip(COLUMNS, row))
        pane = {"stream": group.text(0), "version": group.scalar(1, "I"), "source": sources[r["origin"]],
                "tags": tags[r["origin"]], "field": group.text(2), "unit": group.text(3),
                "kind": KINDS[group.scalar(4, "B")], "size": group.scalar(5, "q"), "start": r["start"],
                "revision": r["revision"], "pane": PANES[r["pane_kind"]], "flags": r["flags"], "count": r["count"]}
        # What is not kept has no part in the formulas.
        least = r["min"] if components & EXTREMES else 0
        most = least + r["max"]
        total = r["sum"] + r["count"] * least if components & SUM else 0
        if components & SUM:
            pane["sum"] = decimal(total, exponent)
        if components & SQUARES:
            squares, rest = divmod(r["variance"] + total * total, r["count"])
            assert rest == 0, "a variance that no squares have"
            pane["squares"] = decimal(squares, 2 * exponent)
        if components & EXTREMES:
            pane["min"], pane["max"] = decimal(least, exponent), decimal(most, exponent)
        if components & ENDPOINTS:
            pane["first"] = decimal(r["first"] + least, exponent)
            pane["first_time"] = r["start"] + r["first_time"]
            pane["last"] = decimal(most - r["last"] if components & EXTREMES else r["last"], exponent)
            pane["last_time"] = pane["first_time"] + r["last_time"]
        yield pane


def root_of(data):
    assert data[4:8] == b"TDMK", "not an event"
    return Table(data, struct.unpack_from("<I", data, 0)[0])


def header_of(root):
    return Header(root.text(0), *(root.scalar(i, "Q") for i in range(1, 5)), (root.bytes(5) or bytes(16)).hex(),
                  root.scalar(6, "q"))


def groups_of(root):
    """(sources, tags, groups) of a WindowBatch; None: it is none."""
    if root.scalar(7, "B") != 1:
        return None
    body = root.table(8)
    sources, tags = ([sized(root.data, at).decode() for at in body.elements(field)] for field in (0, 1))
    return sources, tags, [Table(root.data, at) for at in body.elements(2)]


def read(data):
    root = root_of(data)
    header = header_of(root)
    kind = root.scalar(7, "B")
    body = root.table(8)
    if kind == 1:
        sources, tags, groups = groups_of(root)
        panes = [pane for group in groups for pane in panes_of(group, sources, tags)]
        return Event(header, "window_batch", panes)
    if kind == 2:
        counters = [sized(data, at).decode() for at in body.elements(0)]
        return Event(header, "source_report", [standing(Table(data, at), counters) for at in body.elements(1)])
    if kind == 3:
        return Event(header, "heartbeat", [{"version": body.text(0), "configuration": body.text(1),
                                            "clock_synchronised": bool(body.scalar(2, "B")),
                                            "backlog": body.scalar(3, "Q")}])
    if kind == 4:
        numbers = {name: body.scalar(i, code) for i, (name, code) in enumerate(
            (("bytes", "Q"), ("panes", "Q"), ("readings", "Q"), ("first_start", "q"), ("last_end", "q")))}
        return Event(header, "tombstone", [{**numbers, "digest_after": body.bytes(5).hex()}])
    return Event(header, "unknown", [])


def standing(source, counters):
    times = [source.scalar(i, "q", NONE) for i in (4, 5, 6, 10)]
    watermark, sealed_through, last_arrival, clock_lag = (None if time == NONE else time for time in times)
    ledger = {counters[i]: value for i, value in zip(source.numbers(8, "I"), source.numbers(9, "Q"))}
    return {"stream": source.text(0), "version": source.scalar(1, "I"), "source": source.text(2),
            "generation": source.scalar(3, "I"), "watermark": watermark, "sealed_through": sealed_through,
            "last_arrival": last_arrival, "clock_offset": source.scalar(7, "q"), "clock_lag": clock_lag,
            "ledger": ledger}


def fold(events):
    """{(gateway, stream, version, source, tags, field, size, start): [whole pane or None, [deltas]]}, sorted by its keys."""
    marks, windows = {}, {}
    for event in events:
        identity = (event.header.gateway, event.header.epoch)
        if event.header.sequence <= marks.get(identity, 0):
            continue
        marks[identity] = event.header.sequence
        for pane in event.body if event.kind == "window_batch" else ():
            key = (event.header.gateway,) + tuple(pane[name] for name in ("stream", "version", "source", "tags", "field",
                                                                          "size", "start"))
            window = windows.setdefault(key, [None, []])
            if pane["pane"] == "delta":
                window[1].append(pane)
            elif window[0] is None or window[0]["revision"] < pane["revision"]:
                window[0] = pane
    return dict(sorted(windows.items()))


def lines(event):
    return [json.dumps(row, separators=(",", ":"), ensure_ascii=False) for row in (event.header._asdict(), *event.body)]


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with open(name, "rb") as file:
            print("\n".join(lines(read(file.read()))))
