"""Topics that overlap: mosquitto sends a message once for each subscription that matches it, and yet each stream takes
it once. Scalar payloads carry no time and duplicates are kept: nothing but the subscription tells a copy from a reading.
"""

import collections
import csv
import io
import random
import unittest

from harness import Room, ledger, run_tidemark
from mqtt_client import Client
from streams import stream

# Three filters of which none covers another, and one topic that all three cover. Name -> topic, and whether it matches.
STREAMS = {
    "by_kind": ("plant/+/{device}/power", lambda site, device, kind: kind == "power"),
    "by_site": ("plant/north/{device}/+", lambda site, device, kind: site == "north"),
    "by_device": ("plant/+/pump/{kind}", lambda site, device, kind: device == "pump"),
    "alone": ("plant/north/pump/power", lambda site, device, kind: (site, device, kind) == ("north", "pump", "power")),
}


def configuration(*names):
    return "\n".join(
        stream(name, STREAMS[name][0], fields=None, format="scalar", time=None, time_format=None, window="1s",
               source={"by_device": "{kind}", "alone": None}.get(name, "{device}"), out_of_orderness="0s",
               idle_timeout="500ms", duplicates="keep", aggregates=["count", "sum"])
        for name in names)


class Sender:
    """Publishes whole numbers on random topics and knows what each stream must make of them."""

    def __init__(self, client):
        self.client = client
        self.random = random.Random(7)
        self.count = collections.Counter()
        self.sum = collections.Counter()
        self.sent = 0

    def send(self, messages, streams):
        for _ in range(messages):
            topic = (self.random.choice(["north", "south"]), self.random.choice(["pump", "fan"]),
                     self.random.choice(["power", "level"]))
            self.sent += 1
            self.client.publish("plant/" + "/".join(topic), str(self.sent))
            for name in streams:
                if STREAMS[name][1](*topic):
                    self.count[name] += 1
                    self.sum[name] += self.sent
        self.client.drain()

    def expected(self):
        return {name: (self.count[name], self.sum[name]) for name in self.count}


class Overlap(unittest.TestCase):
    quick = True
    limit = 120

    def wait_counted(self, edge, sender):
        """Until everything is counted and, a second after its window's end, in the fold."""
        edge.wait_metric("readings", lambda n: n >= sum(sender.count.values()), 60, outcome="counted")
        edge.wait_metric("acks_held", lambda n: n == 0, 20)
        edge.wait_metric("open", lambda n: n == 0, 30)

    def check(self, room, edge, sender):
        self.wait_counted(edge, sender)
        edge.stop()
        views = room.path("views.db")
        found = collections.defaultdict(lambda: (0, 0))
        for row in csv.DictReader(io.StringIO(edge.fold(views).decode())):
            count, total = found[row["stream"]]
            found[row["stream"]] = (count + int(row["count"]), total + int(row["sum"]))
        self.assertEqual(sender.expected(), dict(found))
        edge.proven()
        return ledger(views)

    def test_each_stream_takes_a_message_once_also_after_kill_9_and_a_restart_of_the_broker(self):
        with Room(self) as room:
            broker = room.broker(autosave="each")
            edge = room.appliance(configuration(*STREAMS)).start()
            with Client(broker.port, "plant") as client:
                sender = Sender(client)
                sender.send(500, STREAMS)
                self.wait_counted(edge, sender)
                edge.sigkill()
                sender.send(300, STREAMS)  # the broker keeps both copies, each with its identifier
            broker.restart()
            edge.start()
            with Client(broker.port, "plant") as client:
                sender.client = client
                sender.send(200, STREAMS)
                totals = self.check(room, edge, sender)
            for name in STREAMS:
                self.assertEqual(sender.count[name], totals[name, "messages.received"] -
                                 totals.get((name, "messages.redelivered"), 0), name)

    def test_what_the_broker_kept_while_a_stream_was_taken_out_counts_once_for_the_others(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(configuration("by_kind", "by_site", "alone")).start()
            with Client(broker.port, "plant") as client:
                sender = Sender(client)
                sender.send(100, ["by_kind", "by_site", "alone"])
                self.wait_counted(edge, sender)
                edge.stop()
                # by_kind's subscription brought the messages of `alone`, and is gone when they are read.
                sender.send(100, ["by_site", "alone"])
                edge.configure(configuration("by_site", "alone"))
                edge.start()
                sender.send(100, ["by_site", "alone"])
                self.check(room, edge, sender)

    def test_check_says_that_topics_overlap_and_run_that_the_broker_cannot_tell_copies_apart(self):
        with Room(self) as room:
            room.broker()
            edge = room.appliance(configuration("by_kind", "by_site"), mqtt='version = "3.1.1"')
            done = run_tidemark("check", "--config", edge.config)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertIn("warning: the topics plant/+/+/power, plant/north/+/+ overlap", done.stdout)
            edge.start()
            self.assertIn("gives no subscription identifiers (MQTT 3.1.1 has none)", edge.process.output())
            self.assertEqual(1, edge.process.output().count("overlap"))
            edge.stop()
            edge = room.appliance(configuration("by_kind", "alone"), name="clean")
            self.assertNotIn("the topics", run_tidemark("check", "--config", edge.config).stdout)


if __name__ == "__main__":
    unittest.main()
