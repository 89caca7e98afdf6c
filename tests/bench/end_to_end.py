#!/usr/bin/env python3
"""End to end against DESIGN's budgets: MQTT QoS 1 to committed, with a real mosquitto and firmware-sim.

    tests/bench/end_to_end.py [--rate 10000] [--devices 10000] [--seconds 20]

One reading a message, 10 s windows, default lateness. Prints, beside the budget: the appliance's CPU a message (utime and
stime of the process; the first seconds left out), its resident memory, the bytes it handed to storage a reading (write_bytes
of /proc/PID/io), and, after SIGKILL, how long the next start takes until it acknowledges.
"""
import argparse
import os
import sys

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


def recovery_seconds(edge):
    lines = edge.get("/metrics")[1]
    text = lines.decode() if isinstance(lines, bytes) else lines
    return next(float(line.split()[1]) for line in text.splitlines() if line.startswith("tidemark_start_to_ready_seconds "))


def counted(edge):
    return edge.metrics().value("readings", stream="climate", outcome="counted")


def run(arguments):
    with harness.Room() as room:
        room.broker()
        edge = room.appliance(STREAM).start()
        idle = resident_mib(edge.process.pid)
        sim = room.simulator("--devices", arguments.devices, "--rate", arguments.rate, "--duration",
                             f"{arguments.seconds}s", "--payload-one-reading", "--no-truth")
        # The first two seconds make the series: left out.
        harness.wait_until(lambda: counted(edge) >= 2 * arguments.rate, 60, "the load runs", [sim, edge.process])
        pid = edge.process.pid
        before, cpu, bytes_before = counted(edge), cpu_seconds(pid), written(pid)
        sim.finish(arguments.seconds + 120)
        edge.wait_received(arguments.rate * arguments.seconds, 60)
        readings = counted(edge) - before
        figures = [
            ("CPU a message, µs", (cpu_seconds(pid) - cpu) / readings * 1e6, "8 at 10,000/s"),
            ("written a reading, bytes", (written(pid) - bytes_before) / readings, "40 at 5,000/s over 5,000 series"),
            ("resident under load, MiB", resident_mib(pid), "32 with 10,000 series"),
            ("resident at most, MiB", resident_mib(pid, "VmHWM"), ""),
            ("resident idle, MiB", idle, "16"),
        ]
        edge.sigkill()
        edge.start()
        figures.append(("recovery after SIGKILL, s", recovery_seconds(edge), "2"))
        print(f"{arguments.rate} messages/s, {arguments.devices} devices, {readings:.0f} readings measured")
        for name, value, budget in figures:
            print(f"  {name:28} {value:10.2f}   budget {budget or '-'}")
        edge.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=10000)
    parser.add_argument("--devices", type=int, default=10000)
    parser.add_argument("--seconds", type=int, default=20)
    run(parser.parse_args())


if __name__ == "__main__":
    main()
