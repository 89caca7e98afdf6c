"""What stands in Kafka behind the last acknowledged event says who wrote it: another topic under the old name, our own
events whose acknowledgement was lost, or a future that a restored state file does not know. A gap, a fork and a repeat
show in `verify`, in the metrics, and as one line of the log."""

import contextlib
import os
import shutil
import sqlite3
import struct
import unittest

from harness import Room, run_tidemark
from kafka.broker import steady_port
from kafka.wire import crc32c
from relay import Relay
from streams import fleet
from uplink_case import TOPIC, UplinkCase


def read_setting(state, name):
    with contextlib.closing(sqlite3.connect(state)) as database:
        found = database.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
    return found[0].decode() if found else ""


def write_setting(state, name, value):
    """With its check sum (docs/formats/state.md)."""
    def text(content):
        return bytes([len(content)]) + content.encode()

    with contextlib.closing(sqlite3.connect(state)) as database:
        number, = database.execute("SELECT id FROM setting WHERE name = ?", (name,)).fetchone()
        check = crc32c(b"setting" + struct.pack("<Q", number) + text(name) + text(value))
        database.execute("UPDATE setting SET value = ?, crc = ? WHERE id = ?", (value.encode(), check, number))
        database.commit()


class UplinkIdentity(UplinkCase):
    limit = 240

    def begun(self, room):
        """(kafka, appliance) with some events acknowledged."""
        kafka = room.kafka()
        kafka.create_topic(TOPIC)
        edge = self.appliance(room, kafka).start()
        self.quiet(room, edge, 1)
        return kafka, edge

    def quiet(self, room, edge, seed, seconds=2):
        """Some readings, and all that comes of them acknowledged."""
        self.load(room, seconds, seed).finish(30)
        edge.wait_metric("open", lambda open: open == 0, 30)
        self.drained(edge)

    def once(self, edge, words):
        """One line holds these words."""
        self.said(edge, words)
        self.assertEqual(1, edge.process.output().count(words), edge.process.tail())

    def verify(self, kafka):
        done = run_tidemark("verify", "--log", f"kafka:{kafka.bootstrap()}/{TOPIC}")
        return done.returncode, done.stdout + done.stderr

    def fill(self, kafka, upto):
        """Others write until the log there is as long as this."""
        while (end := kafka.end_offset(TOPIC)) < upto:
            kafka.produce(TOPIC, [(b"someone", b"else's", ())] * min(100, upto - end))

    def test_a_topic_made_anew_that_others_filled_is_not_taken_for_the_old_one(self):
        with Room(self) as room:
            kafka, edge = self.begun(room)
            self.quiet(room, edge, 2, 4)
            acknowledged = kafka.end_offset(TOPIC)
            # While it sends: the offsets of what is acknowledged go back, and it is held.
            kafka.delete_topic(TOPIC)
            kafka.create_topic(TOPIC)
            sim = self.load(room, 3, 3)
            edge.wait_metric("uplink_held", lambda held: held == 1, 40)
            sim.finish(30)
            edge.stop()
            # Then others fill the new topic past our offset: by its length it could be the old one.
            self.fill(kafka, acknowledged + 50)
            end = kafka.end_offset(TOPIC)
            for restart in (True, False):
                edge.start()
                edge.wait_metric("uplink_held", lambda held: held == 1, 40)
                self.once(edge, "the topic was made anew, and others have filled it")
                self.collects(room, edge, 7)
                self.assertEqual(1, edge.metric("uplink_held"))
                self.assertEqual(end, kafka.end_offset(TOPIC), "nothing is sent there")
                if restart:
                    edge.stop()
            # Consent while it runs; there is none in advance.
            accepted = run_tidemark("uplink", "accept", "--config", edge.config)
            self.assertEqual((0, ""), (accepted.returncode, accepted.stderr))
            self.assertIn("accepted: ", accepted.stdout)
            self.drained(edge)
            self.assertEqual(0, edge.metric("uplink_held"))
            again = run_tidemark("uplink", "accept", "--config", edge.config)
            self.assertEqual(1, again.returncode)
            self.assertIn("nothing is held", again.stderr)
            self.assertGreater(kafka.end_offset(TOPIC), end)

    def test_a_log_whose_beginning_is_gone_needs_no_witness(self):
        with Room(self) as room:
            kafka, edge = self.begun(room)
            edge.stop()
            kafka.truncate(TOPIC, kafka.end_offset(TOPIC))
            edge.start()
            self.quiet(room, edge, 2)
            self.assertEqual(0, edge.metric("uplink_held"))

    def test_a_long_log_behind_ours_is_read_only_in_part(self):
        with Room(self) as room:
            port = steady_port()
            kafka = room.kafka(config={"advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}"})
            kafka.create_topic(TOPIC)
            link = room.keep(Relay(port, kafka.port())).mend()
            edge = self.appliance(room, kafka, f'brokers = "127.0.0.1:{port}"').start()
            self.quiet(room, edge, 1)
            edge.stop()
            cost = []
            for more in ("", '[uplink]\nmax_rate = "4KiB"\n'):
                # 3 MB of others', in batches of 100 KB that do not compress.
                for _ in range(30):
                    kafka.produce(TOPIC, [(b"someone", os.urandom(10_000), ()) for _ in range(10)])
                edge._head = edge._head.replace("[limits]", f"{more}[limits]")
                edge.configure(fleet(window="1s", idle_timeout="1s"))
                before = link.received
                edge.start()
                self.once(edge, "of the 300 records behind the last one acknowledged the first")
                cost.append(link.received - before)
                self.quiet(room, edge, 2 + len(cost))
                edge.stop()
            print(f"    read of 3,000,000 bytes: {cost[0]}, with max_rate {cost[1]}", flush=True)
            # The limit, and two answers of one batch each; the rest is what any contact takes.
            full, capped = cost
            self.assertLess(full, 256 * 1024 + 2 * 101_000 + 20_000)
            self.assertLess(capped, 5 * 4096 + 2 * 101_000 + 20_000)

    def test_a_card_that_was_copied_to_another_machine_sends_nothing(self):
        with Room(self) as room:
            kafka, edge = self.begun(room)
            edge.stop()
            if not read_setting(edge.state, "uplink.machine"):
                self.skipTest("this machine shows no mark: no serial number, no permanent network address")
            # As a card from elsewhere would have it.
            write_setting(edge.state, "uplink.machine", "0000000000000001")
            end = kafka.end_offset(TOPIC)
            for kill in (True, False):
                edge.start()
                edge.wait_metric("uplink_held", lambda held: held == 1, 40)
                self.once(edge, "this state file was last used on another machine")
                self.collects(room, edge, 8)
                self.assertEqual(end, kafka.end_offset(TOPIC), "nothing is sent")
                if kill:
                    edge.sigkill()
            accepted = run_tidemark("uplink", "accept", "--config", edge.config)
            self.assertEqual((0, ""), (accepted.returncode, accepted.stderr))
            self.drained(edge)
            self.assertGreater(kafka.end_offset(TOPIC), end)
            edge.stop()
            edge.start()
            self.drained(edge)
            self.assertEqual(0, edge.metric("uplink_held"), "it is this machine's now")

    def test_a_repeat_a_gap_and_a_fork_are_each_named(self):
        with Room(self) as room:
            kafka, edge = self.begun(room)
            self.assertEqual(0, self.verify(kafka)[0])
            # A repeat: the place of what was acknowledged last is written with the next commit, which never comes.
            edge.sigkill()
            edge.start()
            self.drained(edge)
            repeated = edge.metric("uplink_repeated")
            self.assertGreater(repeated, 0)
            self.once(edge, f"{repeated:.0f} events that were not acknowledged are there already: they come twice")
            status, said = self.verify(kafka)
            self.assertEqual(0, status, said)
            self.assertIn("came again, byte for byte", said)
            self.assertEqual((0, 0), (edge.metric("uplink_gaps"), edge.metric("uplink_forks")))

            # A fork: an old state file is put back after the appliance has gone on.
            edge.stop()
            backup, state = room.path("backup"), os.path.dirname(edge.state)
            shutil.copytree(state, backup)
            edge.start()
            self.assertEqual(0, edge.metric("uplink_repeated"), "a clean stop leaves nothing to send again")
            self.quiet(room, edge, 2)
            edge.stop()
            shutil.rmtree(state)
            shutil.copytree(backup, state)
            edge.start()
            self.drained(edge)
            self.assertEqual(1, edge.metric("uplink_forks"))
            self.once(edge, "an old state file was put back, or two appliances share the name")
            self.quiet(room, edge, 3)
            self.assertEqual(1, edge.metric("uplink_forks"), "sending goes on, and it is counted once")
            status, said = self.verify(kafka)
            self.assertEqual(1, status)
            self.assertIn("an old state file was put back", said)

            # A gap: two rows of the log are damaged before they were sent.
            kafka.stop()
            self.collects(room, edge, 4, seconds=6)
            edge.wait_metric("uplink_backlog", lambda rows: rows > 4, 20)
            edge.stop()
            with sqlite3.connect(edge.state) as db:
                last = db.execute("SELECT max(position) FROM log").fetchone()[0]
                db.execute("UPDATE log SET body = zeroblob(length(body)) WHERE position IN (?, ?)", (last - 2, last - 3))
            db.close()
            kafka.start()
            edge.start()
            self.drained(edge)
            self.assertEqual((1, 2), (edge.metric("uplink_gaps"), edge.metric("uplink_gap_rows")))
            self.once(edge, f"rows {last - 3} to {last - 2} of the local log are damaged or gone")
            status, said = self.verify(kafka)
            self.assertEqual(1, status)
            self.assertIn("missing (before position", said)


if __name__ == "__main__":
    unittest.main()
