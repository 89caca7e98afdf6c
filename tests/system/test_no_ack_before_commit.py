"""No ack before its commit, seen from outside: strace records what the appliance reads from the broker, when it syncs its
write-ahead log, and what it writes back. Every PUBACK must follow a sync that began after its PUBLISH had been read.
"""

import collections
import re
import shutil
import unittest

from harness import Room
from mqtt_client import PUBACK, PUBLISH, Client
from streams import CLIMATE, climate, climate_topic

CALLS = "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg,fsync,fdatasync,sync_file_range"
LINE = re.compile(r"^(\d+) +(?:\d+\.\d+ )?(.*)$", re.S)
HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(?:\.\.\.)?')


class Cut(Exception):
    """strace shortened a buffer: the trace cannot be judged."""


def calls(trace):
    """(start, end, name, text) of every call, by the order in which strace saw it begin and end."""
    begun = {}
    for number, line in enumerate(trace):
        found = LINE.match(line.rstrip("\n"))
        if not found:
            continue
        thread, rest = found.groups()
        if rest.endswith("<unfinished ...>"):
            begun[thread] = (number, rest[:-len("<unfinished ...>")])
        elif rest.startswith("<... "):
            start, head = begun.pop(thread)
            whole = head + rest.split(" resumed>", 1)[1]
            yield start, number, whole.split("(", 1)[0], whole
        elif "(" in rest and not rest.startswith(("+++", "---")):
            yield number, number, rest.split("(", 1)[0], rest


def moved(text):
    """The bytes that a read or write really moved."""
    size = int(re.search(r"= (-?\d+)[^=]*$", text)[1])
    if size <= 0:
        return b""
    raw = bytes.fromhex("".join(HEX.findall(text)).replace("\\x", ""))
    if len(raw) < size:
        raise Cut(text[:200])
    return raw[:size]


class Packets:
    """Cuts one direction of a connection into packets."""

    def __init__(self):
        self._rest = bytearray()

    def feed(self, raw):
        self._rest += raw
        at = 0
        while True:
            used, length = at + 1, 0
            while used < len(self._rest):
                length |= (self._rest[used] & 0x7F) << 7 * (used - at - 1)
                used += 1
                if not self._rest[used - 1] & 0x80:
                    break
            else:
                break
            if used + length > len(self._rest):
                break
            yield self._rest[at], bytes(self._rest[used:used + length])
            at = used + length
        del self._rest[:at]


class Order:
    """What the trace says: PUBLISHes read, syncs done, PUBACKs written."""

    def __init__(self, broker_port):
        # -yy shows a socket as <TCP:[from->to]>; ours to the broker ends with its port.
        self._broker = re.compile(rf"^\w+\(\d+<TCP[^>]*->127\.0\.0\.1:{broker_port}\]>")
        self.publishes = self.pubacks = self.syncs = 0
        self.early = []

    @staticmethod
    def _is_wal(text):
        # With -xx strace writes paths in hex, too.
        path = text.split("<", 1)[-1].split(">", 1)[0]
        return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), path).endswith("-wal")

    def judge(self, trace):
        incoming, outgoing = Packets(), Packets()
        waiting = collections.defaultdict(collections.deque)  # packet id: when its PUBLISH had been read
        synced_since = -1  # the latest beginning among the syncs that have ended so far
        events = []
        for start, end, name, text in calls(trace):
            if name in ("fsync", "fdatasync") and self._is_wal(text):
                if text.rstrip().endswith("= 0"):
                    events.append((end, "sync", start, b""))
            elif self._broker.match(text):
                if name.startswith(("read", "recv")):
                    events.append((end, "in", end, moved(text)))
                elif name.startswith(("write", "send")):
                    # Its bytes count as out from the moment the call began.
                    events.append((start, "out", start, moved(text)))
        for _, what, moment, raw in sorted(events, key=lambda event: event[0]):
            if what == "sync":
                self.syncs += 1
                synced_since = max(synced_since, moment)
            elif what == "in":
                for first, body in incoming.feed(raw):
                    if first >> 4 == PUBLISH and first & 6:
                        topic = int.from_bytes(body[:2], "big")
                        waiting[body[2 + topic:4 + topic]].append(moment)
                        self.publishes += 1
            else:
                for first, body in outgoing.feed(raw):
                    if first >> 4 == PUBACK:
                        self.pubacks += 1
                        read_at = waiting[body[:2]].popleft() if waiting[body[:2]] else None
                        if read_at is None or synced_since <= read_at:
                            self.early.append((body[:2].hex(), read_at, synced_since, moment))


class NoAckBeforeCommit(unittest.TestCase):
    limit = 420
    messages = 100_000

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_every_puback_follows_the_sync_of_its_message(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE)
            trace = room.path("trace")
            edge.start(60, wrapper=["strace", "-f", "-q", "-yy", "-xx", "-s", "4194304", "-e", f"trace={CALLS}", "-o", trace])
            with Client(broker.port, "sender") as client:
                client.publish_all(((climate_topic(f"d{i % 50}"), climate(1_735_689_600_000 + i, i))
                                    for i in range(self.messages)), deadline=240)
            edge.wait_received(self.messages, 240)
            edge.wait_metric("acks_held", lambda held: held == 0, 60)
            edge.sigterm()
            edge.process.wait(60)
            order = Order(broker.port)
            with open(trace, encoding="ascii", errors="replace") as lines:
                order.judge(lines)
            self.assertGreaterEqual(order.publishes, self.messages)
            self.assertEqual(order.publishes, order.pubacks)
            self.assertGreater(order.syncs, 10)
            self.assertEqual([], order.early[:5], f"{len(order.early)} PUBACKs before a sync of their message")

    def test_the_judge_sees_an_early_ack(self):
        # A trace in which one ack comes before the sync, and one where it comes after.
        def line(call):
            return f"7 {call}\n"

        def tcp(name, raw):
            escaped = "".join(f"\\x{byte:02x}" for byte in raw)
            return line(f'{name}(5<TCP:[127.0.0.1:40000->127.0.0.1:1883]>, "{escaped}", 65536) = {len(raw)}')

        publish = bytes([0x32, 6]) + b"\0\1t\0\1x"
        puback = bytes([0x40, 2, 0, 1])
        sync = line("fdatasync(6</x/state.db-wal>) = 0")
        for trace, early in (([tcp("read", publish), sync, tcp("write", puback)], 0),
                             ([sync, tcp("read", publish), tcp("write", puback)], 1),
                             ([tcp("read", publish), tcp("write", puback), sync], 1),
                             (["7 fdatasync(6</x/state.db-wal> <unfinished ...>\n",
                               tcp("read", publish).replace("7 ", "8 ", 1), "7 <... fdatasync resumed>) = 0\n",
                               tcp("write", puback)], 1)):
            order = Order(1883)
            order.judge(trace)
            self.assertEqual((1, 1, early), (order.publishes, order.pubacks, len(order.early)), trace)

    test_the_judge_sees_an_early_ack.quick = True


if __name__ == "__main__":
    unittest.main()
