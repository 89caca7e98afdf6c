"""The benchmarks that need real processes: mosquitto, `tidemark`, and what sends to it. Each returns rows
(what, measured, budget, kept) for tests/bench/run; `kept` is None where there is no budget.

CPU is utime and stime of the process, from /proc. All share the machine's cores with the broker and the sender.
"""

import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
import harness  # noqa: E402

STREAM = """
[[stream]]
name = "climate"
topic = "+/{site}/{device}/climate"
source = "{device}"
format = "json"
time = "ts"
time_format = "ms"
window = "10s"
aggregates = ["count", "mean", "min", "max", "stddev", "first", "last"]
[[stream.field]]
path = "temperature"
name = "temperature"
"""
BATCHES = STREAM.replace('time = "ts"', 'each = "r"\ntime = "ts"')

SERIES = 10_000
BATCH = 50


def program(name):
    return os.path.join(harness.BUILD, "tests", "bench", name)


# What /proc says of a process.

def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_mib(pid, key="VmRSS"):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key + ":")) / 1024


def written(pid):
    with open(f"/proc/{pid}/io") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("write_bytes:"))


def counted(edge):
    return edge.metrics().value("readings", stream="climate", outcome="counted")


def load(room, port, name="load", **options):
    words = [word for key, value in options.items() for word in ("--" + key.replace("_", "-"), str(value))]
    return room.keep(harness.Process([program("load_sender"), "--port", str(port), *words], room.path(name + ".log")))


def fleet(room, devices, rate, seconds):
    """firmware-sim: one reading a message, each device at its own moment."""
    return room.simulator("--devices", devices, "--rate", rate, "--duration", f"{seconds}s", "--payload-one-reading",
                          "--no-truth")


class Span:
    """What the appliance used between two moments."""

    def __init__(self, edge):
        self.edge, self.pid = edge, edge.process.pid
        self.readings, self.cpu, self.bytes, self.at = counted(edge), cpu_seconds(self.pid), written(self.pid), time.monotonic()

    def end(self):
        self.readings = counted(self.edge) - self.readings
        self.cpu = cpu_seconds(self.pid) - self.cpu
        self.bytes = written(self.pid) - self.bytes
        self.seconds = time.monotonic() - self.at
        return self


# Each look at /metrics costs the appliance about two milliseconds of the CPU that is measured: few of them, and none
# between the two ends of a span where that can be.
SELDOM = 0.5


def after(edge, readings):
    harness.wait_until(lambda: counted(edge) >= readings, 120, lambda: f"{readings} readings (now {counted(edge)})",
                       [edge.process], step=0.1)
    return Span(edge)


def restart(room, edge, port):
    """SIGKILL, and the seconds from the start of the next process to its first acknowledgement; messages keep coming."""
    sender = load(room, port, "probe", messages=1_000_000, rate=2_000, devices=SERIES)
    if edge.process is not None:
        edge.sigkill()
    edge.spawn()
    metrics = []

    def acknowledges():
        now = edge.metrics(optional=True)
        if now is not None and now.value("acks_released") > 0:
            metrics.append(now)
        return metrics

    harness.wait_until(acknowledges, 60, "the appliance acknowledges", [edge], step=0.005)
    seconds = time.monotonic() - edge.started_at
    sender.kill()
    return seconds, metrics[0]


def recovered_readings(edge):
    found = re.search(r"(\d+) readings from the journal", edge.process.output())
    return int(found[1]) if found else 0


def restart_row(what, room, edge, port):
    seconds, metrics = restart(room, edge, port)
    windows = metrics.value("windows_open")
    return (f"{what}: {windows:,.0f} open windows, {recovered_readings(edge):,} readings in the journal", f"{seconds:.2f} s",
            "2 s", seconds <= 2)


# The parts.

def paced(seconds=80, rate=10_000):
    """10,000 messages a second over 10,000 series for longer than lateness, then SIGKILL; and a bare Paho callback."""
    rows = []
    with harness.Room() as room:
        broker = room.broker()
        edge = room.appliance(STREAM).start()
        idle = resident_mib(edge.process.pid)
        sim = fleet(room, SERIES, rate, seconds)
        # The first seconds make the series: left out.
        span = after(edge, 2 * rate)
        sim.finish(seconds + 120)
        edge.wait_received(rate * seconds, 60)
        span.end()
        cpu = span.cpu / span.readings * 1e6
        rows.append((f"CPU a message of one reading, {rate:,}/s, {SERIES:,} series, {span.readings:,.0f} messages",
                     f"{cpu:.2f} µs", "8 µs", cpu <= 8))
        resident = resident_mib(edge.process.pid)
        rows.append((f"resident, {SERIES:,} series, after {seconds} s", f"{resident:.1f} MiB", "32 MiB", resident <= 32))
        rows.append(("resident at most, the same run", f"{resident_mib(edge.process.pid, 'VmHWM'):.1f} MiB", "", None))
        rows.append(("resident, idle", f"{idle:.1f} MiB", "16 MiB", idle <= 16))
        rows.append((f"written to storage a reading, {rate:,}/s, {SERIES:,} series", f"{span.bytes / span.readings:.1f} bytes",
                     "", None))
        rows.append(restart_row("start after SIGKILL to the first acknowledgement, that run", room, edge, broker.port))
        edge.stop()
    with harness.Room() as room:
        broker = room.broker()
        counter = room.keep(harness.Process([program("paho_counter"), "--port", str(broker.port), "--skip", str(2 * rate),
                                             "--messages", str(10 * rate)], room.path("paho.log")))
        harness.wait_until(lambda: "subscribed" in counter.output(), 20, "Paho subscribes", [counter])
        sim = fleet(room, SERIES, rate, 13)
        if counter.wait(60, "Paho counts") != 0:
            raise AssertionError(counter.output())
        sim.finish(60)
        bare = float(re.search(r"([\d.]+) us of CPU", counter.output())[1])
        rows.insert(1, (f"a bare Paho callback that only counts, {rate:,}/s", f"{bare:.2f} µs", "", None))
        rows.insert(2, ("the appliance's part of that", f"{cpu / bare:.2f}", "", None))
    return rows


def storage(seconds=40, rate=5_000):
    """Bytes written at 5,000 readings a second over 5,000 series."""
    with harness.Room() as room:
        room.broker()
        edge = room.appliance(STREAM).start()
        sim = fleet(room, rate, rate, seconds)
        span = after(edge, 2 * rate)
        sim.finish(seconds + 120)
        edge.wait_received(rate * seconds, 60)
        span.end()
        each = span.bytes / span.readings
        return [(f"written to storage a reading, {rate:,}/s over {rate:,} series, {span.readings:,.0f} readings",
                 f"{each:.1f} bytes", "40 bytes", each <= 40)]


def batches(messages=30_000, rate=1_000):
    """Messages of fifty readings each."""
    with harness.Room() as room:
        broker = room.broker()
        edge = room.appliance(BATCHES).start()
        sender = load(room, broker.port, messages=messages, rate=rate, devices=SERIES, readings=BATCH)
        # Every device has sent once.
        span = after(edge, SERIES * BATCH)
        sender.wait(120, "the sender ends")
        edge.wait_received(messages, 120)
        span.end()
        each = span.cpu / span.readings * 1e6
        edge.stop()
        return [(f"CPU a reading in batches of {BATCH}, {rate * BATCH:,} readings/s, {SERIES:,} series, "
                 f"{span.readings:,.0f} readings", f"{each:.2f} µs", "0.5 µs", each <= 0.5)]


def full_speed(messages=600_000):
    """As fast as it goes, from a sender that costs little."""
    with harness.Room() as room:
        broker = room.broker()
        edge = room.appliance(STREAM).start()
        sender = load(room, broker.port, messages=messages, devices=SERIES)
        pids = {"the appliance": edge.process.pid, "mosquitto": broker.process.pid, "the sender": sender.pid}
        span = after(edge, 2 * SERIES)
        # The sender may end before the appliance: what it used is known from the last look at it.
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        used = dict(before)

        def done():
            for name, pid in pids.items():
                try:
                    used[name] = max(used[name], cpu_seconds(pid))
                except OSError:
                    pass
            return counted(edge) >= messages - SERIES

        harness.wait_until(done, 180, "the messages are committed", [edge.process], step=SELDOM)
        span.end()
        rate = span.readings / span.seconds
        shares = ", ".join(f"{name} {(used[name] - before[name]) / span.seconds * 100:.0f} %" for name in pids)
        edge.wait_received(messages, 60)
        edge.stop()
        return [("messages of one reading a second at full speed", f"{rate:,.0f}/s", "40,000/s", rate >= 40_000),
                ("the same run, of one core", shares, "", None),
                ("the same run, the appliance's CPU a message", f"{span.cpu / span.readings * 1e6:.2f} µs", "", None)]


def full_journal():
    """A state file with 1,000,000 readings in its journal: more than the rotation of shards keeps."""
    with harness.Room() as room:
        broker = room.broker()
        edge = room.appliance(STREAM.replace('"+/', '"plant/'))
        made = subprocess.run([program("full_journal"), edge.config], capture_output=True, text=True, timeout=120, check=False)
        if made.returncode != 0:
            raise AssertionError(f"full_journal: {made.stderr}")
        return [restart_row("start on a full journal to the first acknowledgement", room, edge, broker.port)]
