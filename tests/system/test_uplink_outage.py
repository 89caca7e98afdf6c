"""Kafka is away for long: when it is back the newest state is there at once, and the old events drain behind it."""

import time
import unittest

from event_reader import read
from fleet_truth import Truth
from harness import Room, wait_until
from oracle import SECOND
from uplink_case import TOPIC, UplinkCase, by_epoch, local_events

BACKLOG = 1000


def resident(edge):
    with open(f"/proc/{edge.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) / 1024


class UplinkOutage(UplinkCase):
    heavy = True
    limit = 300

    def away(self, room, seconds=45):
        """(kafka, appliance, simulator) with a backlog of more than a thousand events, Kafka still down."""
        kafka = room.kafka()
        kafka.create_topic(TOPIC)
        # A commit each 5 ms, so that many events come of a short outage.
        edge = self.appliance(room, kafka, commit_delay="5ms").start()
        sim = self.load(room, seconds, devices=300)
        self.acknowledged(edge, 20)
        kafka.sigkill(1)
        edge.wait_metric("uplink_backlog", lambda rows: rows > 100, 60)
        self.early = resident(edge)
        edge.wait_metric("uplink_backlog", lambda rows: rows > BACKLOG, 90)
        self.assertTrue(sim.running(), "the plant goes on when Kafka is back")
        return kafka, edge, sim

    @staticmethod
    def back(kafka):
        """Kafka serves again; returns where its log ended about then."""
        kafka.start_broker(1)
        kafka.wait_ready()
        return kafka.end_offset(TOPIC)

    def ends(self, room, kafka, edge, sim):
        sim.finish(90)
        edge.wait_metric("open", lambda open: open == 0, 60)
        self.drained(edge)
        twice = self.compare(edge, kafka)
        late = resident(edge)
        print(f"    {len(local_events(edge))} events, {twice} came twice, resident {self.early:.1f} MiB early in the "
              f"outage, {late:.1f} at the end", flush=True)
        edge.stop()
        whole = edge.fold(room.path("views.db"))
        self.assertEqual((0, 0), Truth([room.path("truth-1.db")], SECOND).lost_and_twice(whole))

    def test_the_newest_first_and_the_rest_in_order(self):
        with Room(self) as room:
            kafka, edge, sim = self.away(room)
            before = self.back(kafka)
            back, wall = time.monotonic(), time.time() * 1e9
            # An event that was committed after the link's return: the newest state.
            def newest():
                return any(read(bytes(record.value)).header.committed_at > wall
                           for record in kafka.records(TOPIC, from_offset=before))
            wait_until(newest, 15, "an event of after the outage is in Kafka", [edge], step=0.05)
            took = time.monotonic() - back
            self.drained(edge)
            print(f"    newest state after {took:.2f} s, drained after {time.monotonic() - back:.2f} s, resident "
                  f"{resident(edge):.1f} MiB", flush=True)
            self.assertLessEqual(took, 5)
            self.assertEqual(1, edge.metric("uplink_epochs"))
            self.assertLess(resident(edge), self.early + 16)
            self.ends(room, kafka, edge, sim)
            self.new_epoch_begun(kafka)

    def new_epoch_begun(self, kafka):
        """A new epoch was begun. Where it stands depends on how much had drained when its first event was committed."""
        epochs = [read(bytes(record.value)).header.epoch for record in kafka.records(TOPIC)]
        local = list(by_epoch(self.seen))
        self.assertGreater(len(local), 1)
        print(f"    {len(local)} epochs: the last begins at record {epochs.index(local[-1])}, the first ends at "
              f"{len(epochs) - 1 - epochs[::-1].index(local[0])}", flush=True)

    def compare(self, edge, kafka, partition=0, missing=0):
        self.seen = local_events(edge)
        return super().compare(edge, kafka, partition, missing)

    def test_killed_while_it_drains(self):
        with Room(self) as room:
            kafka, edge, sim = self.away(room)
            end = self.back(kafka)
            for _ in range(3):
                wait_until(lambda: kafka.end_offset(TOPIC) > end + 30, 40, "it drains", [edge, sim], step=0.002)
                edge.sigkill()
                end = kafka.end_offset(TOPIC)
                edge.start()
            self.ends(room, kafka, edge, sim)

    def test_restarted_while_kafka_is_away(self):
        with Room(self) as room:
            kafka, edge, sim = self.away(room)
            edge.stop()
            edge.start()
            backlog = edge.metric("uplink_backlog")
            self.assertGreater(backlog, BACKLOG)
            self.back(kafka)
            self.drained(edge)
            self.ends(room, kafka, edge, sim)
            self.new_epoch_begun(kafka)


if __name__ == "__main__":
    unittest.main()
