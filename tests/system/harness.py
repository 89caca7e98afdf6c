"""What the system tests share: real processes (mosquitto, Kafka, tidemark, firmware-sim), each in a folder and on a port of
its own, and the two ways to wait: poll a condition with a deadline, or fail and say what was waited for.

Nothing here sleeps for a fixed time, and nothing stops a process that it did not start.
"""

import contextlib
import gzip
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TIDEMARK_BUILD", os.path.join(ROOT, "build", "release")))
DATA = os.path.abspath(os.environ.get("TIDEMARK_DATA", os.path.join(ROOT, "..", "shared", "data")))
MOSQUITTO = shutil.which("mosquitto", path=os.environ.get("PATH", "") + ":/usr/sbin") or "/usr/sbin/mosquitto"

# The one place that knows how the appliance names its metrics. Values are what stands in /metrics.
METRIC = {
    "received": "tidemark_messages_received_total",
    "decoded": "tidemark_messages_decoded_total",
    "redelivered": "tidemark_messages_redelivered_total",
    "messages_rejected": "tidemark_messages_rejected_total",
    "readings": "tidemark_readings_total",
    "readings_rejected": "tidemark_readings_rejected_total",
    "open": "tidemark_readings_open",
    "emitted": "tidemark_readings_emitted_total",
    "balanced": "tidemark_ledger_balanced",
    "series": "tidemark_series",
    "series_limit": "tidemark_series_limit",
    "queue_bytes": "tidemark_queue_bytes",
    "queue_limit": "tidemark_queue_limit_bytes",
    "paused": "tidemark_intake_paused",
    "pauses": "tidemark_intake_pauses_total",
    "acks_held": "tidemark_acks_held",
    "acks_released": "tidemark_acks_released_total",
    "commits": "tidemark_commits_total",
    "commit_retries": "tidemark_commit_retries_total",
    "journal_readings": "tidemark_journal_readings",
    "journal_rows": "tidemark_journal_rows",
    "log_rows": "tidemark_log_rows",
    "log_bytes": "tidemark_log_bytes",
    "log_limit": "tidemark_log_limit_bytes",
    "dead_letters": "tidemark_dead_letters",
    "dead_letter_bytes": "tidemark_dead_letter_bytes",
    "dead_letters_dropped": "tidemark_dead_letters_dropped_total",
    "damaged_rows": "tidemark_damaged_rows_total",
    "connected": "tidemark_mqtt_connected",
    "reconnects": "tidemark_mqtt_reconnects_total",
    "sessions_lost": "tidemark_mqtt_sessions_lost_total",
    "takeovers": "tidemark_mqtt_takeovers_total",
    "panes": "tidemark_panes_total",
    "disk_free": "tidemark_disk_free_bytes",
    "uptime": "tidemark_uptime_seconds",
    "uplink_backlog": "tidemark_uplink_backlog_rows",
    "uplink_connected": "tidemark_uplink_connected",
    "uplink_held": "tidemark_uplink_held",
    "uplink_acknowledged": "tidemark_uplink_acknowledged_total",
    "uplink_failures": "tidemark_uplink_failures_total",
    "uplink_epochs": "tidemark_uplink_epochs_total",
    "uplink_parked": "tidemark_uplink_parked_total",
    "uplink_record_limit": "tidemark_uplink_record_limit_bytes",
    "parked_events": "tidemark_parked_events",
    "uplink_repeated": "tidemark_uplink_repeated_total",
    "uplink_gaps": "tidemark_uplink_gaps_total",
    "uplink_gap_rows": "tidemark_uplink_gap_rows_total",
    "uplink_forks": "tidemark_uplink_forks_total",
    "windows_open": "tidemark_windows_open",
    "start_to_ready": "tidemark_start_to_ready_seconds",
}


def tool(name):
    """The path of one of our programs; says how to get it if it is not built."""
    folders = {"tidemark": "gateway", "firmware-sim": "firmware-sim"}
    for path in (os.path.join(BUILD, folders[name], name), os.path.join(BUILD, name)):
        if os.path.isfile(path):
            return path
    raise FileNotFoundError(f"{name} is not under {BUILD}: build it (./check does), or set TIDEMARK_BUILD")


class Timeout(AssertionError):
    """A condition did not come true before its deadline."""


def wait_until(condition, deadline, what, alive=None, step=0.01):
    """Polls `condition` until it returns something true, and returns that. `deadline`: seconds from now. `alive`: objects
    with a `check_alive()`, so that a process that died is reported as that and not as a timeout. `what` may be a function
    that describes the state reached at the end."""
    end = time.monotonic() + deadline
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        for process in alive or ():
            process.check_alive()
        if time.monotonic() >= end:
            raise Timeout(f"not within {deadline:g} s: {what() if callable(what) else what}")
        pause.wait(step)


_handed_out = set()


def free_port():
    """A port of 127.0.0.1 that nobody listens on now; never the same one twice from one test process."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port not in _handed_out:
            _handed_out.add(port)
            return port


def can_mount():
    """Whether this user may mount a small tmpfs (root does; containers without CAP_SYS_ADMIN do not)."""
    if os.geteuid() != 0:
        return False
    folder = tempfile.mkdtemp(prefix="tidemark-mount-")
    try:
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
            return False
        return subprocess.run(["umount", folder], capture_output=True).returncode == 0
    finally:
        os.rmdir(folder)


@contextlib.contextmanager
def tmpfs(folder, size):
    """A tmpfs of `size` ("24m") mounted at `folder` (made if missing) while the block runs."""
    os.makedirs(folder, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        # Lazy: a process that is just being reaped may hold a file for a moment longer.
        subprocess.run(["umount", "-l", folder], check=False)


class Process:
    """A child process with its output in a file. Killed when the test forgets it (`stop_all` of Room)."""

    def __init__(self, argv, log_path, env=None, cwd=None):
        self.argv = argv
        self.log_path = log_path
        self._log = open(log_path, "ab")
        self._from = self._log.tell()
        self.child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log, env=env, cwd=cwd)
        self.pid = self.child.pid

    def running(self):
        return self.child.poll() is None

    def output(self):
        with open(self.log_path, "rb") as log:
            log.seek(self._from)
            return log.read().decode("utf-8", "replace")

    def tail(self, characters=3000):
        return self.output()[-characters:]

    def resident(self):
        """Bytes of memory that it holds."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmRSS")) * 1024

    def check_alive(self):
        if not self.running():
            raise AssertionError(f"{' '.join(self.argv[:3])} ended with {self.child.returncode}:\n{self.tail()}")

    def signal(self, number):
        if self.running():
            self.child.send_signal(number)

    def wait(self, deadline, what="the end of the process"):
        try:
            return self.child.wait(timeout=deadline)
        except subprocess.TimeoutExpired:
            raise Timeout(f"not within {deadline:g} s: {what} ({' '.join(self.argv[:3])})\n{self.tail()}") from None
        finally:
            if not self.running():
                self._log.close()

    def kill(self):
        if self.running():
            self.child.kill()
        self.child.wait()
        self._log.close()


class Broker:
    """A real mosquitto with a configuration of its own. It keeps its port and its persistence over restarts."""

    def __init__(self, folder, listener="", extra="", port=None, autosave="second", queue_limit=0):
        self.folder = os.path.join(folder, "mosquitto")
        os.makedirs(self.folder, exist_ok=True)
        self.port = port or free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.process = None
        self._listener = listener
        lines = [
            # Without `user`, mosquitto started by root becomes the user mosquitto, who may not write here.
            "user root" if os.geteuid() == 0 else "",
            f"listener {self.port} 127.0.0.1",
            listener,
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {self.folder}/",
            # What mosquitto acknowledged to a publisher it must not forget: queue without bound, and save every second
            # ("second"), or with every change ("each": safest, and 34 times slower at 20,000 queued messages).
            "autosave_interval 1",
            "autosave_on_changes " + {"each": "true", "second": "false"}[autosave],
            f"max_queued_messages {queue_limit}",
            "max_queued_bytes 0",
            "max_inflight_messages 0",
            "set_tcp_nodelay true",
            "log_type error", "log_type warning", "log_type notice",
            extra,
        ]
        self.config = os.path.join(self.folder, "mosquitto.conf")
        with open(self.config, "w") as out:
            out.write("\n".join(line for line in lines if line) + "\n")

    def start(self, deadline=20):
        self.process = Process([MOSQUITTO, "-c", self.config], os.path.join(self.folder, "mosquitto.log"))

        def listening():
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return True

        wait_until(listening, deadline, "mosquitto listens", [self.process])
        return self

    def check_alive(self):
        self.process.check_alive()

    def terminate(self, deadline=30):
        self.process.signal(signal.SIGTERM)
        self.process.wait(deadline, "mosquitto ends after SIGTERM")

    def kill(self):
        if self.process is not None:
            self.process.kill()

    def restart(self):
        self.terminate()
        return self.start()


class Metrics(dict):
    """(name, ((label, value), ...)) -> number, with sums over labels."""

    LINE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: \d+)?$')
    LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')

    @classmethod
    def parse(cls, text):
        metrics = cls()
        for line in text.splitlines():
            if not line or line.startswith("#"):
                continue
            found = cls.LINE.match(line)
            if not found:
                raise AssertionError(f"not a line of Prometheus text: {line!r}")
            labels = tuple(sorted(cls.LABEL.findall(found[2] or "")))
            metrics[found[1], labels] = float(found[3])
        return metrics

    def value(self, key, **labels):
        """The sum of all samples of METRIC[key] that carry these labels. 0 when there is none."""
        name = METRIC.get(key, key)
        want = set(labels.items())
        return sum(v for (n, ls), v in self.items() if n == name and want <= set(ls))

    def has(self, key):
        name = METRIC.get(key, key)
        return any(n == name for n, _ in self)

    def by(self, key, label, **labels):
        """{value of `label`: sum}, without those that are zero."""
        name = METRIC.get(key, key)
        want = set(labels.items())
        result = {}
        for (n, ls), v in self.items():
            if n == name and want <= set(ls) and dict(ls).get(label) is not None:
                result[dict(ls)[label]] = result.get(dict(ls)[label], 0) + v
        return {label: v for label, v in result.items() if v}


def toml_string(value):
    return json.dumps(value, ensure_ascii=False)


class Appliance:
    """`tidemark` with one configuration file, in one folder."""

    def __init__(self, folder, broker_url, streams, state=None, gateway="plant-7", name="tidemark", mqtt="", store="",
                 limits="", admin=None, client_id=None, commit_delay=None, kafka=""):
        self.folder = folder
        self.name = name
        self.state = state or os.path.join(folder, name + "-state", "state.db")
        os.makedirs(os.path.dirname(self.state), exist_ok=True)
        self.admin_port = free_port()
        self.admin_url = f"http://127.0.0.1:{self.admin_port}"
        self.config = os.path.join(folder, name + ".toml")
        self.process = None
        self.started_at = None
        self._starts = 0
        self._wrapped = False
        self._head = "\n".join([
            "[gateway]", f"id = {toml_string(gateway)}", f"state = {toml_string(self.state)}",
            "", "[mqtt]", f"broker = {toml_string(broker_url)}",
            f"client_id = {toml_string(client_id)}" if client_id else "", mqtt,
            "", "[store]", f'commit_delay = "{commit_delay}"' if commit_delay else "", store,
            "", "[admin]", f'listen = "127.0.0.1:{self.admin_port}"' if admin is None else admin,
            *(["", "[kafka]", kafka] if kafka else []),
            # An hour of lateness, as most tests here have, keeps more windows open than the default budget allows.
            "", "[limits]", "" if "memory" in limits else 'memory = "4GiB"', limits, ""])
        self.configure(streams)

    def configure(self, streams):
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(self._head + "\n" + streams + "\n")
        return self

    # Running it

    def spawn(self, wrapper=(), env=None):
        self._starts += 1
        self._wrapped = bool(wrapper)
        self.started_at = time.monotonic()
        log = os.path.join(self.folder, f"{self.name}.{self._starts}.log")
        self.process = Process([*wrapper, tool("tidemark"), "run", "--config", self.config], log, env=env)
        return self

    def start(self, deadline=20, wrapper=(), env=None):
        """Starts and waits until it is subscribed at the broker and says it is healthy."""
        self.spawn(wrapper, env)
        self.wait_ready(deadline)
        return self

    def wait_ready(self, deadline=20):
        """Returns the seconds from the start of the process to an appliance that acknowledges."""
        wait_until(self.ready, deadline, lambda: f"{self.name} is ready\n{self.process.tail()}", [self], step=0.005)
        return time.monotonic() - self.started_at

    def ready(self):
        metrics = self.metrics(optional=True)
        return metrics is not None and metrics.value("connected") == 1 and self.get("/healthz")[0] == 200

    def check_alive(self):
        self.process.check_alive()

    def _signal(self, number):
        if self._wrapped and self.process.running():
            # strace passes no signal on: it goes to the program that strace runs.
            with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
                for pid in children.read().split():
                    os.kill(int(pid), number)
        else:
            self.process.signal(number)

    def sigkill(self):
        self._signal(signal.SIGKILL)
        self.process.kill()

    def sigterm(self):
        self._signal(signal.SIGTERM)

    def kill(self):
        """At the end of a test, whatever is left of it."""
        if self.process is not None:
            self.sigkill()

    def stop(self, deadline=30):
        """SIGTERM, and the exit status it promises."""
        self.sigterm()
        status = self.process.wait(deadline, "the appliance ends after SIGTERM")
        if status != 0:
            raise AssertionError(f"exit status {status} after SIGTERM:\n{self.process.tail()}")

    # Asking it

    def get(self, path, deadline=10):
        """(status, body) of the admin interface; raises OSError when nobody listens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.admin_port, timeout=deadline)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except http.client.HTTPException as broken:
            raise ConnectionError(str(broken)) from broken
        finally:
            connection.close()

    def events(self):
        """The local log's events, in their order."""
        return [event for _, event in frames(self.get("/log?from=1", 60)[1])]

    def metrics(self, optional=False):
        try:
            status, body = self.get("/metrics")
        except OSError:
            if optional:
                return None
            self.check_alive()
            raise
        if status != 200:
            raise AssertionError(f"/metrics answers {status}")
        return Metrics.parse(body.decode("utf-8"))

    def metric(self, key, **labels):
        return self.metrics().value(key, **labels)

    def wait_metric(self, key, test, deadline, **labels):
        """Waits until test(value) holds; returns the value."""
        seen = [None]

        def holds():
            metrics = self.metrics(optional=True)
            if metrics is None:
                return False
            seen[0] = metrics.value(key, **labels)
            return test(seen[0])

        wait_until(holds, deadline, lambda: f"{METRIC.get(key, key)}{labels or ''} (it is {seen[0]})", [self])
        return seen[0]

    def wait_received(self, messages, deadline=60):
        """Waits until so many messages (counted once per stream that takes them) are committed and acknowledged."""
        seen = [None]

        def committed():
            metrics = self.metrics(optional=True)
            seen[0] = metrics and (metrics.value("received"), metrics.value("acks_held"))
            return metrics is not None and seen[0][0] >= messages and seen[0][1] == 0

        wait_until(committed, deadline, lambda: f"{messages} messages received, none held (now {seen[0]})", [self])

    def command(self, *arguments, deadline=120, **options):
        return run_tidemark(*arguments, deadline=deadline, **options)

    def replay(self, views, *arguments, source=None):
        where = ["--log", source] if source else ["--config", self.config]
        done = run_tidemark("replay", *where, "--views", views, *arguments)
        if done.returncode != 0:
            raise AssertionError(f"replay exits {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def verify(self, source=None):
        return run_tidemark("verify", *(["--log", source] if source else ["--config", self.config]))

    def proven(self):
        """Asserts that verify exits 0 on the stopped (or running) appliance."""
        done = self.verify()
        if done.returncode != 0:
            raise AssertionError(f"verify exits {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    def fold(self, views, *arguments):
        """Replays everything into `views` and returns the canonical CSV as bytes."""
        self.replay(views)
        return export(views, *arguments)


def frames(body):
    """What GET /log answered: (position, event) of each."""
    at = 0
    while at < len(body):
        position, size = struct.unpack_from("<QI", body, at)
        assert at + 12 + size <= len(body), "a whole event"
        yield position, body[at + 12:at + 12 + size]
        at += 12 + size


def run_tidemark(*arguments, deadline=120, env=None, text=True):
    return subprocess.run([tool("tidemark"), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=text,
                          timeout=deadline, env=env, check=False)


def export(views, *arguments):
    done = run_tidemark("export", "--views", views, *arguments, text=False)
    if done.returncode != 0:
        raise AssertionError(f"export exits {done.returncode}:\n{done.stderr.decode('utf-8', 'replace')}")
    return done.stdout


def view_rows(views, query, *parameters):
    """Rows of the views file. Opened read-only: a test must never change what it looks at."""
    with contextlib.closing(sqlite3.connect(f"file:{views}?mode=ro", uri=True)) as db:
        return db.execute(query, parameters).fetchall()


def ledger(views):
    """{(stream, counter): value summed over sources} of a views file."""
    return {(stream, counter): value for stream, counter, value in view_rows(
        views, "SELECT stream, counter, sum(value) FROM ledger GROUP BY stream, counter")}


class Peak:
    """Samples the resident memory of a process until it ends or `close`: `bytes` is the most that was seen."""

    def __init__(self, process, step=0.02):
        self.bytes = 0
        self._end = threading.Event()
        threading.Thread(target=self._sample, args=(process, step), daemon=True).start()

    def _sample(self, process, step):
        # A process that has ended has no memory to show.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, StopIteration):
            while not self._end.wait(step):
                self.bytes = max(self.bytes, process.resident())

    def close(self):
        self._end.set()


class Simulator(Process):
    """A run of firmware-sim in the background."""

    def __init__(self, folder, broker_url, *arguments, name="sim"):
        super().__init__([tool("firmware-sim"), "--broker", broker_url, *map(str, arguments)],
                         os.path.join(folder, name + ".log"))

    def finish(self, deadline, now=False):
        """Waits for its end and returns what it said. `now`: SIGTERM; it waits for the last acknowledgements."""
        if now:
            self.signal(signal.SIGTERM)
        status = self.wait(deadline, "firmware-sim ends")
        if status != 0:
            raise AssertionError(f"firmware-sim exits {status}:\n{self.tail()}")
        return self.output()


def sim_replay(broker_url, *arguments, deadline=300):
    done = subprocess.run([tool("firmware-sim"), "replay", "--broker", broker_url, *map(str, arguments)],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=deadline, check=False)
    if done.returncode != 0:
        raise AssertionError(f"firmware-sim replay exits {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


def lines_of(path):
    """The lines of an NDJSON file, packed or not, without their ends."""
    opener = gzip.open if path.endswith(".gz") else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            yield line.rstrip("\n")


class Room:
    """The folder of one test and all that was started in it; everything ends when the block ends.

        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(STREAMS).start()
    """

    def __init__(self, test=None):
        self.name = re.sub(r"\W+", "-", test.id().split(".", 1)[-1])[:60] if test is not None else "room"
        self.folder = None
        self._kept = []
        self._broker = None

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix=f"tidemark-{self.name}-")
        return self

    def __exit__(self, kind, error, trace):
        for thing in reversed(self._kept):
            with contextlib.suppress(Exception):
                if hasattr(thing, "kill"):
                    thing.kill()
                if hasattr(thing, "close"):
                    thing.close()
        # What a failed test left behind is worth more than the room it takes.
        if kind is None or issubclass(kind, unittest.SkipTest) or os.environ.get("TIDEMARK_KEEP", "") == "never":
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print(f"    kept: {self.folder}", flush=True)

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    def keep(self, thing):
        self._kept.append(thing)
        return thing

    def broker(self, **options):
        self._broker = self.keep(Broker(self.folder, **options)).start()
        return self._broker

    def kafka(self, started=True, **options):
        """A Kafka (kafka.broker.Kafka), running if `started`; without one on this machine the test is skipped."""
        from kafka import broker, fetch  # Only here: it needs what this module defines.
        try:
            broker.prepare()
        except fetch.Missing as missing:
            raise unittest.SkipTest(f"no Kafka: {missing}") from None
        kafka = self.keep(broker.Kafka(self.folder, **options))
        return kafka.start() if started else kafka

    def appliance(self, streams, broker_url=None, **options):
        return self.keep(Appliance(self.folder, broker_url or self._broker.url, streams, **options))

    def simulator(self, *arguments, **options):
        return self.keep(Simulator(self.folder, self._broker.url, *arguments, **options))
