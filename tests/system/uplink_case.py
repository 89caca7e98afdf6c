"""What the tests of the uplink to Kafka share."""

import unittest

from central_log import CentralLog
from harness import wait_until
from streams import fleet

TOPIC = "telemetry"


class UplinkCase(unittest.TestCase):
    def appliance(self, room, kafka, more="", streams=None, **options):
        if room._broker is None:
            room.broker()
        brokers = "" if "brokers =" in more else f'brokers = "{kafka.bootstrap()}"\n'
        return room.appliance(streams or fleet(window="1s", idle_timeout="1s"),
                              kafka=f'{brokers}topic = "{TOPIC}"\nlinger = "5ms"\n{more}', **options)

    def load(self, room, seconds, seed=1, devices=50, interval="100ms", profile="plant"):
        """`seconds`: 0 for a plant that goes on until finish(now=True)."""
        return room.simulator("--devices", devices, "--interval", interval, "--duration", f"{seconds}s", "--seed", seed,
                              "--profile", profile, "--truth", room.path(f"truth-{seed}.db"), name=f"sim-{seed}")

    def drained(self, edge, deadline=60):
        """Everything that was committed up to some moment of this call is acknowledged; more may come after it."""
        def all_there():
            metrics = edge.metrics(optional=True)
            return (metrics is not None and metrics.value("uplink_connected") == 1 and
                    metrics.value("uplink_backlog") == 0)

        wait_until(all_there, deadline, lambda: f"everything is acknowledged\n{edge.process.tail()}", [edge])

    def acknowledged(self, edge, count, deadline=30):
        edge.wait_metric("uplink_acknowledged", lambda value: value >= count, deadline)

    def compare(self, edge, kafka, partition=0, missing=0, deadline=30):
        """The log in Kafka, repeats left out, is the local log but for its first `missing` events, each epoch in its
        order. Both logs may still grow, by heartbeats and reports: then Kafka's is looked at again until it has what
        the local one had before. Returns Kafka's."""
        local = CentralLog(edge.events()[missing:])

        def there():
            records = list(kafka.records(TOPIC, partition))
            self.assertLessEqual({bytes(record.key) for record in records}, {b"plant-7"})
            central = CentralLog(bytes(record.value) for record in records)
            return central if set(local.events) <= set(central.events) else None

        central = wait_until(there, deadline, "Kafka has what the local log has", [edge], step=0.2)
        known = set(edge.events()[missing:])
        self.assertEqual([], [event for event in central.events if event not in known], "only what is in the log")
        self.assertEqual(local.disorder if missing else [], central.disorder)
        return central

    def said(self, edge, *words, deadline=30):
        wait_until(lambda: all(word in edge.process.output() for word in words), deadline,
                   lambda: f"{words} are said\n{edge.process.tail()}", [edge])

    def collects(self, room, edge, seed, seconds=2):
        """Readings are acknowledged to their senders, whatever Kafka does."""
        rows = edge.metric("log_rows")
        self.load(room, seconds, seed, devices=10).finish(30)
        edge.wait_metric("acks_held", lambda held: held == 0, 20)
        edge.wait_metric("log_rows", lambda now: now > rows, 20)
