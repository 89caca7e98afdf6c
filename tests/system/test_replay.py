"""The log is enough: a replay gives the views, killed and continued as often as one likes, and `verify` finds what is
missing or altered, exactly."""

import contextlib
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import unittest

from harness import Process, Room, export, run_tidemark, tool, view_rows, wait_until
from mqtt_client import Client
from oracle import COLUMNS, SECOND, Fold
from streams import CLIMATE, Plant


class Replay(unittest.TestCase):
    limit = 240

    def fill(self, room, readings=3000, devices=20):
        """An appliance with some thousand windows in its log, stopped, and what they must be."""
        broker = room.broker()
        edge = room.appliance(CLIMATE).start()
        with Client(broker.port, "plant") as client:
            plant = Plant(client, Fold())
            for i in range(readings):
                # Every seventh comes late by up to some windows: corrections.
                plant.send(i * 5_000 - (i % 7 == 0) * 30_000, f"{i % 97}.{i % 10}", device=f"d{i % devices}")
                if i % 500 == 499:
                    client.drain()
                    edge.wait_received(plant.sent)
            plant.close_windows()
            edge.wait_received(plant.sent)
        edge.stop()
        return edge, plant.fold

    def test_killed_in_the_middle_and_continued_it_gives_the_same_views(self):
        with Room(self) as room:
            edge, fold = self.fill(room, 12_000, 40)
            expected = fold.csv().decode()
            self.assertEqual(expected, edge.fold(room.path("whole.db")).decode())
            views = room.path("views.db")
            kills = 0
            for attempt in range(1, 200):
                replay = subprocess.Popen([tool("tidemark"), "replay", "--config", edge.config, "--views", views],
                                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                # A later moment each time, from before it has opened anything to after its end.
                try:
                    replay.wait(timeout=attempt * 0.002)
                except subprocess.TimeoutExpired:
                    replay.kill()
                    kills += replay.wait() == -9
                if replay.returncode == 0:
                    break
            self.assertGreater(kills, 0, "the replay was never killed")
            edge.replay(views)
            self.assertEqual(expected, export(views).decode())
            # Once more changes nothing.
            edge.replay(views)
            self.assertEqual(expected, export(views).decode())

    def test_export_as_csv_and_json_lines(self):
        with Room(self) as room:
            edge, fold = self.fill(room, 300)
            views = room.path("views.db")
            edge.replay(views)
            csv = export(views, "--format", "csv").decode()
            self.assertEqual(fold.csv().decode(), csv)
            self.assertEqual(csv, export(views).decode())
            self.assertEqual(csv, export(views, "--size", "10s").decode())
            nothing = run_tidemark("export", "--views", views, "--size", "1h")
            self.assertEqual((0, COLUMNS + "\n"), (nothing.returncode, nothing.stdout))
            self.assertRegex(nothing.stderr, "no windows of 1h, only of 10s.*--rollup SIZE")
            rows = [json.loads(line) for line in export(views, "--format", "jsonl").decode().splitlines()]
            self.assertEqual(len(csv.splitlines()) - 1, len(rows))
            self.assertEqual(COLUMNS.split(","), list(rows[0]))
            self.assertEqual("plant-7", rows[0]["gateway"])

    def test_rollups_are_what_aggregating_the_readings_gives(self):
        with Room(self) as room:
            edge, fold = self.fill(room, 2000)
            views = room.path("views.db")
            edge.replay(views, "--rollup", "1min,15min")
            for text, size in (("10s", 10), ("1min", 60), ("15min", 900)):
                larger = Fold()
                for (stream, version, source, tags, field, _, _), window in fold.windows.items():
                    for time, value in window.points:
                        larger.add(stream, source, tags, field, size * SECOND, 0, time, value, version)
                self.assertEqual(larger.csv().decode(), export(views, "--size", text).decode(), text)

    test_rollups_are_what_aggregating_the_readings_gives.quick = True

    def test_inspect_prints_events_as_json_lines(self):
        with Room(self) as room:
            edge, _ = self.fill(room, 300)
            done = run_tidemark("inspect", "--config", edge.config)
            self.assertEqual(0, done.returncode, done.stderr)
            events = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertGreater(len(events), 1)
            sequences = [event.get("sequence", event.get("header", {}).get("sequence")) for event in events]
            self.assertEqual(list(range(1, len(events) + 1)), sequences)
            from_three = run_tidemark("inspect", "--config", edge.config, "--from", "3").stdout.splitlines()
            self.assertEqual(done.stdout.splitlines()[2:], from_three)
            same = run_tidemark("inspect", "--log", f"file:{edge.state}")
            self.assertEqual(done.stdout, same.stdout)

    test_inspect_prints_events_as_json_lines.quick = True

    def altered(self, room, edge, name, change):
        """A copy of the state file with its log changed; what verify says of it."""
        copy = room.path(name + ".db")
        shutil.copy(edge.state, copy)
        with contextlib.closing(sqlite3.connect(copy)) as db:
            columns = [row[1] for row in db.execute("PRAGMA table_info(log)")]
            change(db, columns)
            db.commit()
        return run_tidemark("verify", "--log", f"file:{copy}"), copy

    def test_verify_names_a_row_that_was_deleted_or_altered(self):
        with Room(self) as room:
            edge, _ = self.fill(room)
            good = run_tidemark("verify", "--log", f"file:{edge.state}")
            self.assertEqual(0, good.returncode, good.stdout + good.stderr)
            self.assertEqual(0, edge.proven().returncode)
            inspected = run_tidemark("inspect", "--config", edge.config).stdout.splitlines()
            middle = len(inspected) // 2

            def delete(db, columns):
                db.execute(f"DELETE FROM log WHERE rowid = (SELECT rowid FROM log ORDER BY rowid LIMIT 1 OFFSET {middle})")

            done, copy = self.altered(room, edge, "deleted", delete)
            said = done.stdout + done.stderr
            self.assertEqual(1, done.returncode, said)
            self.assertRegex(said, rf"\b{middle + 1}\b", "names the sequence that is missing")

            def spoil(db, columns):
                body = next(c for c in columns if c in ("event", "body", "bytes"))
                rowid, blob = db.execute(f"SELECT rowid, {body} FROM log ORDER BY rowid LIMIT 1 OFFSET {middle}").fetchone()
                db.execute(f"UPDATE log SET {body} = ? WHERE rowid = ?",
                           (blob[:len(blob) // 2] + bytes([blob[len(blob) // 2] ^ 1]) + blob[len(blob) // 2 + 1:], rowid))

            done, _ = self.altered(room, edge, "altered", spoil)
            self.assertEqual(1, done.returncode, done.stdout + done.stderr)
            self.assertRegex(done.stdout + done.stderr, rf"\b{middle + 1}\b")

            def cut(db, columns):
                db.execute("DELETE FROM log WHERE rowid = (SELECT max(rowid) FROM log)")

            # Without the end of the log only the edge's own state can tell.
            _, copy = self.altered(room, edge, "cut", cut)
            with open(edge.config, encoding="utf-8") as config:
                text = config.read().replace(json.dumps(edge.state), json.dumps(copy))
            with open(room.path("cut.toml"), "w", encoding="utf-8") as out:
                out.write(text)
            done = run_tidemark("verify", "--config", room.path("cut.toml"))
            self.assertEqual(1, done.returncode, done.stdout + done.stderr)
            self.assertRegex(done.stdout + done.stderr, r"\d")

    test_verify_names_a_row_that_was_deleted_or_altered.quick = True

    def test_replay_and_verify_ask_a_running_appliance(self):
        with Room(self) as room:
            edge, fold = self.fill(room, 500)
            edge.start()
            for source in (None, edge.admin_url):
                views = room.path(f"views{bool(source)}.db")
                edge.replay(views, source=source)
                self.assertEqual(fold.csv().decode(), export(views).decode())
                done = edge.verify(source)
                self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            edge.stop()

    test_replay_and_verify_ask_a_running_appliance.quick = True

    def test_follow_keeps_going(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            views = room.path("views.db")
            follow = subprocess.Popen([tool("tidemark"), "replay", "--config", edge.config, "--views", views, "--follow"],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            try:
                with Client(broker.port, "plant") as client:
                    plant = Plant(client, Fold())
                    for i in range(200):
                        plant.send(i * 1000, i)
                    plant.close_windows()
                    edge.wait_received(201)

                    def there():
                        with contextlib.suppress(sqlite3.Error):
                            return view_rows(views, "SELECT count(*) FROM window")[0][0] >= 20
                        return False

                    wait_until(there, 20, "the windows appear in the views", [edge])
                follow.terminate()
                self.assertEqual(0, follow.wait(10))
            finally:
                follow.kill()
                follow.stdout.close()
                follow.wait()
            edge.stop()
            self.assertEqual(plant.fold.csv().decode(), export(views).decode())

    test_follow_keeps_going.quick = True

    def follower(self, room, edge, views):
        return room.keep(Process([tool("tidemark"), "replay", "--config", edge.config, "--views", views, "--follow"],
                                 room.path("follow.log")))

    def test_a_follower_that_is_killed_and_an_appliance_that_is_killed_leave_no_hole_in_the_views(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            views = room.path("views.db")

            def folded(windows):
                with contextlib.suppress(sqlite3.Error):
                    return view_rows(views, "SELECT count(*) FROM window")[0][0] >= windows
                return False

            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                for round_ in range(6):
                    follow = self.follower(room, edge, views)
                    for i in range(400):
                        plant.send((round_ * 400 + i) * 1000, i)
                        # In the middle of what it follows, each time at another place.
                        if round_ < 3 and i == 100 * (round_ + 1):
                            follow.kill()
                    edge.wait_received(plant.sent)
                    if round_ == 3:
                        # The same follower goes on when the appliance comes back.
                        wait_until(lambda: folded(40 * round_ + 1), 20, "the follower is at work", [edge, follow])
                        edge.sigkill()
                        wait_until(lambda: re.search("is the appliance running|broke off", follow.output()), 20, "the follower says that nobody "
                                   "answers", [follow])
                        edge.start()
                        edge.wait_received(plant.sent)
                    if round_ >= 3:
                        wait_until(lambda: folded(40 * (round_ + 1) - 1), 20, "the windows are in the views", [edge, follow])
                        follow.signal(signal.SIGTERM)
                        self.assertEqual(0, follow.wait(10))
                plant.close_windows()
                edge.wait_received(plant.sent)
            edge.stop()
            edge.replay(views)
            self.assertEqual(plant.fold.csv().decode(), export(views).decode())

    def test_over_a_unix_socket_and_with_a_token(self):
        with Room(self) as room:
            edge, fold = self.fill(room, 300)
            with open(edge.config, encoding="utf-8") as config:
                whole = config.read()
            with open(room.path("token"), "w") as out:
                out.write("let-me-in\n")
            with open(room.path("wrong"), "w") as out:
                out.write("let-me-out\n")
            socket_path = room.path("admin.sock")
            address = f'listen = "127.0.0.1:{edge.admin_port}"'
            token = f'\ntoken_file = "{room.path("token")}"'
            self.assertIn(address, whole)

            def restart(admin, answers):
                """`answers`: whether the appliance does. A command with --config reads the file of one that does not
                hold it yet, and says nothing of that."""
                with open(edge.config, "w", encoding="utf-8") as out:
                    out.write(whole.replace(address, admin))
                edge.spawn()
                wait_until(answers, 20, "it answers", [edge])

            def listens():
                try:
                    return edge.get("/healthz")[0] > 0
                except OSError:
                    return False

            place = f"unix:{socket_path}"
            restart(f'listen = "{place}"', lambda: run_tidemark("inspect", "--log", place).returncode == 0)
            for number, source in enumerate((["--log", place], ["--config", edge.config])):
                views = room.path(f"unix{number}.db")
                done = run_tidemark("replay", *source, "--views", views)
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertIn(place, done.stderr)
                self.assertEqual(fold.csv().decode(), export(views).decode())
            edge.stop()
            self.assertFalse(os.path.exists(socket_path))

            restart(address + token, listens)
            for number, source in enumerate((["--config", edge.config],
                                             ["--log", edge.admin_url, "--token-file", room.path("token")])):
                views = room.path(f"token{number}.db")
                done = run_tidemark("replay", *source, "--views", views)
                self.assertEqual(0, done.returncode, done.stderr)
                self.assertEqual(fold.csv().decode(), export(views).decode())
            for arguments, word in (([], "asks for a token"), (["--token-file", room.path("wrong")], "not take this token"),
                                    (["--token-file", room.path("absent")], "no token can be read")):
                done = run_tidemark("replay", "--log", edge.admin_url, *arguments, "--views", room.path("no.db"))
                self.assertEqual(1, done.returncode)
                self.assertIn(word, done.stderr)
                self.assertFalse(os.path.exists(room.path("no.db")), "no empty views are left behind")
            edge.stop()

    def test_a_log_whose_beginning_is_gone_is_refused_unless_told(self):
        with Room(self) as room:
            edge, _ = self.fill(room, 1500)
            half = room.path("half.db")
            run_tidemark("replay", "--log", f"file:{edge.state}", "--views", half)
            whole = view_rows(half, "SELECT source, start, count FROM window ORDER BY source, start")
            # As retention leaves it: the first rows are not there any more.
            def trim(db, columns):
                db.execute("DELETE FROM log WHERE position <= 5")

            done, copy = self.altered(room, edge, "trimmed", trim)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            self.assertIn("begins at position 6", done.stdout)
            views = room.path("views.db")
            done = run_tidemark("replay", "--log", f"file:{copy}", "--views", views)
            self.assertEqual(1, done.returncode)
            self.assertRegex(done.stderr, "positions 1 to 5 of the log are gone.*--from-retained")
            done = run_tidemark("replay", "--log", f"file:{copy}", "--views", views, "--from-retained")
            self.assertEqual(0, done.returncode, done.stderr)
            rest = view_rows(views, "SELECT source, start, count FROM window ORDER BY source, start")
            self.assertTrue(rest)
            self.assertLess(len(rest), len(whole))
            self.assertLessEqual({row[:2] for row in rest}, {row[:2] for row in whole})
            # It goes on from there as from anywhere, without being told again.
            done = run_tidemark("replay", "--log", f"file:{copy}", "--views", views)
            self.assertEqual(0, done.returncode, done.stderr)
            # Views that stand where the log still reaches need nothing that is gone.
            done = run_tidemark("replay", "--log", f"file:{copy}", "--views", half)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertEqual(whole, view_rows(half, "SELECT source, start, count FROM window ORDER BY source, start"))

    test_a_log_whose_beginning_is_gone_is_refused_unless_told.quick = True
    test_over_a_unix_socket_and_with_a_token.quick = True

    def test_a_file_is_not_followed_and_another_gateways_log_is_not_mixed_in(self):
        with Room(self) as room:
            edge, _ = self.fill(room, 300)
            done = run_tidemark("replay", "--log", f"file:{edge.state}", "--views", edge.state)
            self.assertEqual(2, done.returncode)
            self.assertIn("the state file itself", done.stderr)
            done = run_tidemark("replay", "--log", f"file:{edge.state}", "--views", room.path("v.db"), "--follow")
            self.assertEqual(1, done.returncode)
            self.assertIn("needs a running appliance", done.stderr)
            edge.replay(room.path("v.db"))
            other = room.appliance(CLIMATE, gateway="plant-8", name="other", client_id="other").start()
            other.stop()
            done = run_tidemark("replay", "--config", other.config, "--views", room.path("v.db"))
            self.assertEqual(1, done.returncode)
            self.assertIn("another gateway's", done.stderr)

    test_a_file_is_not_followed_and_another_gateways_log_is_not_mixed_in.quick = True

    def test_replay_refuses_what_is_no_log(self):
        with Room(self) as room:
            with open(room.path("x.db"), "wb") as out:
                out.write(b"no log at all" * 100)
            for spec in (f"file:{room.path('x.db')}", f"file:{room.path('absent.db')}", "http://127.0.0.1:1", "nonsense"):
                done = run_tidemark("replay", "--log", spec, "--views", room.path("v.db"))
                self.assertNotEqual(0, done.returncode, spec)
                self.assertTrue(re.search(r"\w{4,}", done.stderr), spec)

    test_replay_refuses_what_is_no_log.quick = True


if __name__ == "__main__":
    unittest.main()
