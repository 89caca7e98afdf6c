"""The uplink to a real Kafka: every event of the local log, in order, whatever is killed on the way."""

import struct
import unittest

from fleet_truth import Truth
from harness import Room, wait_until
from oracle import SECOND
from streams import fleet

TOPIC = "telemetry"


def local_events(edge):
    """The events of the local log, in their order."""
    body = edge.get("/log?from=1")[1]
    events, at = [], 0
    while at < len(body):
        _, size = struct.unpack_from("<QI", body, at)
        events.append(bytes(body[at + 12:at + 12 + size]))
        at += 12 + size
    return events


def first_of_each(values):
    seen, out = set(), []
    for value in values:
        if value not in seen:
            seen.add(value)
            out.append(value)
    return out


class Uplink(unittest.TestCase):
    limit = 240

    def appliance(self, room, kafka, **options):
        room.broker()
        return room.appliance(fleet(window="1s", idle_timeout="1s"),
                              kafka=f'brokers = "{kafka.bootstrap()}"\ntopic = "{TOPIC}"\nlinger = "5ms"', **options)

    def load(self, room, seconds, seed=1, devices=50):
        return room.simulator("--devices", devices, "--interval", "100ms", "--duration", f"{seconds}s", "--seed", seed,
                              "--profile", "plant", "--truth", room.path(f"truth-{seed}.db"))

    def drained(self, edge, deadline=60):
        wait_until(lambda: (m := edge.metrics(optional=True)) is not None and m.value("uplink_connected") == 1 and
                   m.value("uplink_backlog") == 0, deadline, lambda: f"everything is acknowledged\n{edge.process.tail()}",
                   [edge])

    def compare(self, edge, kafka, partition=0):
        """The log in Kafka, repeats left out, is the local log; returns how many records came twice."""
        records = list(kafka.records(TOPIC, partition))
        values = [bytes(record.value) for record in records]
        self.assertEqual({b"plant-7"}, {bytes(record.key) for record in records})
        expected = local_events(edge)
        got = first_of_each(values)
        self.assertEqual(sorted(expected), sorted(got))
        return len(values) - len(got), got == expected

    def test_every_event_in_the_order_of_the_log(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic(TOPIC)
            edge = self.appliance(room, kafka).start()
            self.load(room, 8).finish(60)
            # While windows are open the local log grows between one look and the other.
            edge.wait_metric("open", lambda readings: readings == 0, 60)
            self.drained(edge)
            twice, same_order = self.compare(edge, kafka)
            self.assertEqual((0, True), (twice, same_order))
            # A clean stop keeps the place: nothing is sent again.
            edge.stop()
            edge.start()
            self.drained(edge)
            twice, same_order = self.compare(edge, kafka)
            self.assertEqual((0, True), (twice, same_order))

    def test_killed_appliances_and_a_killed_broker(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic(TOPIC)
            edge = self.appliance(room, kafka).start()
            sim = self.load(room, 30)
            for wanted in (50, 150, 250):
                wait_until(lambda: (m := edge.metrics(optional=True)) is not None and m.value("uplink_acknowledged") > 10, 30,
                           "events arrive", [edge, sim])
                edge.sigkill()
                if wanted == 150:
                    kafka.sigkill(1)
                edge.start()
                if wanted == 150:
                    wait_until(lambda: edge.metrics().value("uplink_backlog") > 20, 30, "events wait", [edge])
                    kafka.start_broker(1)
                    kafka.wait_ready()
            sim.finish(60)
            edge.wait_metric("open", lambda v: v == 0, 60)
            self.drained(edge)
            twice, _ = self.compare(edge, kafka)
            print(f"    {twice} records came twice, {edge.metrics().value('uplink_epochs'):.0f} epochs before a backlog",
                  flush=True)
            edge.stop()
            whole = edge.fold(room.path("views.db"))
            self.assertEqual((0, 0), Truth([room.path("truth-1.db")], SECOND).lost_and_twice(whole))


if __name__ == "__main__":
    unittest.main()
