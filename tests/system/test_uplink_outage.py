"""Kafka is away for long: memory stays flat, and when it is back the newest state is there at once, and the old events
drain behind it in their order."""

import time
import unittest

from central_log import CentralLog
from event_reader import groups_of, root_of
from fleet_truth import Truth
from harness import Peak, Room, export, run_tidemark, wait_until
from history import HISTORY, History
from mqtt_client import Client
from oracle import SECOND
from streams import fleet
from uplink_case import TOPIC, UplinkCase

MIB = 1 << 20
LONG = 256  # events: from there on the newest go first
# Sealed soon, so that memory tells of the outage and not of open windows.
STREAMS = HISTORY + "\n" + fleet(window="1s", lateness="5s", idle_timeout="1s")


def panes(edge):
    return edge.metric("panes")


class UplinkOutage(UplinkCase):
    heavy = True
    limit = 300

    def away(self, room, windows, silent=False, **options):
        """Kafka, the appliance, a plant that goes on, and what was sent as history: so many windows wait in a long
        backlog, and Kafka is down, or stands still if `silent`."""
        kafka = room.kafka()
        kafka.create_topic(TOPIC)
        edge = self.appliance(room, kafka, streams=STREAMS, **options).start()
        self.memory = room.keep(Peak(edge.process))
        # 2,000 messages a second; nothing late, nothing twice.
        sim = self.load(room, 0, devices=1000, interval="500ms", profile="clean")
        self.acknowledged(edge, 20)
        (kafka.sigstop if silent else kafka.sigkill)(1)
        self.since, self.before = time.monotonic(), panes(edge)
        edge.wait_metric("uplink_backlog", lambda rows: rows > 10, 60)
        self.early, begun = self.memory.bytes, time.monotonic()
        history = History(windows)
        with Client(room._broker.port, "history") as client:
            history.publish(client, edge)
        self.took = time.monotonic() - begun
        edge.wait_metric("uplink_backlog", lambda rows: rows > LONG, 60)
        return kafka, edge, sim, history

    @staticmethod
    def back(kafka):
        kafka.start_broker(1)
        kafka.wait_ready()

    @staticmethod
    def newest_after(kafka, edge, wall):
        """Seconds until Kafka has a window of the plant in an event that was committed after `wall` (ns)."""
        begun, log, at = time.monotonic(), CentralLog(), 0

        def newest():
            nonlocal at
            for record in kafka.records(TOPIC, from_offset=at):
                at = record.offset + 1
                if log.take(bytes(record.value)).committed_at > wall:
                    groups = (groups_of(root_of(bytes(record.value))) or ((), (), ()))[2]
                    if any(group.text(0) != "history" for group in groups):
                        return True
            return False

        wait_until(newest, 30, "the newest state is in Kafka", [edge], step=0.05)
        return time.monotonic() - begun

    def ends(self, room, kafka, edge, sim, history):
        """What was sent is in Kafka's log, all of it, once, in order. Returns that log."""
        sim.finish(60, now=True)
        edge.wait_metric("open", lambda open: open == 0, 60)
        edge.stop()
        central = CentralLog((bytes(record.value) for record in kafka.records(TOPIC)), folding=True)
        self.assertEqual([], central.disorder)
        self.assertEqual([], history.differences(central))
        place, views = f"kafka:{kafka.bootstrap()}/{TOPIC}", room.path("views.db")
        done = run_tidemark("replay", "--log", place, "--views", views)
        self.assertEqual(0, done.returncode, done.stderr)
        live = b"".join(line for line in export(views).splitlines(True) if b",history," not in line)
        self.assertEqual((0, 0), Truth([room.path("truth-1.db")], SECOND).lost_and_twice(live))
        edge.proven()
        proven = edge.verify(place)
        self.assertEqual(0, proven.returncode, proven.stdout + proven.stderr)
        return central

    def test_a_million_windows(self):
        with Room(self) as room:
            kafka, edge, sim, history = self.away(room, 1_000_000)
            outage = self.memory.bytes
            self.back(kafka)
            back, wall, waiting, rows = time.monotonic(), time.time_ns(), panes(edge), edge.metric("uplink_backlog")
            newest_after = self.newest_after(kafka, edge, wall)
            self.drained(edge)
            drained_after, until = time.monotonic() - back, time.monotonic()
            plant = (panes(edge) - self.before - history.windows) / (until - self.since)
            rate = (waiting - self.before) / drained_after
            print(f"    {history.windows} windows gathered in {self.took:.1f} s; {waiting - self.before:.0f} waited in "
                  f"{rows:.0f} events; newest state after {newest_after:.2f} s, drained after {drained_after:.2f} s: "
                  f"{rate:.0f} windows/s, the plant made {plant:.0f}/s", flush=True)
            self.assertLessEqual(newest_after, 5)
            self.assertGreaterEqual(rate, 10 * plant)
            self.assertEqual(1, edge.metric("uplink_epochs"))
            most = self.memory.bytes
            central = self.ends(room, kafka, edge, sim, history)
            first, last = central.epochs[0], central.epochs[-1]
            print(f"    at most {self.early / MIB:.1f} MiB resident before it, {outage / MIB:.1f} in it, {most / MIB:.1f} "
                  f"until drained; {sum(map(len, central.events)) / MIB:.0f} MiB in {len(central.events)} events, "
                  f"{central.repeated} came twice; the second epoch begins behind {last.first} of the "
                  f"{len(first.sequences)} of the first", flush=True)
            self.assertEqual(2, len(central.epochs))
            self.assertLess(last.first, len(first.sequences), "the newest before the rest of the oldest")
            self.assertLessEqual(most, 32 * MIB)

    def test_killed_while_it_drains(self):
        with Room(self) as room:
            kafka, edge, sim, history = self.away(room, 200_000, commit_delay="5ms")
            self.back(kafka)
            for _ in range(3):
                end = kafka.end_offset(TOPIC)
                wait_until(lambda: kafka.end_offset(TOPIC) > end + 10, 40, "it drains", [edge], step=0.002)
                edge.sigkill()
                edge.start()
            central = self.ends(room, kafka, edge, sim, history)
            print(f"    {len(central.events)} events, {central.repeated} came twice, {len(central.epochs)} epochs",
                  flush=True)

    def test_restarted_while_kafka_is_away(self):
        with Room(self) as room:
            kafka, edge, sim, history = self.away(room, 200_000, commit_delay="5ms")
            edge.stop()
            edge.start()
            self.back(kafka)
            self.drained(edge)
            # The start began an epoch, and another began if much had gathered again until Kafka answered.
            begun = 2 + edge.metric("uplink_epochs")
            central = self.ends(room, kafka, edge, sim, history)
            self.assertEqual(begun, len(central.epochs))

    def test_a_link_that_falls_silent_is_given_up(self):
        with Room(self) as room:
            kafka, edge, sim, history = self.away(room, 50_000, silent=True, commit_delay="5ms")
            # Kept, it would go on with the oldest.
            self.said(edge, "nothing is acknowledged any more")
            kafka.sigcont(1)
            kafka.wait_ready()
            self.assertLessEqual(self.newest_after(kafka, edge, time.time_ns()), 5)
            self.assertGreaterEqual(edge.metric("uplink_epochs"), 1)
            self.ends(room, kafka, edge, sim, history)


if __name__ == "__main__":
    unittest.main()
