"""The benchmarks with a real Kafka (tests/system/kafka: one broker on this machine, plaintext): how soon a window is
there, what it costs on the wire and in the uplink, and how fast it is read back. Each returns rows (what, measured,
budget, kept) for tests/bench/run.

What is measured is seen from outside the appliance: by a consumer that shares nothing with it, by the broker's files, by
a relay that counts, and by /proc.
"""

import calendar
import contextlib
import csv
import gzip
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
from typing import NamedTuple

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import end_to_end  # noqa: E402
import harness  # noqa: E402
from event_reader import read  # noqa: E402
from kafka import broker, wire  # noqa: E402
from mqtt_client import Client  # noqa: E402
from streams import ALL_AGGREGATES, CLIMATE, climate, climate_topic, fleet, stream  # noqa: E402

TOPIC = "telemetry"
DEFAULT_LINGER = None  # kafka.linger is not set


def kafka_settings(bootstrap, linger=DEFAULT_LINGER):
    return f'brokers = "{bootstrap}"\ntopic = "{TOPIC}"\n' + (f'linger = "{linger}"\n' if linger else "")


@contextlib.contextmanager
def room_with_kafka(**options):
    """(room, Kafka with the topic). Where there is no Kafka the part is skipped, as a test would be."""
    with harness.Room() as room:
        kafka = room.kafka(**options)
        kafka.create_topic(TOPIC)
        room.broker()
        yield room, kafka


def drained(edge):
    def all_there():
        metrics = edge.metrics()
        return metrics.value("uplink_connected") == 1 and metrics.value("uplink_backlog") == 0

    harness.wait_until(all_there, 120, lambda: f"everything is acknowledged\n{edge.process.tail()}", [edge.process], step=0.1)


def silent(edge, seconds=8):
    """Every source has been silent for longer than idle_timeout, and what that emits is emitted."""
    seen = [None, 0.0]

    def unchanged():
        emitted = edge.metrics().value("panes")
        if emitted != seen[0]:
            seen[:] = emitted, time.monotonic()
        return time.monotonic() - seen[1] > seconds

    harness.wait_until(unchanged, 90, "no more windows are emitted", [edge.process], step=0.5)


def windows_on(kafka):
    """(records, panes, different windows) of the topic."""
    records = panes = 0
    windows = set()
    for record in kafka.records(TOPIC):
        records += 1
        event = read(bytes(record.value))
        for pane in event.body if event.kind == "window_batch" else ():
            panes += 1
            windows.add((pane["stream"], pane["source"], pane["tags"], pane["field"], pane["size"], pane["start"]))
    return records, panes, len(windows)


# How soon.

class Watcher:
    """Fetches the topic all the time: each fetch waits at the broker until there is something. Keeps (seconds, batches);
    they are read when all is over, so that the moment is that of the answer and nothing else."""

    def __init__(self, kafka):
        self.answers, self.ended, self.error = [], False, None
        self._link, self._at = kafka.connect(deadline=60), kafka.end_offset(TOPIC)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        try:
            while not self.ended:
                wire.send_fetch(self._link, TOPIC, 0, self._at)
                batches = wire.receive_fetch(self._link, TOPIC, 0, self._at)
                now = time.monotonic()
                for header, _ in wire.batches_of(batches):
                    self._at = header[0] + header[6] + 1
                if batches:
                    self.answers.append((now, batches))
        except Exception as error:  # told by panes()
            self.error = error

    def end(self):
        self.ended = True
        self._thread.join(30)
        if self.error:
            raise self.error

    def panes(self):
        """(seconds, pane), in the order in which they came."""
        for moment, batches in self.answers:
            for record in wire.records_in(batches, 0, 1 << 62)[0]:
                event = read(bytes(record.value))
                for pane in event.body if event.kind == "window_batch" else ():
                    yield moment, pane


DEVICES = 50
START = 1_735_689_600_000  # ms
STEP = 10_000              # between two readings of a device: more than its window and its out-of-orderness


def completing_readings(port, count, rate, chance):
    """Publishes readings, at random moments, of which each completes its device's window before. Returns the moment of
    sending by (device, start of the completed window in ns)."""
    sent = {}
    with Client(port, "probe") as client:
        due = time.monotonic()
        for number in range(count + DEVICES):
            device, turn = number % DEVICES, number // DEVICES
            due += chance.expovariate(rate)
            if (pause := due - time.monotonic()) > 0:
                threading.Event().wait(pause)
            moment = time.monotonic()
            client.publish(climate_topic(f"d{device}"), climate(START + turn * STEP, f"{20 + number % 7}.{number % 10}"))
            if turn > 0:
                sent[f"d{device}", (START + (turn - 1) * STEP) * 1_000_000] = moment
        client.drain()
    return sent


def quantile(ordered, share):
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def latencies(room, kafka, commit_delay, linger, beside, count, rate):
    """Milliseconds from the sending of the reading that completes a window until the window is read from Kafka, sorted."""
    mqtt = room._broker
    edge = room.appliance(stream(window="1s", lateness=None) + end_to_end.STREAM.replace('"climate"', '"load"', 1).replace(
        '"+/', '"load/'), name=f"probe-{len(os.listdir(room.folder))}", gateway=f"probe-{commit_delay}-{linger}-{beside}",
        commit_delay=commit_delay, kafka=kafka_settings(kafka.bootstrap(), linger)).start()
    edge.wait_metric("uplink_connected", lambda value: value == 1, 30)
    sender = None
    if beside:
        sender = room.simulator("--devices", beside, "--rate", beside, "--duration", "600s", "--payload-one-reading",
                                "--no-truth", "--plant", "load", name=f"beside-{len(os.listdir(room.folder))}")
        edge.wait_received(2 * beside, 60)
    watcher = Watcher(kafka)
    sent = completing_readings(mqtt.port, count, rate, random.Random(7))
    drained(edge)
    watcher.end()
    if sender:
        sender.kill()
    edge.stop()
    took = {}
    for moment, pane in watcher.panes():
        key = pane["source"], pane["start"]
        if pane["stream"] == "climate" and key in sent and key not in took:
            took[key] = (moment - sent[key]) * 1e3
    if len(took) != len(sent):
        raise AssertionError(f"{len(sent) - len(took)} of {len(sent)} windows were not seen in Kafka")
    return sorted(took.values())


def latency(count=3000, rate=100):
    """The reading that completes a window to Kafka."""
    rows = []
    with room_with_kafka() as (room, kafka):
        for commit_delay, linger, beside, budget in (
                ("0ms", "0ms", 0, 25), ("0ms", DEFAULT_LINGER, 0, 25), ("0ms", DEFAULT_LINGER, 1000, 25),
                (None, "50ms", 0, None), (None, DEFAULT_LINGER, 0, 150), (None, DEFAULT_LINGER, 1000, 150)):
            took = latencies(room, kafka, commit_delay, linger, beside, count, rate)
            p99 = quantile(took, 0.99)
            rows.append((f"completing reading to Kafka, commit_delay {commit_delay or 'default'}, linger "
                         f"{linger or 'default'}, {rate}/s" + (f" beside {beside:,} other messages/s" if beside else "") +
                         f", {len(took):,} windows: p50 / p99 / p99.9",
                         f"{quantile(took, 0.5):.1f} / {p99:.1f} / {quantile(took, 0.999):.1f} ms",
                         f"{budget} ms (p99)" if budget else "", p99 <= budget if budget else None))
    return rows


# How large.

class Relay:
    """Stands between the appliance and the broker, and counts what passes each way: TCP's payload, of all requests."""

    def __init__(self, port):
        self.target = None
        self.sent = self.received = 0
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self.target))
                for source, sink, name in ((client, server, "sent"), (server, client, "received")):
                    source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    threading.Thread(target=self._pass, args=(source, sink, name), daemon=True).start()

    def _pass(self, source, sink, name):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                setattr(self, name, getattr(self, name) + len(data))
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._listener.close()


def segment_bytes(kafka):
    folder = os.path.join(kafka.nodes[1].data, f"{TOPIC}-0")
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder) if name.endswith(".log"))


CAMPUSIOT = [os.path.join(harness.DATA, "campusiot", name) for name in ("sainteynard_33.ndjson.gz",
                                                                        "sainteynard_32b.ndjson.gz")]
LORA_STREAMS = stream("lora", "application/+", {f"object.{name}": name for name in ("temperature", "pressure", "light",
                                                                                    "battery", "willListen")},
                      source="deviceName", time="_timestamp", window="1h", aggregates=ALL_AGGREGATES) + stream(
    "radio", "application/+", {"rssi": "rssi", "loRaSNR": "snr"}, source="^.devEUI", time="^._timestamp", each="rxInfo",
    window="1h", tags={"gateway": "gatewayID"}, aggregates=ALL_AGGREGATES)
TEN_YEARS = 3653 * 86_400_000
NAB_STREAMS = stream("nab", "nab/{device}", {"value": "value"}, window="1h", aggregates=ALL_AGGREGATES)


def send_campusiot(room):
    """Both logs of real LoRaWAN devices, and what their gateways heard of each frame."""
    lines = 0
    for packed in CAMPUSIOT:
        plain = room.path(os.path.basename(packed)[:-3])
        with gzip.open(packed, "rb") as source, open(plain, "wb") as sink:
            shutil.copyfileobj(source, sink)
        with open(plain, "rb") as counted:
            lines += sum(1 for _ in counted)
        harness.sim_replay(room._broker.url, "--topic-key", "_topic", "--at-key", "_timestamp", plain)
    return 2 * lines  # each message goes to both streams


def send_nab(room):
    """All six series, in the order of time, ten years later: what is before 2015 is quarantined by default."""
    folder, messages = os.path.join(harness.DATA, "nab"), []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".csv"):
            with open(os.path.join(folder, name), encoding="ascii", newline="") as file:
                for row in csv.DictReader(file):
                    ms = calendar.timegm(time.strptime(row["timestamp"], "%Y-%m-%d %H:%M:%S")) * 1000 + TEN_YEARS
                    messages.append((ms, f"nab/{name[:-4]}", f'{{"ts":{ms},"value":{row["value"]}}}'))
    messages.sort()
    with Client(room._broker.port, "nab") as client:
        client.publish_all([(topic, payload) for _, topic, payload in messages])
    return len(messages)


def send_plant(room, devices=500, seconds=40):
    """A simulated plant in its own time, with the faults that plants have."""
    room.simulator("--devices", devices, "--interval", "1s", "--duration", f"{seconds}s", "--profile", "plant",
                   "--no-truth").finish(seconds + 60)
    return 0


def size_rows(what, send, streams, budget=None, linger=DEFAULT_LINGER, backlog=False):
    """`backlog`: what is sent waits at the broker before the appliance takes it; so its groups, and with them the windows
    a record has, do not depend on how fast a sender is on this machine."""
    with contextlib.closing(relay := Relay(port := broker.steady_port())), \
            room_with_kafka(config={"advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}"}) as (room, kafka):
        relay.target = kafka.port()
        edge = room.appliance(streams, kafka=kafka_settings(f"127.0.0.1:{port}", linger)).start()
        edge.wait_metric("uplink_connected", lambda value: value == 1, 30)
        before = relay.sent
        if backlog:
            edge.stop()
        expected = send(room)
        if backlog:
            edge.start()
        edge.wait_received(expected, 120)
        silent(edge)
        drained(edge)
        edge.stop()
        sent = relay.sent - before
        records, panes, windows = windows_on(kafka)
        stored = segment_bytes(kafka)
        name = f"{what}, {windows:,} windows ({panes:,} panes) in {records:,} records"
        wire_bytes, log_bytes = sent / windows, stored / windows
        return [(f"bytes a window sent over TCP, {name}", f"{wire_bytes:.1f} bytes", f"{budget} bytes" if budget else "",
                 wire_bytes <= budget if budget else None),
                ("the same run, bytes a window in the broker's segments", f"{log_bytes:.1f} bytes",
                 f"{budget} bytes" if budget else "", log_bytes <= budget if budget else None)]


def size():
    """bytes a window on the wire"""
    rows = []
    if all(map(os.path.exists, CAMPUSIOT)):
        rows += size_rows("CampusIoT, drained from the broker", send_campusiot, LORA_STREAMS, 20, backlog=True)
        rows += size_rows("NAB, drained from the broker", send_nab, NAB_STREAMS, 20, backlog=True)
    else:
        rows.append(("bytes a window sent, recorded data", "skipped: no recorded data, see TIDEMARK_DATA", "20 bytes", None))
    for linger in (DEFAULT_LINGER, "2s"):
        rows += size_rows(f"simulated plant of 500 devices, a message a second each, linger {linger or 'default'}",
                          send_plant, fleet(window="10s", lateness=None), linger=linger)
    return rows


# What it costs, and how fast it is read back.

def uplink_seconds(pid):
    """CPU of the uplink's threads: its own, and librdkafka's, which are named rdk:..."""
    seconds = 0.0
    for task in os.listdir(folder := f"/proc/{pid}/task"):
        with contextlib.suppress(OSError), open(f"{folder}/{task}/comm", encoding="utf-8") as name:
            if name.read().startswith(("uplink", "rdk:")):
                with open(f"{folder}/{task}/schedstat", encoding="ascii") as used:
                    seconds += int(used.read().split()[0]) / 1e9
    return seconds


def uplink_cost(room, kafka, window, seconds, rate=10_000):
    """(row, the appliance, stopped) of a fleet in which each device has its own moment."""
    edge = room.appliance(end_to_end.STREAM.replace('"10s"', f'"{window}"'), kafka=kafka_settings(kafka.bootstrap()),
                          name=f"window-{window}", gateway=f"window-{window}").start()
    edge.wait_metric("uplink_connected", lambda value: value == 1, 30)
    sim = end_to_end.fleet(room, end_to_end.SERIES, rate, seconds)
    edge.wait_metric("panes", lambda panes: panes > rate / 2, 60)
    pid, metrics, used = edge.process.pid, edge.metrics(), uplink_seconds(edge.process.pid)
    whole, begun = end_to_end.cpu_seconds(pid), time.monotonic()
    sim.finish(seconds + 120)
    after, used = edge.metrics(), uplink_seconds(pid) - used
    whole, took = end_to_end.cpu_seconds(pid) - whole, time.monotonic() - begun
    panes = after.value("panes") - metrics.value("panes")
    records = after.value("uplink_acknowledged") - metrics.value("uplink_acknowledged")
    silent(edge)
    drained(edge)
    edge.stop()
    row = (f"CPU a window in the uplink, {panes / took:,.0f} windows/s, {panes / records:,.0f} a record",
           f"{used / panes * 1e6:.2f} µs ({used / took * 100:.1f} % of a core; the appliance {whole / took * 100:.0f} %)",
           "", None)
    return row, edge


class Rates(NamedTuple):
    windows: int
    wall: float  # windows a second
    cpu: float   # windows a second of CPU

    def __str__(self):
        return f"{self.wall:,.0f} windows/s ({self.cpu:,.0f} a second of CPU)"


def replayed(place, views):
    """`tidemark replay`, from the start of its process to its end."""
    before, begun = os.times(), time.monotonic()
    done = harness.run_tidemark("replay", "--log", place, "--views", views, deadline=300)
    took, after = time.monotonic() - begun, os.times()
    if done.returncode != 0:
        raise AssertionError(f"replay of {place}: {done.stderr}")
    used = after.children_user - before.children_user + after.children_system - before.children_system
    windows = harness.view_rows(views, "SELECT count(*) FROM window")[0][0]
    return Rates(windows, windows / took, windows / used)


def read_back(place):
    """[read, read and folded] by log_reader."""
    done = subprocess.run([end_to_end.program("log_reader"), place], capture_output=True, text=True, timeout=300, check=False)
    if done.returncode != 0:
        raise AssertionError(f"log_reader: {done.stderr}")
    rates = re.findall(r"(\d+) windows in ([\d.]+) s, ([\d.]+) s of CPU", done.stdout)
    return [Rates(int(windows), int(windows) / float(wall), int(windows) / float(cpu)) for windows, wall, cpu in rates]


def cost(seconds=60):
    """CPU a window in the uplink; replay of the log that came of it"""
    rows = []
    with room_with_kafka() as (room, kafka):
        rows.append(uplink_cost(room, kafka, "10s", 40)[0])
    with room_with_kafka() as (room, kafka):
        row, edge = uplink_cost(room, kafka, "1s", seconds)
        rows.append(row)
        places = {"Kafka": f"kafka:{kafka.bootstrap()}/{TOPIC}", "a file": f"file:{edge.state}"}
        for name, place in places.items():
            only, folded = read_back(place)
            rows.append((f"read a log of {only.windows:,} windows from {name}", str(only), "", None))
            rows.append((f"read and fold it in memory from {name}", str(folded), "2 million/s a core", folded.cpu >= 2e6))
        views = {name: replayed(place, room.path(f"{name}.db")) for name, place in places.items()}
        if len({rates.windows for rates in views.values()}) != 1:
            raise AssertionError(f"Kafka and the file do not have the same windows: {views}")
        for name, rates in views.items():
            rows.append((f"tidemark replay of it from {name} into views, its start included", str(rates), "200,000/s",
                         rates.wall >= 200_000))
    return rows
