"""A state file that is not ours, from a newer version, read-only, or in use: a clear error and nothing changed."""

import contextlib
import os
import shutil
import sqlite3
import subprocess
import unittest

from harness import Process, Room, can_mount, run_tidemark, tool
from mqtt_client import Client
from oracle import Fold
from streams import CLIMATE, Plant


def bytes_of(path):
    with open(path, "rb") as file:
        return file.read()


class StateFiles(unittest.TestCase):
    quick = True

    def refused(self, edge, *words):
        """`run` ends by itself with an error that holds the words and the file's name."""
        edge.spawn()
        status = edge.process.wait(20)
        said = edge.process.output()
        self.assertNotIn(status, (0, -6, -11, 134, 139), said)
        self.assertIn(os.path.basename(edge.state), said)
        self.assertTrue(any(word in said.lower() for word in words), said)

    def used(self, room):
        """An appliance with a state file of some readings, stopped."""
        broker = room.broker()
        edge = room.appliance(CLIMATE).start()
        with Client(broker.port, "plant") as client:
            plant = Plant(client, Fold())
            for i in range(100):
                plant.send(i * 300, i)
            plant.close_windows()
            edge.wait_received(plant.sent)
        edge.stop()
        return edge, plant

    def test_not_ours(self):
        with Room(self) as room:
            room.broker()
            edge = room.appliance(CLIMATE)
            with contextlib.closing(sqlite3.connect(edge.state)) as db:
                db.execute("CREATE TABLE recipes (name TEXT)")
                db.execute("INSERT INTO recipes VALUES ('soup')")
                db.commit()
            before = bytes_of(edge.state)
            self.refused(edge, "not a tidemark", "not ours", "another program")
            self.assertEqual(before, bytes_of(edge.state))

    def test_of_another_gateway(self):
        with Room(self) as room:
            edge, plant = self.used(room)
            before = bytes_of(edge.state)
            other = room.appliance(CLIMATE, state=edge.state, gateway="plant-8", name="other")
            self.refused(other, 'gateway "plant-7"')
            self.assertIn('write gateway.id = "plant-7"', other.process.output())
            done = other.verify()
            self.assertEqual(1, done.returncode)
            self.assertIn('gateway "plant-7"', done.stderr)
            self.assertEqual(before, bytes_of(edge.state))
            edge.start()
            edge.stop()
            self.assertEqual(plant.fold.csv().decode(), edge.fold(room.path("views.db")).decode())
            edge.proven()

    def test_not_a_database(self):
        with Room(self) as room:
            room.broker()
            edge = room.appliance(CLIMATE)
            with open(edge.state, "wb") as out:
                out.write(b"Dear diary, " * 1000)
            before = bytes_of(edge.state)
            self.refused(edge, "not a tidemark", "not ours", "another program")
            self.assertEqual(before, bytes_of(edge.state))

    def test_of_a_newer_version(self):
        with Room(self) as room:
            edge, _ = self.used(room)
            with contextlib.closing(sqlite3.connect(edge.state)) as db:
                version = db.execute("PRAGMA user_version").fetchone()[0]
                self.assertGreater(version, 0, "the schema's version stands in user_version")
                db.execute(f"PRAGMA user_version = {version + 1}")
                db.commit()
            before = bytes_of(edge.state)
            self.refused(edge, "newer")
            self.assertEqual(before, bytes_of(edge.state))

    def test_in_use(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            second = room.appliance(CLIMATE, state=edge.state, name="second", client_id="second")
            self.refused(second, "in use", "another process")
            # The first goes on.
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                plant.send(0, 1)
                edge.wait_received(1)
            # Our own commands ask the running appliance, or say how to.
            done = run_tidemark("verify", "--log", f"file:{edge.state}")
            self.assertNotEqual(0, done.returncode)
            self.assertRegex(done.stdout + done.stderr, "http|running|in use")
            edge.stop()

    @unittest.skipUnless(can_mount(), "this user may not mount a tmpfs")
    def test_read_only(self):
        with Room(self) as room:
            edge, _ = self.used(room)
            # Root may write what is read-only by its mode: only a mount is read-only for everybody.
            folder = os.path.dirname(edge.state)
            subprocess.run(["mount", "--bind", folder, folder], check=True)
            try:
                subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
                self.refused(edge, "read-only", "cannot be written", "permission")
            finally:
                subprocess.run(["umount", "-l", folder], check=True)
            edge.start()
            edge.stop()
            edge.proven()

    def test_in_a_folder_that_is_not_there(self):
        with Room(self) as room:
            room.broker()
            edge = room.appliance(CLIMATE, state=room.path("gone", "state.db"))
            os.rmdir(room.path("gone"))
            edge.spawn()
            # Either it makes the folder or it says which one is missing.
            try:
                edge.wait_ready(5)
                edge.stop()
            except AssertionError:
                self.assertIn("gone", edge.process.output())

    def test_a_damaged_page_of_the_journal_is_set_aside_and_the_rest_goes_on(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                for i in range(300):
                    plant.send(i, i)
                    if i % 100 == 99:
                        client.drain()
                        edge.wait_received(i + 1)
                edge.sigkill()
                copy = edge.state + ".copy"
                for suffix in ("", "-wal", "-shm"):
                    with contextlib.suppress(FileNotFoundError):
                        shutil.copy(edge.state + suffix, copy + suffix)
                with contextlib.closing(sqlite3.connect(copy)) as db:
                    names = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
                    journal = next(name for name in names if "journal" in name)
                    columns = [row[1] for row in db.execute(f"PRAGMA table_info({journal})")]
                    body = next(c for c in columns if c in ("plan", "body", "bytes"))
                    rows = db.execute(f"SELECT rowid, {body} FROM {journal} ORDER BY rowid").fetchall()
                    self.assertGreater(len(rows), 1)
                    rowid, blob = rows[len(rows) // 2]
                    spoilt = blob[:-1] + bytes([blob[-1] ^ 0xFF])
                    db.execute(f"UPDATE {journal} SET {body} = ? WHERE rowid = ?", (spoilt, rowid))
                    db.commit()
                hurt = room.appliance(CLIMATE, state=copy, name="hurt").start()
                metrics = hurt.metrics()
                self.assertEqual(1, metrics.value("damaged_rows"))
                damaged = metrics.value("readings", outcome="damaged")
                self.assertGreater(damaged, 0)
                self.assertEqual(1, metrics.value("balanced"))
                # What the damaged row had received is not counted again; what comes next is.
                before = metrics.value("received")
                plant.send(1000, 1)
                hurt.wait_received(before + 1, 20)
                hurt.stop()
                hurt.proven()
                with open(hurt.process.log_path, encoding="utf-8", errors="replace") as log:
                    self.assertIn("damaged", log.read())


class Wrong(unittest.TestCase):
    quick = True

    def test_sigterm_before_the_broker_is_there(self):
        with Room(self) as room:
            edge = room.appliance(CLIMATE, "mqtt://127.0.0.1:1").spawn()
            edge.wait_metric("uptime", lambda v: v >= 0, 10)
            self.assertEqual(503, edge.get("/healthz")[0])
            edge.stop(15)

    def test_an_address_of_the_admin_interface_that_is_taken(self):
        with Room(self) as room:
            broker = room.broker()
            first = room.appliance(CLIMATE).start()
            second = room.appliance(CLIMATE, name="second", client_id="second",
                                    admin=f'listen = "127.0.0.1:{first.admin_port}"')
            taken = Process([tool("tidemark"), "run", "--config", second.config], room.path("second.log"))
            self.assertNotEqual(0, taken.wait(20))
            self.assertIn(str(first.admin_port), taken.output())
            first.stop()
            del broker


if __name__ == "__main__":
    unittest.main()
