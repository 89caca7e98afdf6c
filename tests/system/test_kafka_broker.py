"""The Kafka that other tests stand on: it starts, keeps what it acknowledged through kills, and what it holds is read
byte for byte by a client that shares nothing with the product."""

import contextlib
import os
import shutil
import ssl
import subprocess
import sys
import threading
import time
import unittest

from certificates import Authority
from harness import Room, wait_until
from kafka import wire

MILLION = 1_000_000
USERS = {"gateway": "correct-horse", "reader": "battery=staple"}


def numbered(count, start=0):
    """Records that show any byte lost, moved or changed: no key, an empty key, every byte value, headers."""
    for number in range(start, start + count):
        key = [None, b"", b"plant-7"][number % 3]
        value = number.to_bytes(8, "big") + bytes(range(number % 256)) if number % 50 else None
        yield key, value, (("seq", str(number).encode()), ("none", None))[:number % 3]


def kcat(*arguments, **options):
    done = subprocess.run(["kcat", *map(str, arguments)], capture_output=True, timeout=120, check=False, **options)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


class OneBroker(unittest.TestCase):
    limit = 240

    def test_starts_in_seconds_and_says_who_it_is(self):
        with Room(self) as room:
            started = time.monotonic()
            kafka = room.kafka()
            print(f"    one broker: {time.monotonic() - started:.1f} s until ready, {kafka.resident() >> 20} MiB",
                  flush=True)
            self.assertEqual(kafka.id, kafka.cluster_id())
            self.assertEqual({1: kafka.port()}, kafka.metadata().ports)
            kafka.create_topic("panes", partitions=3, configs={"max.message.bytes": 5000})
            self.assertEqual({0: (1, [1], [1]), 1: (1, [1], [1]), 2: (1, [1], [1])}, kafka.topic("panes"))
            with self.assertRaisesRegex(wire.KafkaError, "TOPIC_ALREADY_EXISTS"):
                kafka.create_topic("panes")
            with self.assertRaisesRegex(wire.KafkaError, "MESSAGE_TOO_LARGE"):
                kafka.produce("panes", [(None, bytes(6000), ())])
            kafka.alter_topic("panes", max_message_bytes=9000)
            wait_until(lambda: self.fits(kafka, bytes(6000)), 10, "the topic takes larger records")
            kafka.add_partitions("panes", 4)
            self.assertEqual([0, 1, 2, 3], sorted(kafka.topic("panes")))
            kafka.delete_topic("panes")
            self.assertEqual({}, kafka.topic("panes"))

    @staticmethod
    def fits(kafka, value):
        try:
            return kafka.produce("panes", [(None, value, ())]) is not None
        except wire.KafkaError:
            return False

    test_starts_in_seconds_and_says_who_it_is.quick = True

    def test_listens_on_loopback_only(self):
        with Room(self) as room:
            kafka = room.kafka()
            inodes = set()
            for fd in os.listdir(f"/proc/{kafka.nodes[1].process.pid}/fd"):
                with contextlib.suppress(FileNotFoundError):
                    target = os.readlink(f"/proc/{kafka.nodes[1].process.pid}/fd/{fd}")
                    if target.startswith("socket:["):
                        inodes.add(target[8:-1])
            listening = []
            for table in ("/proc/net/tcp", "/proc/net/tcp6"):
                with open(table, encoding="ascii") as lines:
                    listening += [row[1] for row in map(str.split, lines) if row[3] == "0A" and row[9] in inodes]
            self.assertEqual(2, len(listening), listening)
            for address in listening:
                self.assertIn(address.split(":")[0], ("0100007F", "0000000000000000FFFF00000100007F"))

    def test_what_was_produced_is_read_byte_for_byte(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic("panes", partitions=2)
            for start in range(0, 2000, 500):
                self.assertEqual(start, kafka.produce("panes", list(numbered(500, start)), partition=1))
            read = list(kafka.records("panes", 1))
            self.assertEqual(list(range(2000)), [record.offset for record in read])
            self.assertEqual(list(numbered(2000)), [(record.key, record.value, record.headers) for record in read])
            self.assertLess(abs(read[0].timestamp - time.time() * 1000), 60_000)
            self.assertEqual([], list(kafka.records("panes", 0)))
            long = bytes(range(256)) * 300  # Its length takes three bytes.
            kafka.produce("panes", [(long, long, ((" " * 200, long),)), (b"after", None, ())], partition=0)
            there = [(record.key, record.value, record.headers) for record in kafka.records("panes", 0)]
            self.assertEqual([(long, long, ((" " * 200, long),)), (b"after", None, ())], there)
            # From the middle of a batch to the middle of another.
            self.assertEqual(read[700:1200], list(kafka.records("panes", 1, from_offset=700, until=1200)))
            # As retention leaves it.
            self.assertEqual(1300, kafka.truncate("panes", 1300, partition=1))
            self.assertEqual((1300, 2000), (kafka.first_offset("panes", 1), kafka.end_offset("panes", 1)))
            self.assertEqual(read[1300:], list(kafka.records("panes", 1)))
            with self.assertRaisesRegex(wire.KafkaError, "OFFSET_OUT_OF_RANGE"):
                list(kafka.records("panes", 1, from_offset=1299))

    test_what_was_produced_is_read_byte_for_byte.quick = True

    def test_a_million_records_are_read_in_seconds(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic("panes")
            records = list(numbered(10_000))
            batches = [wire.batch_of(records[at:at + 2000]) for at in range(0, 10_000, 2000)]
            with kafka.connect() as link:
                for number in range(MILLION // 2000):
                    self.assertEqual(number * 2000, wire.produce(link, "panes", 0, batches[number % 5]))
            started, count = time.monotonic(), 0
            for record in kafka.records("panes"):
                if record.offset != count or (record.key, record.value, record.headers) != records[count % 10_000]:
                    self.fail(f"record {count} is {record}")
                count += 1
            took = time.monotonic() - started
            print(f"    {count} records read and compared in {took:.1f} s", flush=True)
            self.assertEqual(MILLION, count)
            self.assertLess(took, 60)

    @unittest.skipUnless(shutil.which("kcat"), "kcat is not installed")
    def test_every_packing_is_read_and_a_foreign_reader_reads_ours(self):
        with Room(self) as room:
            kafka = room.kafka()
            lines = [f"line {number} " + "na" * (number % 400) for number in range(3000)]
            for codec in ("none", "gzip", "lz4", "zstd"):
                kafka.create_topic(codec)
                kcat("-P", "-b", kafka.bootstrap(), "-t", codec, "-z", codec, "-X", "linger.ms=50", "-X", "acks=all",
                     "-H", "who=kcat", input="\n".join(lines).encode())
                read = list(kafka.records(codec))
                self.assertEqual(lines, [record.value.decode() for record in read], codec)
                self.assertEqual({(("who", b"kcat"),)}, {record.headers for record in read}, codec)
            kafka.create_topic("ours")
            kafka.produce("ours", [(b"k", line.encode(), (("h", b"x"),)) for line in lines[:300]])
            there = kcat("-C", "-b", kafka.bootstrap(), "-t", "ours", "-e", "-q", "-X", "check.crcs=true",
                         "-f", "%o %k %h %s\n")
            self.assertEqual([f"{at} k h=x {line}" for at, line in enumerate(lines[:300])], there.decode().splitlines())

    def test_what_was_acknowledged_survives_a_kill_and_a_stop(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic("panes")
            for end, count in ((kafka.sigkill, 100), (kafka.stop, 200)):
                kafka.produce("panes", list(numbered(100)))
                port = kafka.port()
                end(1)
                self.assertEqual([], kafka.running())
                started = time.monotonic()
                kafka.restart(1)
                kafka.leader("panes")
                print(f"    after {end.__name__}: {time.monotonic() - started:.1f} s until it serves again", flush=True)
                self.assertEqual(port, kafka.port())
                self.assertEqual(count, len(list(kafka.records("panes"))))

    def test_a_frozen_broker_answers_when_it_goes_on(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic("panes")
            kafka.sigstop(1)
            with self.assertRaises(TimeoutError), kafka.connect(deadline=1) as link:
                wire.produce(link, "panes", 0, wire.batch_of([(None, b"while frozen", ())]))
            kafka.sigcont(1)
            # Its connection took the record while it stood still.
            wait_until(lambda: kafka.end_offset("panes") == 1, 30, "the record of the frozen time is there")
            self.assertEqual([b"while frozen"], [record.value for record in kafka.records("panes")])

    def test_another_cluster_on_the_same_port(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic("panes")
            before, port = kafka.cluster_id(), kafka.port()
            kafka.stop()
            kafka.format()
            kafka.start()
            self.assertEqual(port, kafka.port())
            self.assertNotEqual(before, kafka.cluster_id())
            self.assertEqual({}, kafka.topic("panes"))

    def test_a_broker_started_by_a_thread_outlives_it(self):
        with Room(self) as room:
            kafka = room.kafka()
            kafka.sigkill(1)
            thread = threading.Thread(target=kafka.restart)
            thread.start()
            thread.join()
            self.assertEqual([1], kafka.running())
            self.assertEqual(kafka.id, kafka.cluster_id())

    def test_no_broker_outlives_a_test_run_that_is_killed(self):
        with Room(self) as room:
            room.kafka(started=False)  # Skipped here where there is none.
            ours = os.path.dirname(os.path.abspath(__file__))
            program = ("import sys, signal, time\n"
                       f"sys.path.insert(0, {ours!r})\n"
                       "import harness\n"
                       "from kafka.broker import Kafka\n"
                       f"kafka = Kafka({room.folder!r}, name='orphan')\n"
                       "kafka.start_broker(1)\n"
                       "print(kafka.nodes[1].process.pid, flush=True)\n"
                       "signal.pause()\n")
            run = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
            try:
                pid = int(run.stdout.readline())
                self.assertTrue(os.path.exists(f"/proc/{pid}"))
            finally:
                run.kill()
                run.wait()
                run.stdout.close()
            wait_until(lambda: not self.lives(pid), 10, "the kernel ends the broker")

    @staticmethod
    def lives(pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
                return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
        except OSError:
            return False


class ThreeBrokers(unittest.TestCase):
    limit = 240

    def test_the_leader_is_killed_and_nothing_acknowledged_is_lost(self):
        with Room(self) as room:
            started = time.monotonic()
            kafka = room.kafka(brokers=3)
            print(f"    three brokers: {time.monotonic() - started:.1f} s until ready, "
                  f"{[kafka.resident(number) >> 20 for number in kafka.nodes]} MiB", flush=True)
            kafka.create_topic("panes")
            self.assertEqual(3, len(kafka.in_sync("panes")))
            count = 0
            for _ in range(3):
                kafka.produce("panes", list(numbered(200, count)))
                count += 200
                leader = kafka.leader("panes")
                kafka.sigkill(leader)
                started = time.monotonic()
                self.assertNotEqual(leader, kafka.leader("panes"))
                print(f"    leader killed: another after {time.monotonic() - started:.1f} s", flush=True)
                kafka.produce("panes", list(numbered(200, count)))
                count += 200
                kafka.restart(leader)
                wait_until(lambda: len(kafka.in_sync("panes")) == 3, 60, "three replicas in sync", step=0.05)
            read = list(kafka.records("panes"))
            self.assertEqual(list(numbered(count)), [(record.key, record.value, record.headers) for record in read])
            self.assertEqual(count, kafka.end_offset("panes"))

    def test_two_frozen_followers_hold_back_an_acknowledgement(self):
        with Room(self) as room:
            kafka = room.kafka(brokers=3)
            kafka.create_topic("panes")
            kafka.produce("panes", [(None, b"one", ())])
            leader = kafka.leader("panes")
            followers = [number for number in kafka.nodes if number != leader]
            kafka.sigstop(*followers)
            self.assertEqual(leader, kafka.leader("panes"))
            with self.assertRaises(TimeoutError), kafka.connect(leader, deadline=1) as link:
                wire.produce(link, "panes", 0, wire.batch_of([(None, b"two", ())]))
            kafka.sigcont(*followers)
            wait_until(lambda: kafka.end_offset("panes") == 2, 60, "both replicas have it", [kafka], step=0.05)


@unittest.skipUnless(shutil.which("openssl"), "the openssl command is not installed")
class Secured(unittest.TestCase):
    limit = 240

    def test_each_listener_lets_in_who_may_and_nobody_else(self):
        with Room(self) as room:
            authority = Authority(room.path("certificates"), "authority")
            stranger = Authority(room.path("strangers"), "stranger")
            kafka = room.kafka(listeners=("TLS", "MTLS", "SASL", "SASL_TLS"), authority=authority, users=USERS)
            known = ssl.create_default_context(cafile=authority.certificate)
            shown = ssl.create_default_context(cafile=authority.certificate)
            shown.load_cert_chain(*authority.issue("gateway"))
            foreign = ssl.create_default_context(cafile=authority.certificate)
            foreign.load_cert_chain(*stranger.issue("gateway"))

            def enters(listener, tls=None, login=None):
                with kafka.connect(listener=listener, tls=tls, login=login) as link:
                    self.assertEqual(kafka.id, wire.metadata(link).cluster_id)

            enters("TLS", known)
            enters("MTLS", shown)
            with self.assertRaises(ssl.SSLCertVerificationError):
                enters("TLS", ssl.create_default_context(cafile=stranger.certificate))
            for refused in (known, foreign):
                with self.assertRaises(OSError):
                    enters("MTLS", refused)
            for mechanism in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
                for user, password in USERS.items():
                    enters("SASL", login=(mechanism, user, password))
                    enters("SASL_TLS", known, (mechanism, user, password))
                for user, password in (("gateway", "wrong"), ("nobody", "correct-horse")):
                    with self.assertRaisesRegex(wire.KafkaError, "SASL_AUTHENTICATION_FAILED"):
                        enters("SASL_TLS", known, (mechanism, user, password))
            with self.assertRaises(OSError):
                enters("SASL")


if __name__ == "__main__":
    unittest.main()
