"""The admin interface: health, metrics and the log over HTTP."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import unittest

from harness import METRIC, ROOT, Process, Room, frames, run_tidemark, tool, wait_until
from mqtt_client import Client
from oracle import Fold
from streams import CLIMATE, Plant


# Nobody listens there: everything works, and the link says so.
NO_KAFKA = 'brokers = "127.0.0.1:1"\ntopic = "telemetry"'


class Admin(unittest.TestCase):
    quick = True

    def filled(self, room, **options):
        broker = room.broker()
        edge = room.appliance(CLIMATE, **options).start()
        with Client(broker.port, "plant") as client:
            plant = Plant(client, Fold())
            for i in range(300):
                plant.send(i * 1000, i)
                if i % 50 == 49:
                    client.drain()
                    edge.wait_received(plant.sent)
            plant.close_windows()
            edge.wait_received(plant.sent)
        return broker, edge, plant.fold

    def test_metrics_are_all_there_with_types_and_help(self):
        with Room(self) as room:
            _, edge, _ = self.filled(room, kafka=NO_KAFKA)
            text = edge.get("/metrics")[1].decode()
            metrics = edge.metrics()
            missing = [name for key, name in METRIC.items() if not metrics.has(key)
                       and key not in ("messages_rejected", "readings_rejected")]
            self.assertEqual([], missing)
            for name in {name for name, _ in metrics}:
                self.assertTrue(name.startswith("tidemark_"), name)
                self.assertRegex(text, rf"# HELP {name} \S")
                kind = "counter" if name.endswith("_total") else "gauge"
                self.assertRegex(text, rf"# TYPE {name} {kind}")
            self.assertEqual(301, metrics.value("received"))
            self.assertEqual(301, metrics.value("readings", outcome="counted"))
            self.assertEqual(301, metrics.value("open") + metrics.value("emitted"))

    def test_the_metrics_that_operators_are_told_to_look_at_are_there(self):
        with open(os.path.join(ROOT, "docs", "OPERATING.md"), encoding="utf-8") as document:
            told = set(re.findall(r"tidemark_\w+", document.read()))
        self.assertGreater(len(told), 5)
        with Room(self) as room:
            room.broker()
            edge = room.appliance(CLIMATE, kafka=NO_KAFKA).start()
            self.assertLessEqual(told, {name for name, _ in edge.metrics()})
            edge.stop()

    def test_health_follows_the_broker(self):
        with Room(self) as room:
            broker, edge, _ = self.filled(room)
            self.assertEqual(200, edge.get("/healthz")[0])
            broker.terminate()
            wait_until(lambda: edge.get("/healthz")[0] == 503, 20, "503 without a broker", [edge])
            self.assertRegex(edge.get("/healthz")[1].decode(), r"(?i)broker|mqtt|connect")
            broker.start()
            wait_until(lambda: edge.get("/healthz")[0] == 200, 30, "200 with a broker", [edge])
            self.assertGreaterEqual(edge.metric("reconnects"), 1)
            edge.stop()

    def test_the_log_from_any_position(self):
        with Room(self) as room:
            _, edge, _ = self.filled(room)

            def log(start):
                status, body = edge.get(f"/log?from={start}")
                self.assertEqual(200, status)
                return list(frames(body))

            everything = log(1)
            self.assertGreater(len(everything), 2)
            self.assertEqual(list(range(1, len(everything) + 1)), [position for position, _ in everything])
            self.assertEqual(everything[2:], log(3)[:len(everything) - 2])
            self.assertEqual([], log(1_000_000))
            for wrong in ("/log?from=x", "/log?from=-1", "/log?from=99999999999999999999"):
                self.assertEqual(400, edge.get(wrong)[0], wrong)
            done = run_tidemark("inspect", "--log", edge.admin_url)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertGreaterEqual(len(done.stdout.splitlines()), len(everything))
            edge.stop()

    def test_following_the_log_over_http(self):
        with Room(self) as room:
            broker, edge, _ = self.filled(room)
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", edge.admin_port, timeout=20)) as connection:
                connection.request("GET", "/log?from=1&follow=1")
                answer = connection.getresponse()
                self.assertEqual(200, answer.status)
                first = answer.read1(4)
                self.assertTrue(first)
                with Client(broker.port, "more") as client:
                    plant = Plant(client, Fold(), start=Plant.START + 2 * 86_400_000)
                    for i in range(100):
                        plant.send(i * 1000, i, device="later")
                    plant.close_windows()
                    seen = first
                    while b"later" not in seen:
                        more = answer.read1(1 << 16)
                        self.assertTrue(more, "the answer goes on")
                        seen += more
            # A follower that does not read must not stop the appliance.
            stuck = socket.create_connection(("127.0.0.1", edge.admin_port))
            stuck.sendall(b"GET /log?from=1&follow=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            edge.stop()
            stuck.close()

    def test_inspect_follows_through_an_appliance_that_is_killed_and_comes_again(self):
        with Room(self) as room:
            _, edge, _ = self.filled(room)
            follow = room.keep(Process([tool("tidemark"), "inspect", "--config", edge.config, "--follow"],
                                       room.path("inspect.log")))

            def seen():
                lines = [line for line in follow.output().splitlines() if line.startswith("{")]
                return [int(re.match(r'{"position":(\d+),', line)[1]) for line in lines]

            wait_until(seen, 20, "events are printed", [edge, follow])
            edge.sigkill()
            wait_until(lambda: re.search("is the appliance running|broke off", follow.output()), 20, "that nobody answers is said",
                       [follow])
            edge.start()
            last = edge.metric("tidemark_log_last_position")
            wait_until(lambda: seen()[-1] >= last, 20, "what came after the restart is printed", [edge, follow])
            self.assertEqual(list(range(1, seen()[-1] + 1)), seen())
            follow.signal(signal.SIGTERM)
            self.assertEqual(0, follow.wait(10))
            edge.stop()

    def test_what_is_not_there_and_what_is_no_request(self):
        with Room(self) as room:
            _, edge, _ = self.filled(room)
            self.assertEqual(404, edge.get("/nothing")[0])
            self.assertEqual(200, edge.get("/")[0])
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", edge.admin_port, timeout=10)) as connection:
                for method, path, headers, status in (
                        ("POST", "/metrics", {}, 405), ("DELETE", "/uplink/accept", {}, 405),
                        ("GET", "/uplink/accept", {}, 405), ("POST", "/uplink/accept", {}, 409),
                        ("POST", "/uplink/accept", {"Origin": "https://elsewhere.example"}, 403)):
                    connection.request(method, path, body="x" if method == "POST" else None, headers=headers)
                    answer = connection.getresponse()
                    answer.read()
                    self.assertEqual(status, answer.status, (method, path))
            for raw in (b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03", b"GET / HTTP/9.9\r\n\r\n", b"G" * 100_000,
                        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n", b"\0" * 1000):
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", edge.admin_port), 10) as sock:
                    sock.sendall(raw)
                    sock.shutdown(socket.SHUT_WR)
                    while sock.recv(4096):
                        pass
            self.assertEqual(200, edge.get("/healthz")[0])
            # Many connections at once, then they go away.
            crowd = []
            for _ in range(300):
                with contextlib.suppress(OSError):
                    crowd.append(socket.create_connection(("127.0.0.1", edge.admin_port), 5))
            for sock in crowd:
                sock.close()
            wait_until(lambda: edge.get("/healthz")[0] == 200, 20, "answers after a crowd", [edge])
            edge.stop()

    def test_a_unix_socket(self):
        with Room(self) as room:
            room.broker()
            path = room.path("admin.sock")
            edge = room.appliance(CLIMATE, admin=f'listen = "unix:{path}"').spawn()

            def ask(what):
                with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as sock:
                    sock.settimeout(5)
                    sock.connect(path)
                    sock.sendall(f"GET {what} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
                    answer = b""
                    while piece := sock.recv(1 << 16):
                        answer += piece
                    return answer
                return b""

            wait_until(lambda: ask("/healthz").startswith(b"HTTP/1.1 200"), 20, "healthy over its socket", [edge])
            self.assertIn(b"tidemark_ledger_balanced 1", ask("/metrics"))
            self.assertEqual(0, os.stat(path).st_mode & 0o007, "not for everybody")
            done = run_tidemark("verify", "--log", f"unix:{path}")
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            # A socket left by a killed process is in nobody's way.
            edge.sigkill()
            self.assertTrue(os.path.exists(path))
            edge.spawn()
            wait_until(lambda: ask("/healthz").startswith(b"HTTP/1.1 200"), 20, "healthy again", [edge])
            edge.stop()

    def test_what_stands_at_the_sockets_path_and_is_somebodys_stays(self):
        with Room(self) as room:
            room.broker()
            path = room.path("taken")
            with open(path, "w") as out:
                out.write("precious")
            edge = room.appliance(CLIMATE, admin=f'listen = "unix:{path}"').spawn()
            self.assertEqual(1, edge.process.wait(20))
            self.assertIn("in use", edge.process.output())
            with open(path) as kept:
                self.assertEqual("precious", kept.read())
            # Nor is a socket taken from an appliance that listens on it.
            path = room.path("admin.sock")
            first = room.appliance(CLIMATE, admin=f'listen = "unix:{path}"', name="first").spawn()
            wait_until(lambda: run_tidemark("inspect", "--log", f"unix:{path}").returncode == 0, 20, "it listens", [first])
            second = room.appliance(CLIMATE, admin=f'listen = "unix:{path}"', name="second", client_id="second").spawn()
            self.assertEqual(1, second.process.wait(20))
            self.assertIn("in use", second.process.output())
            self.assertEqual(0, run_tidemark("inspect", "--log", f"unix:{path}").returncode)
            first.stop()

    def test_a_token_guards_what_is_not_loopback(self):
        with Room(self) as room:
            room.broker()
            with open(room.path("token"), "w") as out:
                out.write("let-me-in\n")
            os.chmod(room.path("token"), 0o600)
            edge = room.appliance(CLIMATE)
            with open(edge.config, encoding="utf-8") as config:
                text = config.read()
            text = re.sub(r'listen = "127.0.0.1:(\d+)"', rf'listen = "0.0.0.0:\1"\ntoken_file = "{room.path("token")}"', text)
            with open(edge.config, "w", encoding="utf-8") as out:
                out.write(text)
            edge.spawn()

            def status(path, token=None, method="GET"):
                with contextlib.closing(http.client.HTTPConnection("127.0.0.1", edge.admin_port, timeout=5)) as connection:
                    connection.request(method, path, headers={"Authorization": f"Bearer {token}"} if token else {})
                    return connection.getresponse().status

            def up():
                with contextlib.suppress(OSError):
                    return status("/metrics", "let-me-in") == 200
                return False

            wait_until(up, 20, "answers with the token", [edge])
            self.assertEqual(401, status("/metrics"))
            self.assertEqual(401, status("/uplink/accept", method="POST"))
            self.assertEqual(409, status("/uplink/accept", "let-me-in", "POST"))
            # The command reads the token, reaches the appliance, and hears that there is nothing to accept.
            accepted = run_tidemark("uplink", "accept", "--config", edge.config)
            self.assertEqual((1, "no [kafka] is configured\n"), (accepted.returncode, accepted.stderr))
            self.assertEqual(401, status("/log?from=1", "let-me-out"))
            self.assertNotIn("let-me-in", edge.process.output())
            edge.stop()

    def test_verify_and_inspect_do_not_disturb_the_running_appliance(self):
        with Room(self) as room:
            broker, edge, _ = self.filled(room)
            with Client(broker.port, "more") as client:
                for _ in range(3):
                    client.publish_all(("plant/north/x/climate", f'{{"ts":{Plant.START + i},"t":{i}}}')
                                       for i in range(1000))
                    done = edge.verify()
                    self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            edge.wait_received(3301)
            self.assertEqual(0, edge.metric("reconnects"))
            edge.stop()


class Output(unittest.TestCase):
    """What a broken pipe or a full pipe must not do."""

    quick = True

    @unittest.skipUnless(os.path.exists("/dev/full"), "there is no /dev/full")
    def test_what_could_not_be_written_is_no_success(self):
        with Room(self) as room:
            room.broker()
            edge = room.appliance(CLIMATE).start()
            edge.stop()
            edge.replay(room.path("v.db"))
            for arguments in (["verify", "--config", edge.config], ["check", "--config", edge.config],
                              ["inspect", "--config", edge.config], ["export", "--views", room.path("v.db")]):
                with open("/dev/full", "wb") as full:
                    done = subprocess.run([tool("tidemark"), *arguments], stdout=full, stderr=subprocess.PIPE, text=True,
                                          timeout=30, check=False)
                self.assertEqual(1, done.returncode, arguments)
                self.assertIn("No space left", done.stderr)

    def test_export_into_a_closed_pipe_ends(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                for i in range(5000):
                    plant.send(i * 10_000, i)
                plant.close_windows()
                edge.wait_received(plant.sent)
            edge.stop()
            edge.replay(room.path("v.db"))
            done = subprocess.run(["bash", "-c", f"'{tool('tidemark')}' export --views '{room.path('v.db')}' | head -1"],
                                  capture_output=True, text=True, timeout=30, check=False)
            self.assertEqual(1, len(done.stdout.splitlines()))
            self.assertNotIn("assert", done.stderr)


if __name__ == "__main__":
    unittest.main()
