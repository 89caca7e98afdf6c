"""An event that is larger than the topic takes is parked, a tombstone stands in its place, and the rest flows."""

import hashlib
import json
import re
import time
import unittest

import event_reader
from central_log import CentralLog
from harness import Room, run_tidemark, view_rows, wait_until
from uplink_case import TOPIC, UplinkCase

SMALL = 2_000  # bytes that the lowered topic takes: a tombstone and a heartbeat, not a second of 150 devices


def digest_after(event):
    return hashlib.sha256(bytes.fromhex(event_reader.read(event).header.digest) + event).digest()[:16].hex()


def sequences(events):
    """{epoch: [sequence, ...]} as they stand."""
    return {epoch.number: epoch.sequences for epoch in CentralLog(events).epochs}


def panes_of(event):
    read = event_reader.read(event)
    return read.body if read.kind == "window_batch" else []


class UplinkParked(UplinkCase):
    limit = 240

    def waiting(self, room, kafka):
        """An appliance with large events that wait for a topic."""
        edge = self.appliance(room, kafka).start()
        self.said(edge, f"there is no topic {TOPIC}")
        self.load(room, 5, devices=300).finish(30)
        edge.wait_metric("open", lambda open: open == 0, 30)
        large = sum(len(event) > 4 * SMALL for event in edge.events())
        self.assertGreaterEqual(large, 2)
        return edge

    def central(self, edge, kafka, deadline=30):
        """The records of the topic without repeats, held against the local log: each is the event itself or its tombstone, and
        each epoch is in its order. Both logs may still grow, by heartbeats and reports: Kafka's is looked at again until it has
        what the local one had before. Returns ({(epoch, sequence): event} that were parked, their tombstones alike)."""
        had = sequences(edge.events())

        def there():
            values = list(dict.fromkeys(bytes(record.value) for record in kafka.records(TOPIC)))
            reached = sequences(values)
            return values if all(numbers == reached.get(epoch, [])[:len(numbers)] for epoch, numbers in had.items()) else None

        values = wait_until(there, deadline, lambda: f"Kafka has what the local log had: {had}", [edge], step=0.2)
        local = edge.events()
        own = sequences(local)
        for epoch, numbers in sequences(values).items():
            self.assertEqual(own[epoch][:len(numbers)], numbers, "every epoch in its order, and nothing that is not in the log")
        at = {}
        for event in local:
            header = event_reader.read(event).header
            at[header.epoch, header.sequence] = event
        parked, tombstones = {}, {}
        for value in values:
            read = event_reader.read(value)
            identity = read.header.epoch, read.header.sequence
            if read.kind != "tombstone":
                self.assertEqual(at[identity], value)
                continue
            parked[identity], tombstones[identity] = at[identity], read
            self.assertEqual(event_reader.read(at[identity]).header, read.header)
            panes = panes_of(at[identity])
            (body,) = read.body
            self.assertEqual({"bytes": len(at[identity]), "panes": len(panes), "readings": sum(p["count"] for p in panes),
                              "first_start": min((p["start"] for p in panes), default=0),
                              "last_end": max((p["start"] + p["size"] for p in panes), default=0),
                              "digest_after": digest_after(at[identity])}, body)
        return parked, tombstones

    def parked_at(self, source):
        """What `inspect --parked` gives out: {(epoch, sequence): its JSON}."""
        done = run_tidemark("inspect", "--parked", *source)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(sorted(row["position"] for row in rows), [row["position"] for row in rows])
        return {(int(row["epoch"], 16), row["sequence"]): row for row in rows}

    def test_the_rest_flows_in_order_through_a_kill_and_what_lacks_is_said_exactly(self):
        with Room(self) as room:
            kafka = room.kafka()
            edge = self.waiting(room, kafka)
            kafka.create_topic(TOPIC, configs={"max.message.bytes": SMALL})
            # Killed when the first is parked: whether its tombstone has left, nobody knows.
            edge.wait_metric("parked_events", lambda parked: parked >= 1, 40)
            edge.sigkill()
            first = self.parked_at(["--config", edge.config])
            # The topic takes more now, but what was parked stays parked: a reader may have gone over it.
            kafka.alter_topic(TOPIC, max_message_bytes=1_000_000)
            edge.start()
            self.drained(edge, 90)
            self.assertEqual(len(first), edge.metric("parked_events"))
            self.assertEqual(set(first), set(self.central(edge, kafka)[0]))
            # Before the next contact it takes little again, and from then on events are made to fit. At the stop every source's
            # ledger goes into the log.
            edge.stop()
            kafka.alter_topic(TOPIC, max_message_bytes=SMALL)
            edge.start()
            self.drained(edge)
            had = edge.metric("parked_events")
            self.load(room, 2, 2, devices=150).finish(30)
            edge.wait_metric("open", lambda open: open == 0, 30)
            edge.stop()
            edge.start()
            self.drained(edge)
            self.assertEqual(had, edge.metric("parked_events"))
            self.assertGreater(edge.metric("uplink_record_limit"), SMALL // 2)

            parked, tombstones = self.central(edge, kafka)
            self.assertLessEqual(set(first), set(parked))
            given = self.parked_at(["--log", edge.admin_url])
            self.assertEqual(set(parked), set(given))
            for identity, row in given.items():
                self.assertEqual(len(panes_of(parked[identity])), len(row.get("panes", ())))

            # The exact difference, and nothing else.
            edge.replay(room.path("own.db"))
            count = "SELECT sum(count) FROM window"
            whole = view_rows(room.path("own.db"), count)[0][0]
            log = f"kafka:{kafka.bootstrap()}/{TOPIC}"
            panes = sum(t.body[0]["panes"] for t in tombstones.values())
            readings = sum(t.body[0]["readings"] for t in tombstones.values())
            views = room.path("central.db")
            replayed = run_tidemark("replay", "--log", log, "--views", views)
            self.assertEqual(0, replayed.returncode, replayed.stderr)
            lacking = whole - view_rows(views, count)[0][0]
            self.assertGreater(lacking, 0)
            done = run_tidemark("verify", "--log", log)
            self.assertEqual(1, done.returncode, done.stdout + done.stderr)
            self.assertIn(f"parked at the gateway: {len(parked)} event{'s' if len(parked) > 1 else ''}, {panes} panes, {readings} readings", done.stdout)
            self.assertIn(f"The ledgers say {lacking} readings more than the log holds", done.stdout)
            self.assertIn("not proven: 1 difference\n", done.stdout)
            self.assertEqual(0, edge.verify().returncode, "the gateway's own log is whole")

            # Views go on without, and say so.
            without = [int(number) for number in re.findall(r"without (\d+) panes", replayed.stderr)]
            self.assertEqual(panes, sum(without))
            done = run_tidemark("inspect", "--log", log)
            self.assertEqual(len(parked), sum(json.loads(line)["event"] == "tombstone" for line in done.stdout.splitlines()))

    def test_a_limit_that_is_lowered_while_events_fly(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic(TOPIC)
            edge = self.appliance(room, kafka).start()
            sim = self.load(room, 8, devices=150)
            self.acknowledged(edge, 3)
            kafka.alter_topic(TOPIC, max_message_bytes=SMALL)
            sim.finish(40)
            edge.wait_metric("open", lambda open: open == 0, 30)
            self.drained(edge, 90)
            parked, _ = self.central(edge, kafka)
            self.assertGreaterEqual(len(parked), 1)
            self.assertEqual(set(parked), set(self.parked_at(["--log", edge.admin_url])))
            self.assertEqual(len(parked), edge.metric("uplink_parked"))
            self.said(edge, "larger than topic telemetry takes", "max.message.bytes = 2000", "inspect --parked")

    def test_where_not_even_a_tombstone_fits_sending_stops_until_it_does(self):
        with Room(self) as room:
            kafka = room.kafka()
            edge = self.waiting(room, kafka)
            began = time.monotonic()
            kafka.create_topic(TOPIC, configs={"max.message.bytes": 100})
            refusal = "so is what would stand in its place"
            self.said(edge, refusal, "Raise max.message.bytes")
            self.collects(room, edge, 3)
            self.assertEqual(0, kafka.end_offset(TOPIC))
            # Every attempt meets it again: that is not said each time.
            contacts = edge.metric("tidemark_uplink_contacts_total")
            edge.wait_metric("tidemark_uplink_contacts_total", lambda now: now >= contacts + 4, 60)
            output, minutes = edge.process.output(), (time.monotonic() - began) / 60
            self.assertLessEqual(output.count(refusal), 1 + minutes)
            # With the topic, and after what a slow machine may add.
            self.assertLessEqual(output.count("contact again"), 2)
            self.assertLessEqual(output.count("were on their way"), 3)
            self.assertNotIn("is taken now", output)
            kafka.alter_topic(TOPIC, max_message_bytes=1_000_000)
            self.drained(edge)
            self.assertEqual(1, edge.process.output().count("of the log is taken now, after"))
            parked, _ = self.central(edge, kafka)
            # The first of each epoch was, before its tombstone was refused: a long backlog begins a second one.
            self.assertLessEqual(len(parked), 2)
            self.assertLessEqual({sequence for _, sequence in parked}, {1})


if __name__ == "__main__":
    unittest.main()
