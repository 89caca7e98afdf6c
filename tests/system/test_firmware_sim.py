"""firmware-sim against a real mosquitto: everything is acknowledged through restarts of the broker, what arrives is what the
truth says, SIGTERM ends a run well, and recorded logs are published as they stand."""

import collections
import contextlib
import gzip
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import unittest

from harness import Process, Room, Simulator, free_port, run_tidemark, sim_replay, tool, wait_until
from mqtt_client import CONNACK, CONNECT, PINGREQ, PINGRESP, PUBACK, PUBLISH, Stream, packet
from certificates import Authority
from tls import tls_broker


def rows(truth, query):
    with contextlib.closing(sqlite3.connect(f"file:{truth}?mode=ro", uri=True)) as db:
        return db.execute(query).fetchall()


class Listener(Process):
    """mosquitto_sub on everything, with a session that outlives the broker's restarts."""

    def __init__(self, room, broker):
        self.session = ["-h", "127.0.0.1", "-p", str(broker.port), "-i", "listener", "-c", "-q", "1", "-t", "#"]
        program = shutil.which("mosquitto_sub") or "/usr/bin/mosquitto_sub"
        # -E ends once the broker has acknowledged the subscription: from then on the broker keeps everything for us.
        subprocess.run([program, *self.session, "-E"], check=True, timeout=20)
        super().__init__([program, *self.session, "-F", "%t\t%x"], room.path("listener.log"))
        room.keep(self)
        self.messages = collections.Counter()
        self._read = 0

    def received(self):
        """How often each (topic, payload) has come so far."""
        with open(self.log_path, "rb") as log:
            log.seek(self._read)
            text = log.read()
        whole = text[:text.rfind(b"\n") + 1]
        self._read += len(whole)
        for line in whole.splitlines():
            topic, separator, payload = line.partition(b"\t")
            # What mosquitto_sub says about lost connections stands between the messages.
            if separator:
                self.messages[topic.decode(), bytes.fromhex(payload.decode())] += 1
        return self.messages


def readings_of(topic, payload):
    """{(field, time in ns): value as text} of a whole payload."""
    body = json.loads(payload, parse_float=str, parse_int=str, parse_constant=str)
    if not isinstance(body, dict):
        return {("illuminance", None): canonical(payload.decode())}
    found = {}
    for sample in body.get("samples", [body]):
        for name, value in sample.items():
            inner = {f"{name}.{key}": v for key, v in value.items()} if isinstance(value, dict) else {name: value}
            for field, number in inner.items():
                if field not in ("n", "ts", "id", "samples"):
                    text = str(int(number)) if isinstance(number, bool) else canonical(number)
                    found[field, int(sample["ts"]) * 1_000_000] = text
    return found


def canonical(number):
    text = str(number)
    return text.rstrip("0").rstrip(".") if "." in text else text


class ForgetfulBroker:
    """Acknowledges the first messages of each of its first connections, the second of them before the first, and closes the
    connection when some more have come; then it becomes dependable."""

    ACKNOWLEDGED, READ, CONNECTIONS = 5, 20, 4

    def __init__(self):
        self.port = free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.published = []  # of each connection: (topic, payload) in the order in which they came
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                self.published.append([])
                with sock, contextlib.suppress(OSError):
                    self._listen_to(sock, self.published[-1], forgetful=len(self.published) < self.CONNECTIONS)

    def _listen_to(self, sock, published, forgetful):
        stream = Stream(sock)
        waiting = []
        while not forgetful or len(published) < self.READ:
            kind, _, body = stream.next()
            if kind == CONNECT:
                sock.sendall(packet(CONNACK, 0, b"\0\0"))
            elif kind == PINGREQ:
                sock.sendall(packet(PINGRESP, 0, b""))
            elif kind == PUBLISH:
                at = 2 + int.from_bytes(body[:2], "big")
                published.append((body[2:at], body[at + 2:]))
                waiting.append(packet(PUBACK, 0, body[at:at + 2]))
                if not forgetful:
                    sock.sendall(waiting.pop())
                elif len(published) == self.ACKNOWLEDGED:
                    sock.sendall(b"".join([waiting[1], waiting[0], *waiting[2:]]))
        # The end of our side only: closing with unread messages would take the acknowledgements back.
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1 << 16):
            pass

    def close(self):
        self._listener.close()


class FirmwareSim(unittest.TestCase):
    limit = 180

    def test_what_was_not_acknowledged_is_published_again_in_order_before_anything_newer(self):
        with Room(self) as room:
            broker = room.keep(ForgetfulBroker())
            truth = room.path("truth.db")
            sim = room.keep(Simulator(room.folder, broker.url, "--devices", 50, "--rate", 200, "--duration", "3s", "--models",
                                      "climate,power", "--truth", truth))
            sim.finish(60)
            self.assertEqual(broker.CONNECTIONS, len(broker.published))
            again = 0
            for earlier, later in zip(broker.published, broker.published[1:]):
                left = earlier[broker.ACKNOWLEDGED:]
                self.assertEqual(left, later[:len(left)])
                again += len(left)
            everything = [message for connection in broker.published[:-1] for message in connection[:broker.ACKNOWLEDGED]]
            everything += broker.published[-1]
            # Each once, in the order of the truth; what the broker closed the door to in flight was published again, too.
            self.assertEqual(len(everything), len(set(everything)))
            numbered = [(topic.decode(), int(json.loads(payload)["n"])) for topic, payload in everything]
            self.assertEqual(numbered, rows(truth, "SELECT topic, sequence FROM message ORDER BY id"))
            meta = dict(rows(truth, "SELECT key, value FROM meta"))
            self.assertEqual((meta["reconnects"], meta["published"], meta["acknowledged"]),
                             (str(broker.CONNECTIONS - 1), "600", "600"))
            self.assertGreaterEqual(int(meta["resent"]), again)
            self.assertEqual(int(meta["resent"]), rows(truth, "SELECT sum(resent) FROM message")[0][0])

    def test_everything_is_acknowledged_through_broker_restarts_and_arrives_as_the_truth_says(self):
        with Room(self) as room:
            broker = room.broker(autosave="each")
            listener = Listener(room, broker)
            truth = room.path("truth.db")
            sim = room.simulator("--devices", 300, "--rate", 600, "--duration", "15s", "--seed", 5, "--profile", "plant",
                                 "--truth", truth, "--connections", 3)
            acknowledged = 0
            for _ in range(2):
                # Half a thousand messages more, then the broker goes while the devices go on sending.
                wait_until(lambda: os.path.exists(truth) and rows(truth, "SELECT count(*) FROM sqlite_master")[0][0] == 3
                           and rows(truth, "SELECT count(*) FROM message")[0][0] >= acknowledged + 500,
                           30, "the simulator publishes", [sim])
                acknowledged = rows(truth, "SELECT count(*) FROM message")[0][0]
                broker.restart()
            sim.finish(90)

            meta = dict(rows(truth, "SELECT key, value FROM meta"))
            self.assertEqual(meta["finished"], "1")
            self.assertEqual(meta["published"], meta["acknowledged"])
            self.assertGreaterEqual(int(meta["reconnects"]), 2)
            self.assertEqual(0, rows(truth, "SELECT count(*) FROM message WHERE acked = 0 AND fate <> 'withheld'")[0][0])
            self.assertEqual(0, rows(truth, "SELECT count(*) FROM reading WHERE fate = 'unacknowledged'")[0][0])

            published = rows(truth, "SELECT topic, sequence, size, fate, resent, id FROM message WHERE acked = 1")
            self.assertGreater(len(published), 6_000)
            # A copy has the topic and the payload of what it repeats; a scalar may come twice with the same number.
            least = len(published)
            wait_until(lambda: sum(listener.received().values()) >= least, 60,
                       lambda: f"{least} messages arrive (there are {sum(listener.messages.values())})", [listener])

            # By topic and size, as many as were published, and at most those again that were published again.
            arrived = collections.Counter()
            for (topic, payload), times in listener.received().items():
                arrived[topic, len(payload)] += times
            wanted, again = collections.Counter(), collections.Counter()
            for topic, _, size, _, resent, _ in published:
                wanted[topic, size] += 1
                again[topic, size] += resent
            self.assertEqual(set(wanted), set(arrived))
            self.assertEqual([], [key for key in wanted if arrived[key] < wanted[key]])

            # Every reading that has to be counted stands in a message that arrived, with its value.
            found = collections.defaultdict(dict)
            whole = collections.Counter()
            for topic, payload in listener.received():
                with contextlib.suppress(ValueError, KeyError, AttributeError, TypeError):
                    for (field, time), value in readings_of(topic, payload).items():
                        found[topic, field][time if time is not None else value] = value
                    whole["messages"] += 1
            self.assertGreater(whole["messages"], 6_000)
            wrong = [row for row in rows(truth, "SELECT topic, field, event_time, value FROM reading WHERE fate = 'sent'")
                     if found[row[0], row[1]].get(row[2] if row[2] is not None else row[3]) != row[3]]
            self.assertEqual([], wrong[:10])

    def test_sigterm_ends_a_run_with_everything_sent_acknowledged_and_the_rest_in_the_truth(self):
        with Room(self) as room:
            room.broker()
            truth = room.path("truth.db")
            sim = room.simulator("--devices", 200, "--rate", 1000, "--duration", 0, "--profile", "plant", "--truth", truth)
            wait_until(lambda: os.path.exists(truth) and rows(truth, "SELECT count(*) FROM sqlite_master")[0][0] == 3
                       and rows(truth, "SELECT count(*) FROM message")[0][0] >= 1_000, 30, "the simulator publishes", [sim])
            sim.signal(signal.SIGTERM)
            self.assertEqual(0, sim.wait(20))
            self.assertEqual(1, rows(truth, "SELECT count(*) FROM meta WHERE key = 'finished'")[0][0])
            fates = dict(rows(truth, "SELECT fate, count(*) FROM message GROUP BY fate"))
            self.assertGreater(fates["withheld"], 0)
            self.assertNotIn("unacknowledged", fates)
            self.assertEqual(0, rows(truth, "SELECT count(*) FROM message WHERE fate <> 'withheld' AND acked <> 1")[0][0])
            self.assertEqual(0, rows(truth, "SELECT count(*) FROM message WHERE fate = 'withheld' AND "
                                            "(acked <> 0 OR sent_at IS NOT NULL)")[0][0])

    def test_a_broker_that_never_comes_back_leaves_a_truth_that_says_what_is_uncertain(self):
        with Room(self) as room:
            broker = room.broker()
            truth = room.path("truth.db")
            sim = room.simulator("--devices", 100, "--rate", 500, "--duration", "4s", "--truth", truth, "--patience", 2)
            wait_until(lambda: os.path.exists(truth) and rows(truth, "SELECT count(*) FROM sqlite_master")[0][0] == 3
                       and rows(truth, "SELECT count(*) FROM message")[0][0] >= 300, 30, "the simulator publishes", [sim])
            broker.kill()
            self.assertEqual(1, sim.wait(30))
            fates = dict(rows(truth, "SELECT fate, count(*) FROM message GROUP BY fate"))
            self.assertGreater(fates["sent"], 300)
            self.assertGreater(fates["withheld"], 100)
            self.assertEqual(1, rows(truth, "SELECT count(*) FROM meta WHERE key = 'finished'")[0][0])

    def test_a_recording_is_published_as_it_stands(self):
        with Room(self) as room:
            broker = room.broker()
            listener = Listener(room, broker)
            log = room.path("log.ndjson.gz")
            subprocess.run([tool("firmware-sim"), "record", "--devices", "200", "--duration", "30s", "--seed", "9", "--profile",
                            "chaos", log], check=True, timeout=60, capture_output=True)
            with gzip.open(log, "rt", encoding="utf-8") as lines:
                recorded = [json.loads(line, parse_float=str, parse_int=str) for line in lines]
            told = sim_replay(broker.url, log)
            self.assertTrue(told.startswith(f"{len(recorded)} published, {len(recorded)} acknowledged"), told)
            wait_until(lambda: sum(listener.received().values()) >= len(recorded), 60, "everything arrives", [listener])
            texts = collections.Counter((line["topic"], line["payload"].encode()) for line in recorded
                                        if isinstance(line["payload"], str))
            arrived = listener.received()
            self.assertEqual(len(recorded), sum(arrived.values()))
            self.assertEqual(texts, collections.Counter({key: arrived[key] for key in texts}))
            objects = collections.Counter((line["topic"], line["payload"]["n"]) for line in recorded
                                          if not isinstance(line["payload"], str))
            others = collections.Counter()
            for (topic, payload), times in arrived.items():
                if (topic, payload) not in texts:
                    others[topic, json.loads(payload, parse_int=str)["n"]] += times
            self.assertEqual(objects, others)

    def test_the_printed_streams_are_a_configuration_that_is_right(self):
        with Room(self) as room:
            for plant, models in (("plant", None), ("{plant}", None), ("plant", "illuminance,power")):
                printed = subprocess.run([tool("firmware-sim"), "streams", "--plant", plant,
                                          *(["--models", models] if models else [])], check=True, timeout=20,
                                         capture_output=True, text=True).stdout
                with open(room.path("printed.toml"), "w", encoding="utf-8") as out:
                    out.write('[gateway]\nid = "plant-7"\n\n' + printed)
                done = run_tidemark("check", "--config", room.path("printed.toml"))
                self.assertEqual(0, done.returncode, done.stderr)

    @unittest.skipUnless(shutil.which("openssl"), "the openssl command is not installed")
    def test_over_tls_it_publishes_and_only_to_a_broker_it_can_trust(self):
        with Room(self) as room:
            authority = Authority(room.path("ca"), "plant-ca")
            broker = tls_broker(room, authority, authority.issue("server"))
            arguments = ["--devices", 20, "--rate", 200, "--duration", "2s", "--patience", 2]
            truth = room.path("truth.db")
            sim = room.keep(Simulator(room.folder, broker.secure_url, *arguments, "--ca-file", authority.certificate,
                                      "--truth", truth))
            sim.finish(60)
            meta = dict(rows(truth, "SELECT key, value FROM meta"))
            self.assertEqual(("1", meta["published"]), (meta["finished"], meta["acknowledged"]))
            self.assertGreater(int(meta["published"]), 100)
            log = room.path("log.ndjson")
            with open(log, "w") as out:
                out.write('{"topic":"a","payload":1}\n')
            told = sim_replay(broker.secure_url, "--ca-file", authority.certificate, log)
            self.assertTrue(told.startswith("1 published, 1 acknowledged"), told)

            # The system's list does not know this authority, another one did not sign, and the name must be right.
            other = Authority(room.path("other"), "other-ca")
            for ca in ([], ["--ca-file", other.certificate]):
                sim = room.keep(Simulator(room.folder, broker.secure_url, *arguments, "--no-truth", *ca, name=f"no{len(ca)}"))
                self.assertEqual(1, sim.wait(60))
                self.assertRegex(sim.output().lower(), "certificate|tls|ssl")
            wrong = tls_broker(room, authority, authority.issue("elsewhere", "DNS:broker.example"), name="elsewhere")
            sim = room.keep(Simulator(room.folder, wrong.secure_url, *arguments, "--no-truth", "--ca-file",
                                      authority.certificate, name="elsewhere"))
            self.assertEqual(1, sim.wait(60))

    def test_what_cannot_be_done_is_said_and_told_by_the_exit_status(self):
        with Room(self) as room:
            broker = room.broker()
            bad = room.path("bad.ndjson")
            with open(bad, "w") as out:
                out.write('{"topic":"a","payload":1}\n{"topic":"a+","payload":1}\n\n{"topic":"a"\n{"topic":"a","payload":2}\n')
            note = room.path("note.txt")
            with open(note, "w") as out:
                out.write("not a truth")
            url = broker.url

            def run(*arguments):
                return subprocess.run([tool("firmware-sim"), *arguments], capture_output=True, text=True, timeout=60,
                                      check=False)

            for status, words, arguments in [
                    (2, "--truth", ["--broker", url]),
                    (2, "mqtt://HOST:PORT", ["--broker", "localhost:1", "--no-truth"]),
                    (2, "there is no such model", ["--broker", url, "--no-truth", "--models", "toaster"]),
                    (2, "not a duration", ["--broker", url, "--no-truth", "--interval", "1"]),
                    (2, "--rate", ["--broker", url, "--no-truth", "--rate", "1000000"]),
                    (2, "profile", ["--broker", url, "--no-truth", "--profile", "wild"]),
                    (1, "left alone", ["--broker", url, "--truth", note]),
                    (1, "cannot connect", ["--broker", "mqtt://127.0.0.1:1", "--no-truth", "--patience", "1"]),
                    (1, "cannot be opened", ["replay", "--broker", url, room.path("nowhere")]),
                    (1, f"{bad}:2: skipped", ["replay", "--broker", url, bad]),
                    (0, "--broker", ["--help"])]:
                done = run(*arguments)
                self.assertEqual(status, done.returncode, (arguments, done.stdout, done.stderr))
                self.assertIn(words, done.stdout + done.stderr)
            with open(note) as kept:
                self.assertEqual("not a truth", kept.read())
            told = run("replay", "--broker", url, bad).stdout
            self.assertTrue(told.startswith("2 published, 2 acknowledged, 0 resent, 0 reconnects, 2 lines skipped"), told)


if __name__ == "__main__":
    unittest.main()
