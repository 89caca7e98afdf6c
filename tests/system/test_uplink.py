"""The uplink to a real Kafka: every event of the local log, in order, whatever is killed on the way."""

import glob
import os
import unittest

from fleet_truth import Truth
from harness import Room
from oracle import SECOND
from streams import fleet
from uplink_case import TOPIC, UplinkCase

# Kafka's numbers for them.
LZ4, ZSTD = 3, 4


class Uplink(UplinkCase):
    limit = 240

    def same(self, edge, kafka):
        """One epoch after the other, nothing twice, in the very order of the local log."""
        central = self.compare(edge, kafka)
        self.assertEqual(0, central.repeated)
        self.assertEqual(central.events, edge.events()[:len(central.events)])

    def packings(self, kafka):
        """How the batches in the broker's own files are packed: bits 0 to 2 of their attributes. One that would not
        become smaller is not packed."""
        found = set()
        for path in glob.glob(os.path.join(kafka.nodes[1].data, f"{TOPIC}-*", "*.log")):
            with open(path, "rb") as file:
                segment = file.read()
            at = 0
            while at + 61 <= len(segment) and (length := int.from_bytes(segment[at + 8:at + 12], "big")) > 0:
                found.add(segment[at + 22] & 7)
                at += 12 + length
        return found - {0}

    def test_every_event_in_the_order_of_the_log(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic(TOPIC)
            edge = self.appliance(room, kafka).start()
            self.load(room, 5).finish(60)
            self.drained(edge)
            self.same(edge, kafka)
            self.assertEqual({ZSTD}, self.packings(kafka))
            # A clean stop keeps the place: nothing is sent again. Another packing wants less memory, and changes nothing.
            edge.stop()
            edge._head = edge._head.replace("[limits]", '[kafka.properties]\n"compression.codec" = "lz4"\n\n[limits]')
            edge.configure(fleet(window="1s", idle_timeout="1s"))
            edge.start()
            self.load(room, 2, 2).finish(60)
            self.drained(edge)
            self.same(edge, kafka)
            self.assertEqual({ZSTD, LZ4}, self.packings(kafka))

    def test_killed_appliances_and_a_killed_broker(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic(TOPIC)
            edge = self.appliance(room, kafka).start()
            sim = self.load(room, 0)
            for broker_too in (False, True, False):
                self.acknowledged(edge, 10)
                if broker_too:
                    # What the producer holds has not been acknowledged, and dies with it.
                    kafka.sigkill(1)
                    edge.wait_metric("uplink_backlog", lambda rows: rows > 5, 30)
                edge.sigkill()
                edge.start()
                if broker_too:
                    edge.wait_metric("uplink_backlog", lambda rows: rows > 20, 30)
                    kafka.restart(1)
            self.acknowledged(edge, 10)
            sim.finish(60, now=True)
            edge.wait_metric("open", lambda readings: readings == 0, 60)
            central = self.compare(edge, kafka)
            print(f"    {central.repeated} of {len(central.events)} events came twice, {len(central.epochs)} epochs",
                  flush=True)
            edge.stop()
            whole = edge.fold(room.path("views.db"))
            self.assertEqual((0, 0), Truth([room.path("truth-1.db")], SECOND).lost_and_twice(whole))


if __name__ == "__main__":
    unittest.main()
