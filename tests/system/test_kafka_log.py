"""The central log: a topic read by `replay`, `verify`, `inspect` gives what the appliances' own logs give, whatever else
is in the topic, however often the reader is killed."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import unittest

from certificates import Authority
from harness import Process, Room, export, run_tidemark, tool, wait_until
from mqtt_client import Client
from oracle import Fold
from streams import CLIMATE, Plant

GATEWAYS = ("plant-7", "plant-8")


def fill(room, readings=1500, devices=20, burst=25):
    """{gateway: events} of two appliances, and the export of their logs folded into one file. Each burst is events of
    its own."""
    broker, logs, exports = room.broker(), {}, []
    for number, gateway in enumerate(GATEWAYS):
        edge = room.appliance(CLIMATE, gateway=gateway, name=gateway).start()
        with Client(broker.port, f"sender-{number}") as client:
            plant = Plant(client, Fold())
            for i in range(readings):
                plant.send(i * 5_000 - (i % 7 == 0) * 30_000, f"{i % 97}.{(i + number) % 10}", device=f"d{i % devices}")
                if i % burst == burst - 1:
                    client.drain()
                    edge.wait_received(plant.sent)
            plant.close_windows()
            edge.wait_received(plant.sent)
        logs[gateway] = edge.events()
        edge.stop()
        exports.append(edge.fold(room.path(f"{gateway}.db")).decode().splitlines())
    # Sorted by gateway first, under one line of names.
    return logs, "\n".join(exports[0] + exports[1][1:]) + "\n"


def foreign(number):
    return (b"someone", [b"not ours", b"", None, b"\x18\0\0\0TDME" + bytes(40)][number % 4], ())


def publish(kafka, logs, topic="telemetry", partitions=(1, 2)):
    """Each gateway's events to a partition, with resends and foreign records between them."""
    for gateway, partition in zip(GATEWAYS, partitions):
        records = []
        for number, event in enumerate(logs[gateway]):
            records.append((gateway.encode(), event, ()))
            if number % 9 == 8:
                records += [(gateway.encode(), again, ()) for again in logs[gateway][number - 4:number + 1]]
            if number % 11 == 3:
                records.append(foreign(number))
        for at in range(0, len(records), 40):
            kafka.produce(topic, records[at:at + 40], partition)
    kafka.produce(topic, [foreign(0), foreign(1)], 0)


class KafkaLog(unittest.TestCase):
    limit = 240

    def topic(self, room, **options):
        kafka = room.kafka()
        kafka.create_topic("telemetry", partitions=3)
        logs, expected = fill(room, **options)
        publish(kafka, logs)
        return kafka, f"kafka:{kafka.bootstrap()}/telemetry", logs, expected

    def replay(self, place, views, *arguments):
        done = run_tidemark("replay", "--log", place, "--views", views, *arguments)
        self.assertEqual(0, done.returncode, done.stderr)
        return done

    def test_a_topic_gives_what_the_logs_give(self):
        with Room(self) as room:
            kafka, place, logs, expected = self.topic(room)
            views = room.path("views.db")
            said = self.replay(place, views).stderr
            self.assertEqual(expected, export(views).decode())
            self.assertEqual(1, said.count("WARNING"), said)
            self.assertRegex(said, r"no events of Tidemark.*The first: partition \d, offset \d+")
            # Again: nothing changes. A file that is lost is made again.
            self.replay(place, views)
            self.assertEqual(expected, export(views).decode())
            os.remove(views)
            self.replay(place, views)
            self.assertEqual(expected, export(views).decode())
            with contextlib.closing(sqlite3.connect(views)) as db:
                positions = dict(db.execute("SELECT partition, offset FROM position"))
                names = dict(db.execute("SELECT partition, log FROM position WHERE offset > 0"))
            self.assertEqual({1: "plant-7", 2: "plant-8"}, names)
            self.assertEqual(0, positions[0])

            # Each part of the work by a process of its own.
            parts = []
            for partitions in ("0-1", "2"):
                part = room.path(f"part-{partitions}.db")
                self.replay(place, part, "--partitions", partitions)
                parts.append(export(part).decode().splitlines())
            self.assertEqual(expected, "\n".join(parts[0] + parts[1][1:]) + "\n")

            proven = run_tidemark("verify", "--log", place)
            self.assertEqual(0, proven.returncode, proven.stdout + proven.stderr)
            self.assertRegex(proven.stdout, r"\d+ events came again, byte for byte")
            inspected = run_tidemark("inspect", "--log", place)
            self.assertEqual(0, inspected.returncode, inspected.stderr)
            rows = [json.loads(line) for line in inspected.stdout.splitlines()]
            self.assertEqual({1, 2}, {row["partition"] for row in rows})
            events = sum(map(len, logs.values()))
            self.assertGreater(events, 60)
            self.assertGreater(len(rows), events, "resends are shown")
            self.assertNotIn("error", set().union(*rows))

    def test_killed_at_any_moment_it_goes_on(self):
        with Room(self) as room:
            _, place, _, expected = self.topic(room, readings=6000, devices=40, burst=60)
            views, kills = room.path("views.db"), 0
            for attempt in range(1, 60):
                replay = subprocess.Popen([tool("tidemark"), "replay", "--log", place, "--views", views],
                                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    replay.wait(timeout=attempt * 0.02)
                except subprocess.TimeoutExpired:
                    replay.kill()
                    kills += replay.wait() == -9
                if replay.returncode == 0:
                    break
            self.assertGreater(kills, 2)
            self.replay(place, views)
            self.assertEqual(expected, export(views).decode())

    def test_followed_it_takes_what_comes(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic("telemetry", partitions=3)
            logs, expected = fill(room, 300)
            views, place = room.path("views.db"), f"kafka:{kafka.bootstrap()}/telemetry"
            follow = Process([tool("tidemark"), "replay", "--log", place, "--views", views, "--follow"],
                             room.path("follow.log"))
            try:
                publish(kafka, logs)
                wait_until(lambda: os.path.exists(views) and self.exported(views) == expected, 30, "all is in the views",
                           [follow])
                kafka.sigkill(1)
                kafka.restart(1)
                kafka.produce("telemetry", [(b"plant-7", logs["plant-7"][0], ())], 1)
                wait_until(lambda: self.offset(views, 1) == kafka.end_offset("telemetry", 1), 30, "it goes on", [follow])
                self.assertEqual(expected, export(views).decode())
                follow.signal(signal.SIGTERM)
                self.assertEqual(0, follow.wait(20, "it ends"))
            finally:
                follow.kill()

    @staticmethod
    def exported(views):
        done = subprocess.run([tool("tidemark"), "export", "--views", views], capture_output=True, timeout=30, check=False)
        return done.stdout.decode()

    @staticmethod
    def offset(views, partition):
        with contextlib.closing(sqlite3.connect(views)) as db:
            return db.execute("SELECT offset FROM position WHERE partition = ?", (partition,)).fetchone()[0]

    def test_a_beginning_that_is_gone_is_refused_until_agreed_to(self):
        with Room(self) as room:
            kafka, place, _, expected = self.topic(room, readings=300)
            views = room.path("views.db")
            self.replay(place, views)
            kafka.truncate("telemetry", 3, partition=1)
            # Views that have it go on.
            self.replay(place, views)
            self.assertEqual(expected, export(views).decode())
            fresh = room.path("fresh.db")
            refused = run_tidemark("replay", "--log", place, "--views", fresh)
            self.assertEqual(1, refused.returncode, refused.stderr)
            self.assertRegex(refused.stderr, r"partition 1: positions 1 to 3 of the log are gone.*--from-retained")
            self.replay(place, fresh, "--from-retained")
            self.assertNotEqual("", export(fresh).decode())
            proven = run_tidemark("verify", "--log", place)
            self.assertEqual(0, proven.returncode, proven.stdout)
            self.assertRegex(proven.stdout, "NOTE partition 1 begins at position 4")
            # All gone that the views hold: nothing to object to.
            kafka.truncate("telemetry", self.offset(views, 1), partition=1)
            self.replay(place, views)
            self.assertEqual(expected, export(views).decode())
            # Nothing left of a partition: its beginning is gone all the same.
            kafka.truncate("telemetry", kafka.end_offset("telemetry", 1), partition=1)
            refused = run_tidemark("replay", "--log", place, "--views", room.path("late.db"), "--partitions", "1")
            self.assertEqual(1, refused.returncode, refused.stderr)
            self.assertRegex(refused.stderr, "positions 1 to .* gone")
            # The topic made anew is shorter than what was read of it.
            kafka.delete_topic("telemetry")
            kafka.create_topic("telemetry", partitions=3)
            shorter = run_tidemark("replay", "--log", place, "--views", views)
            self.assertEqual(1, shorter.returncode, shorter.stderr)
            self.assertRegex(shorter.stderr, "longer than this one")

    def test_a_missing_event_is_found(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic("telemetry")
            logs, _ = fill(room, 300)
            events = logs["plant-7"]
            kafka.produce("telemetry", [(b"plant-7", event, ()) for event in events[:2] + events[3:]])
            done = run_tidemark("verify", "--log", f"kafka:{kafka.bootstrap()}/telemetry")
            self.assertEqual(1, done.returncode, done.stdout)
            self.assertRegex(done.stdout, "sequence 3 is missing")

    def test_what_is_wrong_is_said(self):
        with Room(self) as room:
            kafka = room.kafka()
            views = room.path("views.db")

            def said(*arguments, place=f"kafka:{kafka.bootstrap()}/absent"):
                done = run_tidemark("replay", "--log", place, "--views", views, *arguments)
                self.assertNotEqual(0, done.returncode)
                self.assertFalse(os.path.exists(views))
                return done.returncode, done.stderr

            self.assertRegex(str(said()), r"\(1, .*no topic .*absent")
            self.assertRegex(str(said(place="kafka:127.0.0.1:1/telemetry")), r"\(1, .*refused.*are the brokers running")
            self.assertRegex(str(said(place="kafka:telemetry")), r"\(1, .*not kafka:BROKERS/TOPIC")
            self.assertRegex(str(said("--partitions", "3-1")), r"\(2, .*0-3,7")
            code, text = said("--kafka-property", "sasl.password=canary-7")
            self.assertEqual(2, code)
            self.assertIn("sasl.password_file=PATH", text)
            self.assertNotIn("canary-7", text)
            self.assertRegex(str(said("--kafka-property", "no.such=1")), r"\(2, .*no\.such")
            kafka.create_topic("telemetry", partitions=2)
            code, text = said("--partitions", "5", place=f"kafka:{kafka.bootstrap()}/telemetry")
            self.assertEqual(1, code)
            self.assertRegex(text, "partitions 0 to 1")

    def test_with_a_password_over_tls(self):
        with Room(self) as room:
            authority = Authority(room.path("certificates"), "authority")
            kafka = room.kafka(listeners=("SASL_TLS",), authority=authority, users={"reader": "canary-7"})
            kafka.create_topic("telemetry", partitions=3)
            logs, expected = fill(room, 300)
            publish(kafka, logs)
            secret, views = room.path("secret"), room.path("views.db")
            place = f"kafka:{kafka.bootstrap('SASL_TLS')}/telemetry"

            def replay(password, mechanism="PLAIN"):
                with open(secret, "w", encoding="utf-8") as out:
                    out.write(password + "\n")
                properties = ("security.protocol=SASL_SSL", f"sasl.mechanism={mechanism}", "sasl.username=reader",
                              f"sasl.password_file={secret}", f"ssl.ca.location={authority.certificate}")
                options = [word for each in properties for word in ("--kafka-property", each)]
                done = run_tidemark("replay", "--log", place, "--views", views, *options)
                self.assertNotIn("canary-7", done.stdout + done.stderr)
                return done

            refused = replay("wrong")
            self.assertEqual(1, refused.returncode)
            self.assertRegex(refused.stderr, "(?i)authentication failed")
            scram = replay("canary-7", "SCRAM-SHA-512")
            if scram.returncode:  # By librdkafka 2.0.2 of Debian 12.
                self.assertRegex(scram.stderr, "cannot do SCRAM with Kafka 4.*2.6.1")
            done = replay("canary-7")
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual(expected, export(views).decode())


if __name__ == "__main__":
    unittest.main()
