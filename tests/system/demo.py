"""The second half of ./demo: runs the plants, the kills and the proof. `./demo --help` says what happens."""

import argparse
import gzip
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import unittest

from fleet_truth import Truth
from harness import DATA, Appliance, Broker, Room, Simulator, export, sim_replay, tool, view_rows, wait_until
from mqtt_client import Client
from oracle import SECOND, Fold, JsonStream, parsed, read_ndjson
from streams import fleet, stream

WINDOW = "5s"
FIELDS = {f"object.{name}": name for name in ("temperature", "pressure", "light", "battery")}
RECORDED = os.path.join(DATA, "campusiot", "sainteynard_33.ndjson.gz")
# (name, devices, interval, profile): about 700 messages a second together.
PLANTS = [("paper-mill", 300, "1s", "plant"), ("wind-farm", 300, "1s", "plant"), ("depot", 200, "1s", "chaos")]
LEAST_KILLS = 5
TOPIC = "telemetry"
BROKER_DIES = (2, 4)  # after these kills of the appliance


class Screen:
    """A line that rewrites itself on a terminal; elsewhere a line every five seconds."""

    def __init__(self):
        self._terminal = sys.stdout.isatty()
        self._next = 0.0
        self._begun = time.monotonic()

    def note(self, text):
        if self._terminal:
            print("\r\x1b[K", end="")
        print(f"[{time.monotonic() - self._begun:5.1f} s] {text}", flush=True)

    def progress(self, text):
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.2 if self._terminal else 5)
        line = f"[{now - self._begun:5.1f} s] {text}"
        if self._terminal:
            width = shutil.get_terminal_size().columns
            print("\r\x1b[K" + line[:width - 1], end="", flush=True)
        else:
            print(line, flush=True)


class Recorded:
    """A log of real devices, or without one, one that the simulator recorded; and what must come of it."""

    def __init__(self, folder):
        self.is_real = os.path.exists(RECORDED)
        self.path = os.path.join(folder, "recorded.ndjson")
        self.fold = Fold()
        if self.is_real:
            with gzip.open(RECORDED, "rb") as packed, open(self.path, "wb") as out:
                shutil.copyfileobj(packed, out)
            self.name = os.path.basename(RECORDED)
            self.arguments = ["--topic-key", "_topic", "--at-key", "_timestamp"]
            self.streams = stream("lorawan", "application/rx", FIELDS, source="deviceName", time="_timestamp", window="1h")
            reader = JsonStream("lorawan", "deviceName", "_timestamp", "ms", FIELDS, 3600 * SECOND)
            read_ndjson(self.fold, reader, self.path, {"application/rx"})
        else:
            self.name = "a log recorded by firmware-sim"
            self.arguments = []
            self.streams = stream("recorded", "recorded/{site}/{device}/climate", ("temperature", "humidity"), window="1min")
            self.record()
        with open(self.path, "rb") as lines:
            self.lines = sum(1 for _ in lines)

    def record(self):
        subprocess.run([tool("firmware-sim"), "record", "--plant", "recorded", "--models", "climate", "--devices", "20",
                        "--interval", "10s", "--duration", "2h", "--start-time", "2025-01-01T00:00:00Z", "--no-truth",
                        self.path], check=True, capture_output=True)
        reader = JsonStream("recorded", "{device}", "ts", "ms", {"temperature": "temperature", "humidity": "humidity"},
                            60 * SECOND, {"site": "{site}"})
        with open(self.path, encoding="utf-8") as lines:
            for line in lines:
                whole = json.loads(line)
                payload = whole["payload"]
                payload = parsed(payload if isinstance(payload, str) else json.dumps(payload))
                _, site, device, _ = whole["topic"].split("/")
                reader.read(self.fold, payload, {"site": site, "device": device})

    def close_windows(self, client):
        """A reading of each device a day after its last: its watermark passes all windows of the log, which are emitted.
        These readings themselves stay in open windows. Returns how many messages."""
        if self.is_real:
            closing = [("application/rx", json.dumps({"deviceName": name, "_timestamp": 1_750_000_000_000, "object": {
                key.split(".")[1]: 0 for key in FIELDS}})) for name in sorted({key[2] for key in self.fold.windows})]
        else:
            closing = [(f"recorded/{json.loads(key[3])['site']}/{key[2]}/climate",
                        '{"ts":1735862400000,"temperature":0,"humidity":0}')
                       for key in {key[:4] + (None, None, None) for key in self.fold.windows}]
        for topic, payload in closing:
            client.publish(topic, payload)
        client.drain()
        return len(closing)


class Demo:
    def __init__(self, room, seconds, with_kafka):
        self.room, self.seconds, self.with_kafka = room, seconds, with_kafka
        self.kafka = None
        self.broker_kills = 0
        self.screen = Screen()
        self.chance = random.Random(7)
        self.kills = 0
        self.slowest = 0.0
        self.wrong = []
        self.last = None  # the metrics seen last

    def expect(self, holds, text):
        if not holds:
            self.wrong.append(text)
        return holds

    def start(self):
        screen, room = self.screen, self.room
        self.recorded = Recorded(room.folder)
        self.broker = room.keep(Broker(room.folder)).start()
        screen.note(f"mosquitto on port {self.broker.port}; its configuration: {self.broker.config}")
        streams = fleet("plants/{plant}", WINDOW, idle_timeout="2s") + self.recorded.streams
        self.edge = room.keep(Appliance(room.folder, self.broker.url, streams, kafka=self.start_kafka())).start()
        screen.note(f"appliance ready, {self.edge.admin_url}/metrics; its configuration: {self.edge.config}")
        self.truths, self.plants = [], []
        for number, (name, devices, interval, profile) in enumerate(PLANTS):
            truth = room.path(f"{name}.truth.db")
            self.truths.append(truth)
            self.plants.append(room.keep(Simulator(
                room.folder, self.broker.url, "--plant", f"plants/{name}", "--devices", devices, "--start-id", number * 1000 + 1,
                "--interval", interval, "--duration", f"{self.seconds}s", "--seed", number + 1, "--profile", profile,
                "--truth", truth, name=name)))
            screen.note(f"plant {name}: {devices} devices, profile {profile}")
        self.replayed = threading.Thread(target=self.publish_recorded, daemon=True)
        self.replay_error = None

    def start_kafka(self):
        """The appliance's settings for it; none without --kafka."""
        if not self.with_kafka:
            return ""
        self.kafka = self.room.kafka()
        self.kafka.create_topic(TOPIC, partitions=3)
        self.screen.note(f"Apache Kafka on {self.kafka.bootstrap()}, topic {TOPIC} of 3 partitions")
        return f'brokers = "{self.kafka.bootstrap()}"\ntopic = "{TOPIC}"'

    def publish_recorded(self):
        try:
            sim_replay(self.broker.url, *self.recorded.arguments, self.recorded.path)
        except Exception as error:  # shown and counted by the main thread
            self.replay_error = error

    def look(self):
        metrics = self.edge.metrics(optional=True)
        if metrics is not None:
            self.last = metrics
            self.screen.progress(
                f"received {metrics.value('received'):,.0f}  counted {metrics.value('readings', outcome='counted'):,.0f}  "
                f"duplicates {metrics.value('readings', outcome='duplicate'):,.0f}  "
                f"redelivered {metrics.value('redelivered'):,.0f}  open windows {metrics.value('windows_open'):,.0f}  "
                f"events {metrics.value('log_rows'):,.0f}  " +
                (f"not in Kafka yet {metrics.value('uplink_backlog'):,.0f}  " if self.kafka else "") + f"kills {self.kills}")
        return metrics

    def watch(self, until):
        def over():
            self.look()
            return until()
        return over

    def kill_and_restart(self):
        self.edge.sigkill()
        self.kills += 1
        self.edge.spawn()
        took = self.edge.wait_ready(20)
        self.slowest = max(self.slowest, took)
        self.screen.note(f"SIGKILL number {self.kills}; ready again {took:.2f} s after its start")
        if self.kafka:
            self.kill_or_start_kafka()

    def kill_or_start_kafka(self):
        """Between two kills of the appliance Kafka is away."""
        if self.kafka.running():
            if self.kills in BROKER_DIES:
                self.kafka.sigkill()
                self.broker_kills += 1
                self.screen.note("SIGKILL to Kafka's broker: it is away, events wait in the appliance's log")
        else:
            waiting = self.edge.metric("uplink_backlog")
            self.kafka.start_broker(1)
            self.screen.note(f"Kafka's broker starts again; {waiting:,.0f} events wait for it")

    def run(self):
        self.start()
        running = lambda: any(plant.running() for plant in self.plants)  # noqa: E731
        started_recorded = False
        pause = max(2.0, self.seconds / (LEAST_KILLS + 3))
        while running():
            moment = time.monotonic() + self.chance.uniform(0.6, 1.1) * pause
            wait_until(self.watch(lambda: time.monotonic() >= moment or not running()), self.seconds + 120,
                       "the time of the next kill", step=0.1)
            if self.kills == 1 and not started_recorded:
                started_recorded = True
                self.screen.note(f"publishing {self.recorded.lines:,} messages of {self.recorded.name}")
                self.replayed.start()
            if running():
                self.kill_and_restart()
        while self.kills < LEAST_KILLS:
            self.kill_and_restart()
        for plant in self.plants:
            plant.finish(60)
        if not started_recorded:
            self.replayed.start()
        wait_until(self.watch(lambda: not self.replayed.is_alive()), 120, "the recorded log is published", step=0.1)
        if self.replay_error is not None:
            raise self.replay_error
        with Client(self.broker.port, "closing") as client:
            self.recorded.close_windows(client)
        if self.kafka:
            self.kafka.start()
        self.drain()

    def drain(self):
        self.screen.note("all is sent; waiting until every window is emitted")
        still = len(FIELDS) * len({key[2] for key in self.recorded.fold.windows}) if self.recorded.is_real else 40

        def drained():
            metrics = self.look()
            return (metrics is not None and metrics.value("acks_held") == 0 and metrics.value("open") == still and
                    metrics.value("uplink_backlog") == 0)

        wait_until(drained, 90, lambda: f"drained; readings open: {self.last.value('open'):.0f}, expected {still}",
                   [self.edge, self.broker], step=0.1)
        self.final = self.edge.metrics()
        self.edge.stop()
        self.screen.note("drained and ended by SIGTERM")

    def fold(self, name, source=None):
        """The export of a log as bytes, and whether `verify` proves it; None: the appliance's own log."""
        views = self.room.path(f"{name}.db")
        begun = time.monotonic()
        self.edge.replay(views, source=source)
        self.screen.note(f"replayed {source or 'the log'} into {views} in {time.monotonic() - begun:.1f} s")
        verified = self.edge.verify(source)
        proven = self.expect(verified.returncode == 0, f"verify of {source or 'the log'}: " +
                             (verified.stdout + verified.stderr).strip())
        return views, export(views), proven, verified.stdout

    def prove(self):
        views, exported, proven, _ = self.fold("views")
        central = self.prove_kafka(exported) if self.kafka else []
        header, *rows = exported.decode().splitlines()
        own = {stream_name for stream_name, *_ in self.recorded.fold.windows}
        is_recorded = lambda row: row.split(",", 2)[1] in own  # noqa: E731
        real = "\n".join([header] + [row for row in rows if is_recorded(row)]) + "\n"
        plants = ("\n".join([header] + [row for row in rows if not is_recorded(row)]) + "\n").encode()
        truth = Truth(self.truths, 5 * SECOND, plant_tag=True)
        lost, twice = truth.lost_and_twice(plants)
        for difference in truth.differences(plants):
            self.expect(False, "plants: " + difference)
        same = self.expect(real == self.recorded.fold.csv().decode(), f"the windows of {self.recorded.name} differ from an "
                           "independent computation")
        self.expect((lost, twice) == (0, 0), f"{lost} readings lost, {twice} counted twice")
        self.expect(truth.uncertain == 0, f"{truth.uncertain} readings were never acknowledged to a simulator")
        balanced = self.expect(self.final.value("balanced") == 1, "the ledger does not balance")
        self.expect(self.kills >= LEAST_KILLS, f"only {self.kills} kills")
        self.table(views, truth, lost, twice, same, balanced, proven, len(rows), central)

    def prove_kafka(self, exported):
        """What is in Kafka is what the edge has, which is then held against the truth. Rows for the table."""
        _, there, proven, said = self.fold("kafka", f"kafka:{self.kafka.bootstrap()}/{TOPIC}")
        same = self.expect(there == exported, "what is replayed from Kafka differs from what the appliance's own log gives")
        self.expect(self.broker_kills > 0, "Kafka was never killed")
        again = re.search(r"(\d+) events came again", said)
        records = sum(self.kafka.end_offset(TOPIC, partition) for partition in range(3))
        return [("kills of Kafka's broker by SIGKILL", f"{self.broker_kills}"),
                ("records in Kafka", f"{records:,}, of which {int(again[1]) if again else 0:,} came again and count once"),
                ("replay from Kafka = edge, byte for byte", "yes" if same else "NO"),
                ("log in Kafka proven (verify)", "yes" if proven else "NO")]

    def table(self, views, truth, lost, twice, same, balanced, proven, windows, central):
        final = self.final
        reasons = final.by("messages_rejected", "reason")
        for reason, value in final.by("readings_rejected", "reason").items():
            reasons[reason] = reasons.get(reason, 0) + value
        rejected = ", ".join(f"{reason} {value:,.0f}" for reason, value in sorted(reasons.items()) if value) or "none"
        revisions = view_rows(views, "SELECT count(*) FROM window WHERE revision > 1")[0][0]
        rows = [
            ("readings made by the plants", f"{sum(truth.fates.values()):,}"),
            ("  of them to be counted", f"{truth.fates['sent']:,}"),
            (f"messages of {self.recorded.name}", f"{self.recorded.lines:,}"),
            ("messages received", f"{final.value('received'):,.0f}"),
            ("  redelivered by the broker, recognised", f"{final.value('redelivered'):,.0f}"),
            ("readings counted", f"{final.value('readings', outcome='counted'):,.0f}"),
            ("  copies recognised", f"{final.value('readings', outcome='duplicate'):,.0f}"),
            ("  set aside for their clocks", f"{final.value('readings', outcome='quarantined'):,.0f}"),
            ("rejected", rejected),
            ("windows", f"{windows:,}" + (f" ({revisions:,} corrected by late readings)" if revisions else "")),
            ("kills by SIGKILL", f"{self.kills}, slowest start to ready {self.slowest:.2f} s"),
            ("lost", f"{lost}"),
            ("counted twice", f"{twice}"),
            ("ledger balanced", "yes" if balanced else "NO"),
            ("replay = edge (verify)", "yes" if proven else "NO"),
            ("recorded log = independent computation", f"yes, {len(self.recorded.fold.windows):,} windows byte for byte"
             if same else "NO"),
            *central,
        ]
        width = max(len(name) for name, _ in rows)
        print()
        for name, value in rows:
            print(f"  {name:<{width}}  {value}")
        print()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--kafka", action="store_true")
    parser.add_argument("--keep", action="store_true")
    chosen = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with Room() as room:
        demo = Demo(room, max(chosen.seconds, 5), chosen.kafka)
        try:
            demo.run()
            demo.prove()
        except (AssertionError, OSError, unittest.SkipTest) as error:
            demo.wrong.append(str(error))
        if chosen.keep:
            shutil.copytree(room.folder, kept := room.folder + "-kept")
            print(f"Kept: {kept}")
    for line in demo.wrong[:20]:
        print(f"NOT AS IT SHOULD BE: {line}")
    print("Everything is as it should be." if not demo.wrong else "Something is not as it should be.")
    return 1 if demo.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
