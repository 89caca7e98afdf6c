"""The readers in other languages: byte for byte the export of `tidemark export`; old events, events of later versions, and
bytes that are no events."""

import contextlib
import glob
import hashlib
import http.server
import json
import os
import random
import subprocess
import sys
import threading
import time
import unittest

import event_reader
import readers
from harness import ROOT, Room, export, run_tidemark, wait_until
from mqtt_client import Client
from streams import ALL_AGGREGATES, Plant, climate, fleet, stream

EVENTS = os.path.join(ROOT, "tests", "data", "events")
LATE = stream("late", "late/{device}", ["t"], out_of_orderness="1s", lateness="20s", idle_timeout="1s")
# Where the text of a double, or its rounding, is easily got wrong: subnormal, halfway, equally long in both notations ...
ODD_VALUES = [
    ["-5e-324", "0", "0"], ["5e-324", "0"], ["5e-324"], ["1e308", "-1e308"], ["1e308", "1.7e308"], ["123456789012345678", "1e-300"],
    ["1e25"], ["1.5e22", "1.5e22"], ["123456789012345680000"], ["100000"], ["1000000"], ["0.0001"], ["0.00001234"], ["0.1", "0.2"],
    ["5.684341886080801486968994140625e-14", "0"], ["9007199254740993", "9007199254740992"], ["2.2250738585072014e-308"], ["-0"],
    ["1e-200", "3e-200"], ["1e-162", "3e-162"], ["1e23"], ["8.41e21"], ["1492610554713804.75"], ["9.5367431640625e-7"], ["2e-308", "1e-323", "7e-310"]]
# Their order is not that of UTF-16, and some must be quoted.
ODD_NAMES = ["\uffee", "\U00010000", "a,b", 'q"q', "\u00e9", "a b"]
SCHEMA = os.path.join(ROOT, "schemas", "telemetry.fbs")


def content(path):
    with open(path, "rb") as file:
        return file.read()


def frozen(version):
    folder = os.path.join(EVENTS, version)
    events = [content(path) for path in sorted(glob.glob(os.path.join(folder, "*.bin")))]
    return events, content(os.path.join(folder, "export.csv"))


def framed(events):
    """What GET /log answers."""
    return b"".join(position.to_bytes(8, "little") + len(event).to_bytes(4, "little") + event
                    for position, event in enumerate(events, 1))


@contextlib.contextmanager
def served(events):
    """A log that answers GET /log as an appliance does; its URL."""
    body = framed(events)

    class Log(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Log) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def digest_after(event):
    carried = event_reader.Table(event, int.from_bytes(event[:4], "little")).bytes(5) or bytes(16)
    return hashlib.sha256(carried + event).digest()[:16]


class Later:
    """A later version of the schema, and events written by it: those of this version with fields that only it knows."""

    def __init__(self, room):
        self.room = room
        text = content(SCHEMA).decode()
        for before, after in (
                ("  body:Body;\n", "  body:Body;\n  signature:string;\n"),
                ("union Body { WindowBatch, SourceReport, Heartbeat, Tombstone }",
                 "table ReadingBatch { values:[long]; }\n"
                 "union Body { WindowBatch, SourceReport, Heartbeat, Tombstone, ReadingBatch }"),
                ("  groups:[PaneGroup] (required);\n", "  groups:[PaneGroup] (required);\n  note:string;\n"),
                ("time of the first\n}", "time of the first\n  place:string;\n}")):
            assert text.count(before) == 1, before
            text = text.replace(before, after)
        self.schema = room.path("later.fbs")
        with open(self.schema, "w", encoding="utf-8") as out:
            out.write(text)
        subprocess.run(["flatc", "--conform", SCHEMA, self.schema], check=True)

    def flatc(self, *arguments):
        subprocess.run(["flatc", *arguments], cwd=self.room.folder, check=True, capture_output=True)

    def tree(self, event):
        with open(self.room.path("event.tdmk"), "wb") as out:
            out.write(event)
        self.flatc("--json", "--strict-json", "--raw-binary", SCHEMA, "--", "event.tdmk")
        return json.loads(content(self.room.path("event.json")))

    def event(self, tree):
        with open(self.room.path("event.json"), "w", encoding="utf-8") as out:
            json.dump(tree, out)
        self.flatc("--binary", self.schema, "event.json")
        return content(self.room.path("event.tdmk"))

    def log(self, events):
        """The same log from a gateway of the later version: more fields everywhere, and second in each epoch an event of an
        unknown kind."""
        written, epoch, shift, digest = [], None, 0, bytes(16)
        for event in events:
            tree = self.tree(event)
            if tree["epoch"] != epoch:
                epoch, digest = tree["epoch"], bytes(16)
                # The epoch before is one event longer now.
                if written:
                    tree["previous_sequence"] += shift
                shift = 0
            tree.update(sequence=tree["sequence"] + shift, digest=list(digest), signature="signed")
            if tree["body_type"] == "WindowBatch":
                tree["body"]["note"] = "new"
                for group in tree["body"]["groups"]:
                    group["place"] = "hall 3"
            written.append(self.event(tree))
            digest = digest_after(written[-1])
            if shift == 0:
                shift = 1
                written.append(self.event({
                    "gateway": tree["gateway"], "epoch": epoch, "sequence": tree["sequence"] + 1, "digest": list(digest),
                    "body_type": "ReadingBatch", "body": {"values": [1, 2, 3]}}))
                digest = digest_after(written[-1])
        return written


class Readers(readers.ReaderTest):
    quick = True

    def read_by_all(self, room, events, status, expected, *said):
        """Both readers give `expected` from a file with these events, exit with `status`, and say these words."""
        path = room.path("log.bin")
        with open(path, "wb") as out:
            out.write(framed(events))
        for reader in self.each():
            got, text, errors = reader(path)
            self.assertEqual(status, got, errors)
            self.assertEqual(expected.decode(), text.decode())
            for word in said:
                self.assertRegex(errors, word)

    def replayed(self, room, events):
        with served(events) as url:
            views = room.path("served.db")
            done = run_tidemark("replay", "--log", url, "--views", views)
            self.assertEqual(0, done.returncode, done.stderr)
            return export(views)

    def test_a_plant_with_kills_gives_the_same_bytes_in_every_language(self):
        with Room(self) as room:
            broker = room.broker()
            # The fleet's devices send twice, wrong and broken; two devices beside it send late: one for the window before
            # last, which is corrected, one for a window long past, which is sealed.
            plant = fleet(window="1s", idle_timeout="1s", lateness="2s", out_of_orderness="100ms")
            edge = room.appliance(plant + LATE).start()
            sim = room.simulator("--devices", 200, "--interval", "1s", "--duration", "12s", "--seed", 5,
                                 "--profile", "plant", "--truth", room.path("truth.db"))
            client = room.keep(Client(broker.port, "late"))
            for step in range(120):
                for device, shift in (("d1", 0), ("d2", 0), ("d1", -15_000), ("d2", -60_000)):
                    if step * 1_000 + shift >= 0 or shift == 0:
                        at = Plant.START + step * 1_000 + shift
                        client.publish(f"late/{device}", climate(at, f"{step}.{device[1]}"))
                if step % 30 == 29:
                    client.drain()
                    began = edge.started_at
                    wait_until(lambda: time.monotonic() > began + 2.5, 10, "the time to the next kill", [broker, edge])
                    edge.sigkill()
                    edge.start()
            client.publish("late/d2", climate(Plant.START + 119_500, "1e-9"))
            client.publish("late/d2", climate(Plant.START + 2_500, "-7"))
            client.drain()
            sim.finish(60)
            edge.wait_metric("open", lambda number: number == 0, 90)
            events = edge.events()
            whole = edge.fold(room.path("views.db"))
            for reader in self.each():
                status, text, errors = reader(edge.admin_url)
                self.assertEqual((0, True), (status, text == whole), errors)
            panes = [pane["pane"] for event in map(event_reader.read, events) if event.kind == "window_batch"
                     for pane in event.body]
            kinds = {kind: panes.count(kind) for kind in event_reader.PANES}
            print(f"    {len(events)} events, {kinds}, {len(whole.splitlines()) - 1} windows", flush=True)
            self.assertTrue(all(kinds.values()), kinds)
            # What a crash and a backlog do to a topic: everything twice, and the newest epoch first.
            epochs = {}
            for event in events:
                epochs.setdefault(event_reader.read(event).header.epoch, []).append(event)
            self.assertEqual(5, len(epochs))
            shuffled = [event for epoch in reversed(list(epochs.values())) for event in epoch + epoch]
            self.read_by_all(room, shuffled, 0, whole, rf"\b{len(events)} events\b", rf"\b{len(events)} repeated\b")

    def test_odd_values_and_every_set_of_aggregates_print_alike(self):
        sets = [[name] for name in ALL_AGGREGATES + ["range"]]
        streams = "".join(stream(f"s{i}", f"odd/{{site}}/{{device}}/s{i}", ["t"], aggregates=names) for i, names in enumerate(sets))
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(streams + stream("all", "odd/{site}/{device}/all", ["t"])).start()
            sent = 0
            with Client(broker.port, "odd") as client:
                def send(name, device, *values):
                    nonlocal sent
                    # The last one a day later: the windows before it close.
                    for i, value in enumerate([*values, "0"]):
                        at = Plant.START + (86_400_000 if i == len(values) else i * 100)
                        client.publish(f"odd/north/{device}/{name}", climate(at, value))
                        sent += 1

                for i in range(len(sets)):
                    send(f"s{i}", "many", "1.5", "2.25", "-7e3")
                    send(f"s{i}", "one", "3")
                for i, values in enumerate(ODD_VALUES):
                    send("all", f"d{i:02}", *values)
                for device in ODD_NAMES:
                    send("all", device, "1")
                client.drain()
            edge.wait_received(sent)
            events = edge.events()
            edge.stop()
            self.read_by_all(room, events, 0, edge.fold(room.path("views.db")))

    def test_events_of_every_version_that_has_left_the_house_are_read(self):
        versions = sorted(os.listdir(EVENTS))
        self.assertIn("v1", versions)
        for version in versions:
            events, expected = frozen(version)
            with self.subTest(version), Room(self) as room:
                self.assertEqual(expected.decode(), self.replayed(room, events).decode())
                # A log with a tombstone is read to its end, and is not whole.
                parked = sum(event_reader.read(event).kind == "tombstone" for event in events)
                self.assertEqual(version != "v1", parked > 0)
                counts = (rf"{len(events) - parked} events", rf"\b{parked} parked$") if parked else (rf"^{len(events)} events$",)
                self.read_by_all(room, events, 1 if parked else 0, expected, *counts)

    def test_events_of_a_later_version_are_read_as_far_as_they_are_known(self):
        events, expected = frozen("v1")
        with Room(self) as room:
            later = Later(room).log(events)
            self.assertEqual(len(events) + 2, len(later))
            self.assertEqual(expected.decode(), self.replayed(room, later).decode())
            self.read_by_all(room, later, 0, expected, rf"\b{len(events)} events\b", r"\b2 unknown\b")

    def test_panes_that_cannot_be_merged_stop_every_reader(self):
        events, _ = frozen("v1")
        with Room(self) as room:
            later = Later(room)
            tree = later.tree(events[2])
            self.assertEqual("WindowBatch", tree["body_type"])
            tree["body"]["groups"][0]["components"] = 31
            log = [*events[:2], later.event(tree), *events[3:]]
            self.read_by_all(room, log, 2, b"", "position|event at 3", "newer reader", "components")
            with served(log) as url:
                done = run_tidemark("replay", "--log", url, "--views", room.path("newer.db"))
                self.assertNotEqual(0, done.returncode)
                self.assertRegex(done.stdout + done.stderr, "newer|later")

    def test_damaged_events_are_left_out_and_said(self):
        events, _ = frozen("v1")
        with Room(self) as room:
            cut = [*events[:6], events[6][:-40], *events[7:]]
            self.assertEqual("window_batch", event_reader.read(events[6]).kind)
            without = self.folded_without(room, events, 6)
            self.read_by_all(room, cut, 1, without, "the event at 7 is damaged", r"\b1 damaged\b", r"\b1 missing\b")
            self.read_by_all(room, events[:6] + events[7:], 1, without, r"\b1 missing\b")

    def folded_without(self, room, events, number):
        """The export of a log from which one event was taken, by the Python reader's fold; what the others are held to."""
        reader = self.readers.get("python") or self.skipTest(self.lacking["python"])
        path = room.path("without.bin")
        with open(path, "wb") as out:
            out.write(framed(events[:number] + events[number + 1:]))
        return reader(path)[1]

    def test_foreign_records_are_skipped_and_altered_ones_are_noticed(self):
        events, expected = frozen("v1")
        with Room(self) as room:
            foreign = [b"", b"x", b'{"not": "ours"}', bytes(64), *events]
            self.read_by_all(room, foreign, 0, expected, r"\b4 foreign\b")
            # A byte of `committed_at`: the event still says the same, but it is not what the gateway wrote.
            header = event_reader.Table(events[2], int.from_bytes(events[2][:4], "little"))
            changed = bytearray(events[2])
            changed[header.where(6)] ^= 1
            log = [*events[:2], bytes(changed), *events[3:]]
            self.read_by_all(room, log, 1, expected, "event 4 does not follow", r"\b1 altered\b")

    def test_a_log_that_breaks_off_is_no_log(self):
        events, _ = frozen("v1")
        with Room(self) as room:
            for size in (5, 12, 100):
                with open(room.path("short.bin"), "wb") as out:
                    out.write(framed(events)[:size])
                for reader in self.each():
                    status, text, errors = reader(room.path("short.bin"))
                    self.assertEqual((2, b""), (status, text))
                    self.assertRegex(errors, "breaks off")

    def test_bytes_changed_anywhere_never_end_a_reader(self):
        events, _ = frozen("v1")
        chance = random.Random(1)
        with Room(self) as room:
            path = room.path("changed.bin")
            for _ in range(6):
                # Later versions stop a reader by right; all else must not. So each run has changes of its own.
                log = []
                for event in events * 12:
                    event = bytearray(event)
                    for _ in range(chance.choice((1, 1, 3))):
                        event[chance.randrange(8, len(event))] ^= 1 << chance.randrange(8)
                    log.append(bytes(event))
                with open(path, "wb") as out:
                    out.write(framed(log))
                # What they make of it may differ: their FlatBuffers runtimes read broken tables in different ways.
                for reader in self.each():
                    status, _, errors = reader(path)
                    self.assertIn(status, (1, 2), errors)
                    self.assertRegex(errors, r"\bdamaged\b" if status == 1 else "needs a newer reader")


if __name__ == "__main__":
    sys.exit(unittest.main())
