"""Three brokers and the appliance are killed in turn, or a broker stands still: in the end Kafka's log without repeats
is the local log, and that is the truth."""

import random
import time
import unittest

from fleet_truth import Truth
from harness import Room, wait_until
from oracle import SECOND
from uplink_case import TOPIC, UplinkCase


class UplinkChaos(UplinkCase):
    heavy = True
    limit = 420

    def ends(self, room, kafka, edge, what):
        edge.wait_metric("open", lambda open: open == 0, 90)
        self.drained(edge, 90)
        twice = self.compare(edge, kafka)
        events = len(local_events(edge))
        edge.stop()
        truth = Truth([room.path("truth-1.db")], SECOND)
        lost, counted_twice = truth.lost_and_twice(edge.fold(room.path("views.db")))
        print(f"    {what}: {sum(truth.fates.values())} readings, {events} events, {twice} records came twice, "
              f"lost {lost}, counted twice {counted_twice}", flush=True)
        self.assertEqual((0, 0), (lost, counted_twice))
        edge.proven()

    def test_three_brokers_and_the_appliance_killed_in_turn(self):
        with Room(self) as room:
            chance = random.Random(20250101)
            kafka = room.kafka(brokers=3)
            kafka.create_topic(TOPIC)
            edge = self.appliance(room, kafka).start()
            sim = self.load(room, 60, devices=2700, interval="1s")
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
            self.assertGreater(min(kills.values()), 1)
            # Of this process only: producers that an error ended, and begun anew.
            failures = edge.metric("uplink_failures")
            self.ends(room, kafka, edge, f"killed {kills}, {failures:.0f} producers failed since the last start")

    def test_a_frozen_broker_and_a_killed_appliance(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic(TOPIC)
            edge = self.appliance(room, kafka).start()
            sim = self.load(room, 25)
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
            sim.finish(60)
            self.ends(room, kafka, edge, "frozen three times")


if __name__ == "__main__":
    unittest.main()
