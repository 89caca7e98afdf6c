"""tidemark doctor: what is wrong is found and said with what to do, beside a running appliance and without one; it takes no
message, throws nobody out of a session, changes no file and is over in time."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

from certificates import Authority
from harness import Broker, Room, can_mount, run_tidemark, tmpfs, tool, wait_until
from mqtt_client import CONNACK, CONNECT, DISCONNECT, SUBACK, SUBSCRIBE, Client, Stream, packet, publish_packet
from streams import CLIMATE, climate, climate_topic
from tls import tls_broker
from uplink_case import TOPIC, UplinkCase

CANARY = "kanarienvogel-23"
LEVELS = ("ok", "warning", "error")
START = 1_735_689_600_000

# The machine that runs the tests may have no time server; a container's disk may be a layer.
OF_THE_MACHINE = ("clock", "flash")


class Examined:
    """What the doctor said and how it ended."""

    def __init__(self, done):
        self.status, self.output = done.returncode, done.stdout + done.stderr
        self.findings = []
        *lines, self.summary = done.stdout.splitlines()
        for line in lines:
            level, area, text = line.split(None, 2)
            assert level in LEVELS, done.stdout
            self.findings.append((level, area, text))

    def worst(self, *, but=()):
        return max((LEVELS.index(level) for level, area, _ in self.findings if area not in but), default=0)

    def of(self, area, level=None):
        return [text for one, of, text in self.findings if of == area and level in (None, one)]


class DoctorCase(unittest.TestCase):
    def examine(self, config, *arguments):
        examined = Examined(run_tidemark("doctor", "--config", config, *arguments, deadline=60))
        self.assertEqual(examined.worst(), examined.status, examined.output)
        return examined

    def finds(self, edge, level, area, *words):
        """Exactly one finding of this kind holds all the words. Returns what was said."""
        said = self.examine(edge.config)
        found = [text for text in said.of(area, level) if all(word in text for word in words)]
        self.assertEqual(1, len(found), f"{level} {area} {words}\n{said.output}")
        self.assertGreaterEqual(said.status, LEVELS.index(level))
        return said

    def filled(self, room, edge, count=20):
        """A running appliance that has taken some messages and has events in its log."""
        edge.start()
        with Client(room._broker.port, "sender") as sender:
            for number in range(count):
                sender.publish(climate_topic(f"d{number}"), climate(START, 1))
                sender.publish(climate_topic(f"d{number}"), climate(START + 86_400_000, 1))
            sender.drain()
        edge.wait_received(2 * count)
        edge.wait_metric("log_rows", lambda rows: rows > 1, 20)
        return edge


def digest(path):
    with open(path, "rb") as content:
        return hashlib.sha256(content.read()).hexdigest()


class Doctor(DoctorCase):
    quick = True

    def test_all_is_well_and_nothing_was_disturbed(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE)
            with Client(broker.port, "keeper") as keeper:
                for number in range(50):
                    keeper.publish(climate_topic(f"r{number}"), climate(START, 1), retain=True)
                keeper.drain()
            self.filled(room, edge)
            before = edge.metrics()
            said = self.examine(edge.config)
            self.assertEqual(0, said.worst(but=OF_THE_MACHINE), said.output)
            for area in ("configuration", "clock", "appliance", "session", "broker", "state", "flash"):
                self.assertTrue(said.of(area), area)
            self.assertFalse(said.of("kafka"))
            after = edge.metrics()
            for metric in ("received", "reconnects", "takeovers", "sessions_lost"):
                self.assertEqual(before.value(metric), after.value(metric), metric)
            self.assertEqual(1, after.value("connected"))
            edge.stop()

    @unittest.skipUnless(can_mount() and shutil.which("unshare"), "needs to mount")
    def test_a_machine_whose_clock_is_kept_leaves_nothing_to_warn_of(self):
        with Room(self) as room:
            room.broker()
            edge = self.filled(room, room.appliance(CLIMATE))
            # systemd-timesyncd's mark, in a /run that only this process sees.
            script = ("mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/timesync && "
                      "touch /run/systemd/timesync/synchronized && exec \"$@\"")
            done = subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", tool("tidemark"), "doctor", "--config",
                                   edge.config], capture_output=True, text=True, timeout=60, check=False)
            said = Examined(done)
            self.assertEqual((0, "all is well"), (said.status, said.summary), said.output)
            edge.stop()

    def test_without_an_appliance_its_file_is_read_and_left_as_it_is(self):
        with Room(self) as room:
            room.broker()
            edge = room.appliance(CLIMATE)
            said = self.finds(edge, "warning", "appliance", "no appliance runs")
            self.assertIn("the first start makes it", said.output)
            self.assertEqual([], os.listdir(os.path.dirname(edge.state)))
            rows = self.filled(room, edge).metric("log_rows")
            edge.stop()
            before = digest(edge.state)
            said = self.finds(edge, "warning", "appliance", "no appliance runs")
            self.assertEqual(1, said.worst(but=("clock",)), said.output)
            self.assertFalse(said.of("session"))
            self.assertRegex(said.output, r"state +(\d+) events in the log")
            self.assertGreaterEqual(int(said.output.split(" events in the log")[0].split()[-1]), rows)
            self.assertEqual([os.path.basename(edge.state)], os.listdir(os.path.dirname(edge.state)))
            self.assertEqual(before, digest(edge.state))
            # After a crash, too, the next start finds all that was acknowledged.
            edge.start()
            edge.sigkill()
            self.finds(edge, "warning", "appliance", "no appliance runs")
            edge.start()
            self.assertEqual(40, edge.metric("received"))
            edge.stop()
            edge.proven()

    def test_an_appliance_that_stands_still_is_not_taken_for_none(self):
        with Room(self) as room:
            room.broker()
            edge = self.filled(room, room.appliance(CLIMATE))
            edge.process.signal(signal.SIGSTOP)
            try:
                said = self.finds(edge, "error", "appliance", f"process {edge.process.pid} holds", "does not answer")
                self.assertFalse([text for text in said.of("state") if "events in the log" in text], said.output)
            finally:
                edge.process.signal(signal.SIGCONT)
            wait_until(edge.ready, 30, "it goes on", [edge])
            edge.stop()

    def test_the_broker_is_down_or_refuses(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE)
            broker.terminate()
            self.finds(edge, "error", "broker", "no TCP connection", "the broker runs")
            edge.spawn()
            wait_until(lambda: edge.metrics(optional=True) is not None, 20, "it answers", [edge])
            self.finds(edge, "error", "session", "not connected")
            edge.stop()
            unknown = room.appliance(CLIMATE, "mqtt://broker.invalid", name="unknown")
            self.finds(unknown, "error", "broker", "broker.invalid", "name server")

    def test_a_wrong_password(self):
        with Room(self) as room:
            passwords = room.path("passwords")
            if not shutil.which("mosquitto_passwd") or subprocess.run(
                    ["mosquitto_passwd", "-c", "-b", passwords, "edge", CANARY], capture_output=True, check=False).returncode:
                self.skipTest("mosquitto_passwd is not installed")
            broker = room.keep(Broker(room.folder, extra=f"password_file {passwords}"))
            with open(broker.config, encoding="ascii") as config:
                text = config.read().replace("allow_anonymous true", "allow_anonymous false")
            with open(broker.config, "w", encoding="ascii") as out:
                out.write(text)
            room._broker = broker.start()
            secret = room.path("secret")
            edge = room.appliance(CLIMATE, mqtt=f'username = "edge"\npassword_file = "{secret}"')
            said = self.finds(edge, "error", "broker", secret, "mqtt.password_file")
            with open(secret, "w", encoding="ascii") as out:
                out.write(CANARY + "-wrong\n")
            said = self.finds(edge, "error", "broker", "refuses the connection", "not authorized", "mqtt.username")
            self.assertNotIn(CANARY, said.output)
            with open(secret, "w", encoding="ascii") as out:
                out.write(CANARY + "\n")
            said = self.finds(edge, "ok", "broker", "1 of 1 subscriptions would be granted")
            self.assertNotIn(CANARY, said.output)

    def visited(self, room, visits):
        """A broker of the test's own: `visits` are functions of a stream of packets, one a connection. Returns an appliance
        that was never started, for which to ask it."""
        listener = room.keep(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(4)
        listener.settimeout(30)

        def serve():
            for visit in visits:
                link = listener.accept()[0]
                with link:
                    link.settimeout(30)
                    visit(Stream(link))

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        return room.appliance(CLIMATE, f"mqtt://127.0.0.1:{listener.getsockname()[1]}"), server

    def connected(self, stream):
        """The CONNECT of a guest: a clean start, no will, no login, and a client id of its own. Returns its body."""
        kind, _, body = stream.next()
        self.assertEqual((CONNECT, 2), (kind, body[7]))
        self.assertRegex(body, rb"tidemark-plant-7-doctor-[0-9a-f]{8}$")
        return body

    def test_an_old_broker_that_sends_what_it_retains_is_only_asked(self):
        with Room(self) as room:
            last = []

            def newer(stream):
                self.assertEqual(5, self.connected(stream)[6])
                stream.sock.sendall(packet(CONNACK, 0, bytes([0, 0x84, 0])))

            def older(stream):
                self.assertEqual(4, self.connected(stream)[6])
                stream.sock.sendall(packet(CONNACK, 0, bytes([0, 0])))
                subscribe = stream.next()[2]
                for number in range(1, 500):
                    stream.sock.sendall(publish_packet(climate_topic(), climate(START, 1), 1, number, retain=True))
                stream.sock.sendall(packet(SUBACK, 0, subscribe[:2] + bytes([0x80])))
                last.append(stream.next()[0])

            edge, server = self.visited(room, [newer, older])
            said = self.finds(edge, "error", "broker", "refuses the subscription plant/+/+/climate", "ACL")
            server.join(30)
            self.assertEqual(1, len(said.of("broker", "warning")), said.output)
            self.assertIn("refuses MQTT 5", said.of("broker", "warning")[0])
            # Nothing was acknowledged: what follows the SUBACK is the end.
            self.assertEqual([DISCONNECT], last)

    def test_no_session_with_a_subscription_outlives_the_visit(self):
        with Room(self) as room:
            seen = []

            def for_what_is_granted(stream):
                seen.append(self.connected(stream)[11:16])
                # Session expiry an hour, receive maximum 10, largest packet 64 KiB.
                stream.sock.sendall(packet(CONNACK, 0, bytes([0, 0, 13, 0x11, 0, 0, 14, 16, 0x21, 0, 10, 0x27, 0, 1, 0, 0])))
                seen.append(stream.next())

            def for_the_subscriptions(stream):
                seen.append(self.connected(stream)[11:16])
                stream.sock.sendall(packet(CONNACK, 0, bytes([0, 0, 0])))
                kind, _, body = stream.next()
                seen.append((kind, body[-1]))
                stream.sock.sendall(packet(SUBACK, 0, body[:2] + bytes([0, 1])))
                seen.append(stream.next()[0])

            edge, server = self.visited(room, [for_what_is_granted, for_the_subscriptions])
            said = self.finds(edge, "warning", "broker", "keeps the session for 3600 s", "604800 s")
            server.join(30)
            self.assertIn("10 unacknowledged", said.output)
            self.assertIn("largest packet 65536 bytes", said.output)
            week, nothing, retained_not = (7 * 86400).to_bytes(4, "big"), bytes(4), 0x21
            self.assertEqual([b"\x11" + week, (DISCONNECT, 0, b"\0\x05\x11" + nothing),
                              b"\x11" + nothing, (SUBSCRIBE, retained_not), DISCONNECT], seen)

    @unittest.skipUnless(shutil.which("openssl"), "the openssl command is not installed")
    def test_an_unknown_authority_and_mqtt_3(self):
        with Room(self) as room:
            authority = Authority(room.path("ca"), "plant-ca")
            other = Authority(room.path("other"), "other-ca")
            broker = tls_broker(room, authority, authority.issue("server"))
            edge = room.appliance(CLIMATE, broker.secure_url, mqtt=f'ca_file = "{other.certificate}"')
            self.finds(edge, "error", "broker", "certificate", "mqtt.ca_file is the authority")
            for version in ("5", '"3.1.1"'):
                edge = room.appliance(CLIMATE, broker.secure_url,
                                      mqtt=f'ca_file = "{authority.certificate}"\nversion = {version}')
                said = self.finds(edge, "ok", "broker", f"MQTT {version.strip(chr(34))} over TLS")
                self.assertEqual(2, len(said.of("broker", "ok")), said.output)

    def test_what_the_state_file_lies_on(self):
        with Room(self) as room:
            room.broker()
            free = shutil.disk_usage(room.folder).free
            edge = room.appliance(CLIMATE, limits=f'disk_reserve = "{free // 2**30 + 2}GiB"', name="full")
            self.finds(edge, "error", "state", "below limits.disk_reserve")
            edge = room.appliance(CLIMATE, store=f'max_size = "{free // 2**30 + 1}GiB"', name="narrow")
            self.finds(edge, "warning", "state", "may grow by")
            if can_mount():
                with tmpfs(room.path("memory"), "200m"):
                    edge = room.appliance(CLIMATE, state=room.path("memory", "state.db"), name="memory")
                    self.finds(edge, "error", "state", "tmpfs", "gone with the power")

    def test_what_is_no_state_file_or_anothers(self):
        with Room(self) as room:
            room.broker()
            edge = self.filled(room, room.appliance(CLIMATE))
            edge.stop()
            other = room.appliance(CLIMATE, state=edge.state, gateway="plant-8", name="other")
            self.finds(other, "error", "state", 'gateway "plant-7"', 'gateway.id is "plant-8"')
            with open(edge.state, "wb") as out:
                out.write(b"rubbish" * 1000)
            self.finds(edge, "error", "state", "not a Tidemark state file")

    def test_the_token_and_the_socket_of_the_admin_address(self):
        with Room(self) as room:
            room.broker()
            for name, secret in (("right", CANARY), ("wrong", "another")):
                with open(room.path(name), "w", encoding="ascii") as out:
                    out.write(secret + "\n")
            listen = f'listen = "unix:{room.path("admin.sock")}"\n'

            def edge(token):
                return room.appliance(CLIMATE, admin=listen + f'token_file = "{room.path(token)}"')

            running = edge("right").spawn()
            said = [None]

            def well():
                said[0] = Examined(run_tidemark("doctor", "--config", running.config))
                return any("is well" in text for text in said[0].of("appliance", "ok"))

            wait_until(well, 40, lambda: said[0].output, [running])
            self.assertNotIn(CANARY, said[0].output)
            # The same place and file, other tokens.
            for token, words in (("wrong", "does not take the token"), ("absent", "cannot be read")):
                said[0] = self.finds(edge(token), "error", "appliance", words)
                self.assertNotIn(CANARY, said[0].output)

    def test_a_bad_configuration_and_the_output_for_machines(self):
        with Room(self) as room:
            edge = room.appliance(CLIMATE.replace("window", "windw"), "mqtt://127.0.0.1:1")
            said = self.finds(edge, "error", "configuration", f"{edge.config}:", "windw", "window")
            self.assertEqual({"configuration"}, {area for _, area, _ in said.findings})
            edge.configure(CLIMATE)
            done = run_tidemark("doctor", "--config", edge.config, "--json")
            findings = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual(2, done.returncode)
            self.assertEqual({("level", "area", "what", "do")}, {tuple(finding) for finding in findings})
            self.assertEqual({"error"}, {finding["level"] for finding in findings if finding["area"] == "broker"})
            for finding in findings:
                self.assertEqual(finding["level"] == "ok", finding["do"] == "", finding)

    def test_it_is_over_in_half_a_minute_with_everything_dead(self):
        with Room(self) as room, socket.socket() as silent:
            # Takes connections and says nothing, as a broker whose disk hangs.
            silent.bind(("127.0.0.1", 0))
            silent.listen(64)
            port = silent.getsockname()[1]
            edge = room.appliance(CLIMATE, f"mqtt://127.0.0.1:{port}", admin=f'listen = "127.0.0.1:{port}"',
                                  kafka=f'brokers = "127.0.0.1:{port}"\ntopic = "{TOPIC}"')
            began = time.monotonic()
            said = self.examine(edge.config)
            # 28 s at most by its own limits; the rest is for a machine that is busy.
            self.assertLess(time.monotonic() - began, 40)
            self.assertEqual(2, said.status)
            self.assertIn(f"no answer from 127.0.0.1:{port} in time; see the broker's own log", said.output)
            for area in ("appliance", "broker", "kafka"):
                self.assertTrue(said.of(area, "error"), f"{area}\n{said.output}")

    test_it_is_over_in_half_a_minute_with_everything_dead.quick = False


class DoctorKafka(UplinkCase, DoctorCase):
    limit = 180

    def test_kafka_and_its_topic(self):
        with Room(self) as room:
            kafka = room.kafka(listeners=["SASL"], users={"gateway": CANARY})
            edge = self.appliance(room, kafka)
            self.finds(edge, "error", "kafka", f"no topic {TOPIC}", "make the topic")

            kafka.create_topic(TOPIC)
            edge.start()
            self.load(room, 1, devices=10).finish(30)
            self.acknowledged(edge, 1)
            self.drained(edge)
            said = self.finds(edge, "warning", "kafka", "one replica")
            self.assertEqual(1, said.worst(but=OF_THE_MACHINE), said.output)
            self.assertEqual(2, len(said.of("kafka", "ok")), said.output)
            self.assertRegex(said.output, rf"cluster {kafka.cluster_id()}, topic {TOPIC}, partition 0 of 1")
            self.assertRegex(said.output, r"the last was acknowledged \d+ s ago")

            kafka.alter_topic(TOPIC, retention_ms=60_000, retention_bytes=1_000_000, max_message_bytes=20_000)
            for words in ("(retention.ms)", "(retention.bytes)", "(max.message.bytes)"):
                self.finds(edge, "warning", "kafka", words)
            kafka.alter_topic(TOPIC, cleanup_policy="compact")
            self.finds(edge, "error", "kafka", "is compacted", "cleanup.policy=delete")

            # Another log than the one that acknowledged: by the state file alone, and as the appliance says it.
            edge.stop()
            kafka.delete_topic(TOPIC)
            kafka.create_topic(TOPIC)
            self.finds(edge, "error", "kafka", "made anew", "tidemark uplink accept")
            edge.start()
            edge.wait_metric("uplink_held", lambda held: held == 1, 40)
            self.finds(edge, "error", "kafka", "consents")
            self.finds(edge, "error", "kafka", "made anew")
            edge.stop()

            with open(room.path("password"), "w", encoding="ascii") as out:
                out.write(CANARY + "-wrong\n")
            login = self.appliance(room, kafka, f'brokers = "{kafka.bootstrap("SASL")}"\n[kafka.properties]\n'
                                   'security.protocol = "sasl_plaintext"\nsasl.mechanism = "PLAIN"\n'
                                   f'sasl.username = "gateway"\nsasl.password_file = "{room.path("password")}"\n',
                                   name="login")
            said = self.finds(login, "error", "kafka", "uthentication", "sasl.password_file")
            self.assertNotIn(CANARY, said.output)

            kafka.sigkill(1)
            self.finds(edge, "error", "kafka", "127.0.0.1", "kafka.brokers, the network and the cluster")


if __name__ == "__main__":
    unittest.main()
