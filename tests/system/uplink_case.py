"""What the tests of the uplink to Kafka share."""

import struct
import unittest

from event_reader import read
from harness import wait_until
from streams import fleet

TOPIC = "telemetry"


def local_events(edge):
    """The events of the local log, in their order."""
    body = edge.get("/log?from=1", 60)[1]
    events, at = [], 0
    while at < len(body):
        _, size = struct.unpack_from("<QI", body, at)
        events.append(bytes(body[at + 12:at + 12 + size]))
        at += 12 + size
    return events


def by_epoch(events):
    """{epoch: [sequence, ...]} as they stand, epochs in the order of their first event."""
    out = {}
    for event in events:
        header = read(event).header
        out.setdefault(header.epoch, []).append(header.sequence)
    return out


class UplinkCase(unittest.TestCase):
    def appliance(self, room, kafka, more="", streams=None, **options):
        if room._broker is None:
            room.broker()
        brokers = "" if "brokers =" in more else f'brokers = "{kafka.bootstrap()}"\n'
        return room.appliance(streams or fleet(window="1s", idle_timeout="1s"),
                              kafka=f'{brokers}topic = "{TOPIC}"\nlinger = "5ms"\n{more}', **options)

    def load(self, room, seconds, seed=1, devices=50, interval="100ms"):
        return room.simulator("--devices", devices, "--interval", interval, "--duration", f"{seconds}s", "--seed", seed,
                              "--profile", "plant", "--truth", room.path(f"truth-{seed}.db"), name=f"sim-{seed}")

    def drained(self, edge, deadline=60):
        def all_there():
            metrics = edge.metrics(optional=True)
            return (metrics is not None and metrics.value("uplink_connected") == 1 and
                    metrics.value("uplink_backlog") == 0)

        wait_until(all_there, deadline, lambda: f"everything is acknowledged\n{edge.process.tail()}", [edge])

    def acknowledged(self, edge, count, deadline=30):
        edge.wait_metric("uplink_acknowledged", lambda value: value >= count, deadline)

    def compare(self, edge, kafka, partition=0, missing=0):
        """The log in Kafka, repeats left out, is the local log but for its first `missing` events, each epoch in its
        order; returns how many records came twice."""
        records = list(kafka.records(TOPIC, partition))
        self.assertEqual({b"plant-7"}, {bytes(record.key) for record in records})
        values = [bytes(record.value) for record in records]
        got = list(dict.fromkeys(values))
        expected = local_events(edge)[missing:]
        self.assertEqual(len(expected), len(got))
        self.assertEqual(set(expected), set(got))
        local, central = by_epoch(expected), by_epoch(got)
        self.assertEqual(local, central, "every epoch in its order")
        return len(values) - len(got)

    def said(self, edge, *words, deadline=30):
        wait_until(lambda: all(word in edge.process.output() for word in words), deadline,
                   lambda: f"{words} are said\n{edge.process.tail()}", [edge])

    def collects(self, room, edge, seed, seconds=2):
        """Readings are acknowledged to their senders, whatever Kafka does."""
        rows = edge.metric("log_rows")
        self.load(room, seconds, seed, devices=10).finish(30)
        edge.wait_metric("acks_held", lambda held: held == 0, 20)
        edge.wait_metric("log_rows", lambda now: now > rows, 20)
