"""The central log: a topic read by `replay`, `verify`, `inspect` gives what the appliances' own logs give, whatever else
is in the topic, however often the reader is killed."""

import contextlib
import ctypes
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
            with self.following(room, place, views) as follow:
                publish(kafka, logs)
                wait_until(lambda: os.path.exists(views) and self.exported(views) == expected, 60, "all is in the views",
                           [follow])
                kafka.sigkill(1)
                kafka.restart(1)
                kafka.produce("telemetry", [(b"plant-7", logs["plant-7"][0], ())], 1)
                wait_until(lambda: self.offset(views, 1) == kafka.end_offset("telemetry", 1), 60, "it goes on", [follow])
                self.assertEqual(expected, export(views).decode())

    @contextlib.contextmanager
    def following(self, room, place, views, name="follow"):
        """A `replay --follow` of this place, which ends well at SIGTERM."""
        follow = Process([tool("tidemark"), "replay", "--log", place, "--views", views, "--follow"],
                         room.path(f"{name}.log"))
        try:
            yield follow
            follow.signal(signal.SIGTERM)
            self.assertEqual(0, follow.wait(30, "it ends"))
        finally:
            follow.kill()

    def test_followed_it_takes_partitions_that_are_added(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic("telemetry", partitions=1)
            logs, expected = fill(room, 300)
            views, place = room.path("views.db"), f"kafka:{kafka.bootstrap()}/telemetry"
            publish(kafka, {"plant-7": logs["plant-7"], "plant-8": []}, partitions=(0, 0))
            inspect = room.keep(Process([tool("tidemark"), "inspect", "--log", place, "--follow"], room.path("inspect.log")))

            def inspected(partition):
                """Positions of this partition that have been printed."""
                events = [json.loads(line) for line in inspect.output().splitlines(True) if line.endswith("}\n")]
                return [event["position"] for event in events if event["partition"] == partition]

            with self.following(room, place, views) as follow:
                both = [follow, inspect]
                wait_until(lambda: os.path.exists(views) and "plant-7" in self.exported(views) and inspected(0), 60,
                           "plant-7 is there", both)
                kafka.add_partitions("telemetry", 2)
                kafka.produce("telemetry", [(b"plant-8", event, ()) for event in logs["plant-8"]], 1)

                def all_there():
                    # The first partition is never quiet.
                    kafka.produce("telemetry", [(b"plant-7", logs["plant-7"][0], ())], 0)
                    return self.exported(views) == expected and len(inspected(1)) >= len(logs["plant-8"])

                wait_until(all_there, 60, "what came to the new partition is in the views, and is printed", both, step=0.2)
            self.assertEqual(list(range(1, len(logs["plant-8"]) + 1)), inspected(1))
            inspect.signal(signal.SIGTERM)
            self.assertEqual(0, inspect.wait(30))

    def test_a_leader_that_is_killed_is_outlived(self):
        with Room(self) as room:
            kafka = room.kafka(brokers=3)
            kafka.create_topic("telemetry", partitions=3)
            logs, expected = fill(room, 300)
            place, views = f"kafka:{kafka.bootstrap()}/telemetry", room.path("views.db")
            publish(kafka, {gateway: events[:len(events) // 2] for gateway, events in logs.items()})
            with self.following(room, place, views) as follow:
                wait_until(lambda: os.path.exists(views) and "plant-8" in self.exported(views), 60, "plant-8 is there",
                           [follow])
                killed = kafka.leader("telemetry", 1)
                kafka.sigkill(killed)
                self.assertNotEqual(killed, kafka.leader("telemetry", 1))
                publish(kafka, {gateway: events[len(events) // 2:] for gateway, events in logs.items()})
                wait_until(lambda: self.exported(views) == expected, 60, "all is in the views", [follow])
                kafka.restart()
                # And one that reads as fast as it can.
                fresh = room.path("fresh.db")
                replay = room.keep(Process([tool("tidemark"), "replay", "--log", place, "--views", fresh],
                                           room.path("replay.log")))
                kafka.sigkill(kafka.leader("telemetry", 2))
                self.assertEqual(0, replay.wait(90, "the replay ends"), replay.output())
                self.assertEqual(expected, export(fresh).decode())

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

    def test_over_tls_with_a_certificate_or_a_password(self):
        with Room(self) as room:
            authority = Authority(room.path("certificates"), "authority")
            kafka = room.kafka(listeners=("MTLS", "SASL_TLS"), authority=authority, users={"reader": "canary-7"})
            kafka.create_topic("telemetry", partitions=3)
            logs, expected = fill(room, 300)
            publish(kafka, logs)
            secret = room.path("secret")
            trust = {"ssl.ca.location": authority.certificate}
            login = {**trust, "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN", "sasl.username": "reader",
                     "sasl.password_file": secret}

            def replay(name, listener, properties, *arguments):
                """The exit status and what was said; the views are checked."""
                views = room.path(f"{name}.db")
                options = [word for key, value in properties.items() for word in ("--kafka-property", f"{key}={value}")]
                done = run_tidemark("replay", "--log", f"kafka:{kafka.bootstrap(listener)}/telemetry", "--views", views,
                                    *options, *arguments)
                self.assertNotIn("canary-7", done.stdout + done.stderr)
                if done.returncode == 0:
                    self.assertEqual(expected, export(views).decode())
                return done.returncode, done.stderr

            # A certificate: without one the broker ends the connection.
            certificate, key = authority.issue("reader")
            shown = {**trust, "security.protocol": "SSL", "ssl.certificate.location": certificate, "ssl.key.location": key}
            without = replay("without", "MTLS", {**trust, "security.protocol": "SSL"})
            self.assertEqual(1, without[0])
            self.assertRegex(without[1], "certificate")
            self.assertEqual(0, replay("certificate", "MTLS", shown)[0])

            # A password, and by the way one that is wrong.
            self.write(secret, "wrong")
            refused = replay("wrong", "SASL_TLS", login)
            self.assertEqual(1, refused[0])
            self.assertRegex(refused[1], "(?i)authentication failed")
            self.write(secret, "canary-7")
            self.assertEqual(0, replay("password", "SASL_TLS", login)[0])

            # By [kafka.properties] of a configuration; what the command line says wins.
            lines = "".join(f'"{name}" = "{value}"\n' for name, value in login.items())
            edge = room.appliance(CLIMATE, name="configured",
                                  kafka=f'brokers = "127.0.0.1:9"\ntopic = "telemetry"\n[kafka.properties]\n{lines}')
            self.assertEqual(0, replay("configured", "SASL_TLS", {}, "--config", edge.config)[0])
            other = replay("other", "SASL_TLS", {"sasl.username": "nobody"}, "--config", edge.config)
            self.assertEqual(1, other[0])
            self.assertRegex(other[1], "(?i)authentication failed")

            # SCRAM: Debian 12's librdkafka cannot, and that is said; a newer one can.
            scram = replay("scram", "SASL_TLS", {**login, "sasl.mechanism": "SCRAM-SHA-512"})
            if ctypes.CDLL("librdkafka.so.1").rd_kafka_version() < 0x02060100:
                self.assertEqual(1, scram[0])
                self.assertRegex(scram[1], "librdkafka 2.* cannot do SCRAM with Kafka 4.*use PLAIN over TLS or client "
                                           "certificates, or librdkafka 2.6.1 or later")
            else:
                self.assertEqual(0, scram[0], scram[1])

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as out:
            out.write(text + "\n")


if __name__ == "__main__":
    unittest.main()
