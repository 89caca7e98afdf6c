"""Three brokers and the appliance are killed in turn, or a broker stands still: in the end Kafka's log without repeats
is the local log, and that is the truth, whoever reads it."""

import random
import time
import unittest

import readers
from fleet_truth import Truth
from harness import Room, export, run_tidemark, wait_until
from oracle import SECOND
from streams import fleet
from uplink_case import TOPIC, UplinkCase


class UplinkChaos(UplinkCase):
    heavy = True
    limit = 480

    def ends(self, room, kafka, edge, what, window=SECOND):
        """Nothing lost, nothing counted twice, each epoch in its order. Returns the place of the log and its export."""
        edge.wait_metric("open", lambda open: open == 0, 90)
        self.drained(edge, 90)
        central = self.compare(edge, kafka)
        edge.stop()
        # From Kafka's log alone: it has the local one's events.
        place, views = f"kafka:{kafka.bootstrap()}/{TOPIC}", room.path("central.db")
        done = run_tidemark("replay", "--log", place, "--views", views)
        self.assertEqual(0, done.returncode, done.stderr)
        whole = export(views)
        truth = Truth([room.path("truth-1.db")], window)
        lost, counted_twice = truth.lost_and_twice(whole)
        print(f"    {what}: {sum(truth.fates.values())} readings, {len(central.events)} events, {len(central.epochs)} "
              f"epochs, {central.repeated} records came twice, lost {lost}, counted twice {counted_twice}", flush=True)
        self.assertEqual((0, 0), (lost, counted_twice))
        self.assertEqual([], truth.differences(whole))
        edge.proven()
        proven = edge.verify(place)
        self.assertEqual(0, proven.returncode, proven.stdout + proven.stderr)
        return place, whole

    def everyone_reads(self, place, whole):
        """The readers in other languages print, byte for byte, what `tidemark export` does."""
        found, lacking = readers.available()
        for language, reader in found.items():
            begun = time.monotonic()
            status, text, said = reader(place, deadline=180)
            self.assertEqual(0, status, said)
            self.assertEqual(len(whole), len(text))
            self.assertTrue(whole == text, f"{language}: the export of tidemark")
            print(f"    {language}: {len(text)} bytes, the same, in {time.monotonic() - begun:.1f} s", flush=True)
        for language, why in lacking.items():
            with self.subTest(language):
                self.skipTest(why)

    def test_three_brokers_and_the_appliance_killed_in_turn(self):
        with Room(self) as room:
            chance = random.Random(20250101)
            kafka = room.kafka(brokers=3)
            kafka.create_topic(TOPIC)
            edge = self.appliance(room, kafka, streams=fleet(window="5s", idle_timeout="2s")).start()
            sim = self.load(room, 120, devices=2700, interval="1s")
            self.acknowledged(edge, 10)
            kills = {"leader": 0, "other": 0, "appliance": 0}
            while sim.running():
                leader = kafka.leader(TOPIC, deadline=60)
                for victim in ("leader", "appliance", "other"):
                    number = leader if victim == "leader" else leader % 3 + 1
                    kills[victim] += 1
                    if victim == "appliance":
                        edge.sigkill()
                        edge.start()
                    else:
                        kafka.sigkill(number)
                        kafka.restart(number, deadline=90)
                    until = time.monotonic() + chance.uniform(0.5, 2)
                    wait_until(lambda: time.monotonic() > until, 10, "the time of the next kill", [edge])
                    if not sim.running():
                        break
            sim.finish(60)
            self.assertGreater(min(kills.values()), 2)
            # Of this process only: producers that an error ended, and begun anew.
            failures = edge.metric("uplink_failures")
            what = f"killed {kills}, {failures:.0f} producers failed since the last start"
            place, whole = self.ends(room, kafka, edge, what, 5 * SECOND)
            self.everyone_reads(place, whole)

    def test_a_frozen_broker_and_a_killed_appliance(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic(TOPIC)
            edge = self.appliance(room, kafka).start()
            sim = self.load(room, 0)
            for _ in range(3):
                self.acknowledged(edge, 20)
                kafka.sigstop(1)
                # The requests in the frozen broker's socket are carried out when it goes on, whoever sent them.
                edge.wait_metric("uplink_backlog", lambda rows: rows > 5, 20)
                edge.sigkill()
                edge.start()
                edge.wait_metric("uplink_backlog", lambda rows: rows > 15, 20)
                kafka.sigcont(1)
                self.drained(edge)
            sim.finish(60, now=True)
            self.ends(room, kafka, edge, "frozen three times")


if __name__ == "__main__":
    unittest.main()
