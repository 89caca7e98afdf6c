"""A real Apache Kafka for one test: one broker or three (KRaft, each also a controller), on free ports of 127.0.0.1, in
the test's folder. Its clients here are kafka/wire.py's, never the library of the product."""

import base64
import concurrent.futures
import contextlib
import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid

from harness import Process, Timeout, free_port, wait_until

from . import fetch, wire

# What the JVM would do with two cores and plenty of time it must not do here: one simple collector, one quick compiler.
# Without performance data nothing is left in /tmp when it is killed.
FAST_JAVA = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError",
             "-Djava.awt.headless=true", "-Xlog:disable", "-Xlog:all=error:stderr"]

LOGGING = """status = warn
rootLogger.level = info
rootLogger.appenderRefs = out
rootLogger.appenderRef.out.ref = OUT
logger.values.name = org.apache.kafka.common.config.AbstractConfig
logger.values.level = warn
logger.settings.name = kafka.server.KafkaConfig
logger.settings.level = warn
appender.out.type = Console
appender.out.name = OUT
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss.SSS} %p %c{1} %m%n
"""

# Listeners beside the plain one that the test itself uses.
PROTOCOLS = {"PLAINTEXT": "PLAINTEXT", "TLS": "SSL", "MTLS": "SSL", "SASL": "SASL_PLAINTEXT", "SASL_TLS": "SASL_SSL"}
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

# The kernel ends a JVM whose parent has ended, even one that stands still; the shell looks whether that was before the
# kernel knew.
TIED = ["setpriv", "--pdeathsig", "KILL", "sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"']

# To the kernel the parent is the thread that started it. A test may restart a broker from a short thread of its own:
# so all are started by this one, which lives as long as Python.
_starter = concurrent.futures.ThreadPoolExecutor(1, "kafka-starter")


def steady_port():
    """A free port that the kernel never gives to a client. While a broker is down its clients try its port again and
    again, and from the kernel's own range one of them would at some time connect to itself and keep the broker out."""
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as limits:
            lowest = int(limits.read().split()[0])
    except (OSError, ValueError):
        lowest = 32768
    for _ in range(200 if lowest > 12_000 else 0):
        port = random.randrange(10_000, lowest)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            if port not in _ports:
                _ports.add(port)
                return port
    return free_port()


_ports = set()


def new_id():
    """As Kafka makes them: a UUID in 22 characters. Not with a dash first, which its tools take for an option."""
    while True:
        name = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not name.startswith("-"):
            return name


class Node:
    """One broker: its folder, ports and process."""

    def __init__(self, number, folder, names):
        self.number = number
        self.folder = os.path.join(folder, f"broker-{number}")
        self.ports = {name: steady_port() for name in (*names, "CONTROLLER")}
        self.process = None
        self.frozen = False
        self.starts = 0
        os.makedirs(self.folder)

    @property
    def data(self):
        return os.path.join(self.folder, "data")

    def running(self):
        return self.process is not None and self.process.running()

    def answers(self):
        return self.running() and not self.frozen


class Kafka:
    """
        kafka = room.kafka()                                    # or room.kafka(brokers=3)
        kafka.create_topic("panes", partitions=4)
        for record in kafka.records("panes", partition=2): ...  # offset, key, value, headers, timestamp
        kafka.sigkill(kafka.leader("panes")); kafka.restart(1)

    listeners: further ones from PROTOCOLS; TLS, MTLS and SASL_TLS need `authority` (certificates.Authority). users:
    {name: password} for every mechanism. config: broker properties. Brokers are numbered from 1.
    """

    def __init__(self, folder, brokers=1, listeners=(), authority=None, users=None, config=None, heap="384m", java=(),
                 name="kafka"):
        self.jars = fetch.jars()
        self.java = fetch.java()[0]
        self.folder = os.path.join(folder, name)
        self.heap, self.options = heap, list(java)
        self.listeners = ("PLAINTEXT", *listeners)
        self.users = dict(users or {})
        self.config = dict(config or {})
        self.nodes = {}
        self.id = None
        os.makedirs(self.folder)
        for number in range(1, brokers + 1):
            self.nodes[number] = Node(number, self.folder, self.listeners)
        self._write("log4j2.properties", LOGGING)
        if authority is not None:
            self._certificates(authority)
        for node in self.nodes.values():
            self._configure(node)
        self.format()

    # Setting it up

    def _write(self, name, content):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(content)
        return path

    def _certificates(self, authority):
        """Kafka reads PEM: the key and the certificate in one file, the authority in another."""
        certificate, key = authority.issue("kafka")
        with open(key, encoding="ascii") as first, open(certificate, encoding="ascii") as second:
            self._write("server.pem", first.read() + second.read())
        shutil.copy(authority.certificate, os.path.join(self.folder, "authority.pem"))

    def renew(self, authority=None, users=None):
        """Certificates of another authority, or other passwords (PLAIN), from the next start of each broker on."""
        if authority is not None:
            self._certificates(authority)
        if users is not None:
            self.users = dict(users)
        for node in self.nodes.values():
            self._configure(node)

    def _configure(self, node):
        brokers = len(self.nodes)
        copies, needed = (3, 2) if brokers >= 3 else (1, 1)
        address = {name: f"{name}://127.0.0.1:{port}" for name, port in node.ports.items()}
        voters = ",".join(f"{other.number}@127.0.0.1:{other.ports['CONTROLLER']}" for other in self.nodes.values())
        settings = {
            "process.roles": "broker,controller",
            "node.id": node.number,
            "controller.quorum.voters": voters,
            "listeners": ",".join(address.values()),
            "advertised.listeners": ",".join(address[name] for name in self.listeners),
            "listener.security.protocol.map": ",".join(
                f"{name}:{protocol}" for name, protocol in {**PROTOCOLS, "CONTROLLER": "PLAINTEXT"}.items()),
            "inter.broker.listener.name": "PLAINTEXT",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": node.data,
            "auto.create.topics.enable": "false",
            "num.network.threads": 2,
            "num.io.threads": 4,
            "num.recovery.threads.per.data.dir": 1,
            "default.replication.factor": copies,
            "min.insync.replicas": needed,
            "offsets.topic.replication.factor": copies,
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": needed,
            "transaction.state.log.num.partitions": 4,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": needed,
            "share.coordinator.state.topic.num.partitions": 1,
            "group.initial.rebalance.delay.ms": 0,
            "log.cleaner.threads": 1,
            "log.cleaner.dedupe.buffer.size": 4 << 20,
            "log.segment.delete.delay.ms": 1000,
            # A killed broker that comes back is refused until its old session has ended (9 s by default).
            "broker.session.timeout.ms": 2000,
            "broker.heartbeat.interval.ms": 400,
        }
        if os.path.exists(os.path.join(self.folder, "server.pem")):
            settings.update({
                "ssl.keystore.type": "PEM", "ssl.keystore.location": os.path.join(self.folder, "server.pem"),
                "ssl.truststore.type": "PEM", "ssl.truststore.location": os.path.join(self.folder, "authority.pem"),
                "listener.name.mtls.ssl.client.auth": "required"})
        for name in set(self.listeners) & {"SASL", "SASL_TLS"}:
            prefix = f"listener.name.{name.lower()}."
            module = "org.apache.kafka.common.security"
            known = "".join(f' user_{user}="{password}"' for user, password in self.users.items())
            settings[prefix + "sasl.enabled.mechanisms"] = ",".join(MECHANISMS)
            settings[prefix + "plain.sasl.jaas.config"] = f"{module}.plain.PlainLoginModule required{known};"
            for scram in MECHANISMS[1:]:
                settings[f"{prefix}{scram.lower()}.sasl.jaas.config"] = f"{module}.scram.ScramLoginModule required;"
        settings.update(self.config)
        self._write(os.path.join(node.folder, "server.properties"),
                    "".join(f"{key}={value}\n" for key, value in settings.items()))

    def _java(self, *arguments, heap=None):
        return [self.java, f"-Xmx{heap or self.heap}", *FAST_JAVA, *arguments,
                f"-Dlog4j2.configurationFile={self.folder}/log4j2.properties", "-cp", ":".join(self.jars)]

    def format(self, cluster_id=None):
        """Empties all brokers, which must be down, and makes them a new cluster on the same ports."""
        for node in self.nodes.values():
            if node.running():
                raise AssertionError(f"broker {node.number} runs")
            shutil.rmtree(node.data, ignore_errors=True)
        self.id = cluster_id or new_id()
        first, *others = self.nodes.values()
        # Kafka's tool takes two seconds, and what it writes for a cluster without users is the same for every one.
        template = os.path.join(fetch.home(), "empty-log")
        if self.users or not os.path.isdir(template):
            self._format(first)
            if not self.users:
                with tempfile.TemporaryDirectory(dir=fetch.home(), prefix="formatting-") as folder, \
                        contextlib.suppress(OSError):
                    os.rename(self._copy_log(first.data, os.path.join(folder, "empty-log")), template)
        else:
            self._identify(first, template)
        for node in others:
            self._identify(node, first.data)
        return self.id

    @staticmethod
    def _copy_log(source, target):
        return shutil.copytree(source, target, ignore=shutil.ignore_patterns("meta.properties"))

    def _format(self, node):
        users = [f"--add-scram={mechanism}=[name={user},password={password}]"
                 for user, password in self.users.items() for mechanism in MECHANISMS[1:]]
        tool = [*self._java(*self._archive(), heap="128m"), "kafka.tools.StorageTool", "format"]
        done = subprocess.run([*tool, "-t", self.id, "-c", os.path.join(node.folder, "server.properties"), *users],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False)
        if done.returncode:
            raise AssertionError(f"Kafka cannot format its storage:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")

    def _identify(self, node, source):
        self._copy_log(source, node.data)
        self._write(os.path.join(node.data, "meta.properties"),
                    f"version=1\ncluster.id={self.id}\nnode.id={node.number}\ndirectory.id={new_id()}\n")

    def _archive(self):
        path = class_archive()
        return [f"-XX:SharedArchiveFile={path}"] if os.path.exists(path) else []

    # Running it

    def start_broker(self, number, java=()):
        """Starts one broker and does not wait for it."""
        node = self.nodes[number]
        if node.running():
            raise AssertionError(f"broker {number} runs")
        node.starts += 1
        node.frozen = False
        argv = [*TIED, str(os.getpid()), *self._java(*(java or self._archive()), *self.options), "kafka.Kafka",
                os.path.join(node.folder, "server.properties")]
        log = os.path.join(node.folder, f"server.{node.starts}.log")
        node.process = _starter.submit(Process, argv, log, cwd=node.folder).result()
        return node

    def start(self, deadline=120):
        """Starts all brokers that are down and waits until every one serves. Returns itself."""
        for number, node in self.nodes.items():
            if not node.running():
                self.start_broker(number)
        self.wait_ready(deadline)
        return self

    def restart(self, *numbers, deadline=120):
        """Starts these brokers (all that are down, without a number), ends them before that if they run, and waits."""
        for number in numbers or self.nodes:
            if self.nodes[number].running() and numbers:
                self.stop(number)
            if not self.nodes[number].running():
                self.start_broker(number)
        self.wait_ready(deadline, numbers or None)

    def wait_ready(self, deadline=120, numbers=None):
        """Waits until each of these brokers (all) answers and counts itself and every other running one as serving."""
        numbers = set(numbers or self.nodes)

        def ready():
            for number in numbers:
                try:
                    with self.connect(number, deadline=2) as link:
                        seen = wire.metadata(link)
                except (OSError, ValueError):
                    return False
                if not numbers <= set(seen.ports) or seen.controller not in self._answering():
                    return False
            return True

        wait_until(ready, deadline, lambda: "Kafka is ready\n" + self.tail(), [self._Alive(self, numbers)], step=0.05)

    class _Alive:
        def __init__(self, kafka, numbers):
            self.kafka, self.numbers = kafka, numbers

        def check_alive(self):
            for number in self.numbers:
                self.kafka.nodes[number].process.check_alive()

    def check_alive(self):
        for node in self.nodes.values():
            if node.process is not None:
                node.process.check_alive()

    def tail(self, characters=1500):
        return "".join(f"broker {number}: {node.process.tail(characters)}\n"
                       for number, node in self.nodes.items() if node.process is not None)

    def running(self):
        return [number for number, node in self.nodes.items() if node.running()]

    def stop(self, *numbers, deadline=30):
        """SIGTERM to these brokers (all), at the same time. One that waits for a majority that is gone is killed."""
        nodes = [self.nodes[number] for number in (numbers or self.nodes) if self.nodes[number].running()]
        for node in nodes:
            node.process.signal(signal.SIGTERM)
        end = time.monotonic() + deadline
        for node in nodes:
            try:
                node.process.wait(max(0.1, end - time.monotonic()), f"broker {node.number} ends after SIGTERM")
            except Timeout:
                node.process.kill()

    def sigkill(self, *numbers):
        """At once, these brokers (all)."""
        nodes = [self.nodes[number] for number in (numbers or self.nodes) if self.nodes[number].process is not None]
        for node in nodes:
            node.process.signal(signal.SIGKILL)
        for node in nodes:
            node.process.kill()

    def sigstop(self, *numbers):
        for number in numbers or self.nodes:
            self.nodes[number].process.signal(signal.SIGSTOP)
            self.nodes[number].frozen = True

    def sigcont(self, *numbers):
        for number in numbers or self.nodes:
            self.nodes[number].process.signal(signal.SIGCONT)
            self.nodes[number].frozen = False

    def kill(self):
        """At the end of a test, whatever is left of it."""
        self.sigkill()

    def resident(self, number=1):
        """Bytes of memory that the broker holds."""
        return self.nodes[number].process.resident()

    # Asking it. Frozen brokers are not asked, as they would take the question and be silent.

    def _answering(self):
        return [number for number, node in self.nodes.items() if node.answers()]

    def port(self, number=1, listener="PLAINTEXT"):
        return self.nodes[number].ports[listener]

    def bootstrap(self, listener="PLAINTEXT"):
        """What a client is given: host:port of every broker."""
        return ",".join(f"127.0.0.1:{node.ports[listener]}" for node in self.nodes.values())

    def connect(self, number=1, listener="PLAINTEXT", tls=None, login=None, deadline=15):
        """A connection to one broker, the caller's to close."""
        return wire.Connection(self.port(number, listener), tls, login, deadline)

    def _asked(self, question, deadline=30, of=None, what="Kafka answers"):
        """question(connection) to any broker, or to the leader of `of` (topic, partition), until it is not refused for
        a passing reason."""
        trouble = [None]

        def once():
            for number in self._answering() if of is None else [self._leader_now(*of)]:
                if number is None:
                    continue
                try:
                    with self.connect(number, deadline=5) as link:
                        return (question(link),)
                except wire.KafkaError as error:
                    if not error.passing:
                        raise
                    trouble[0] = error
                except OSError as error:
                    trouble[0] = error
            return None

        return wait_until(once, deadline, lambda: f"{what} ({trouble[0]})", step=0.03)[0]

    def _leader_now(self, topic, partition):
        leader = self.topic(topic).get(partition, (-1,))[0]
        return leader if leader in self._answering() else None

    def metadata(self, *topics):
        return self._asked(lambda link: wire.metadata(link, topics))

    def topic(self, name):
        """{partition: (leader or -1, replicas, in-sync replicas)}; {} when there is no such topic."""
        return self.metadata(name).topics.get(name, {})

    def cluster_id(self):
        return self.metadata().cluster_id

    def leader(self, topic, partition=0, deadline=30):
        """The number of the broker that leads, once it is one that runs and is not frozen."""
        return wait_until(lambda: self._leader_now(topic, partition), deadline, f"{topic}/{partition} has a leader")

    def in_sync(self, topic, partition=0):
        return self.topic(topic).get(partition, (-1, [], []))[2]

    def create_topic(self, name, partitions=1, replication=None, configs=None):
        """Returns when every partition has a leader."""
        copies = replication or (3 if len(self.nodes) >= 3 else 1)
        self._asked(lambda link: wire.create_topic(link, name, partitions, copies, configs or {}))
        for partition in range(partitions):
            self.leader(name, partition)

    def delete_topic(self, name):
        """Returns when no broker knows it any more."""
        self._asked(lambda link: wire.delete_topic(link, name))

        def gone():
            for number in self._answering():
                with self.connect(number) as link:
                    if name in wire.metadata(link, [name]).topics:
                        return False
            return True

        wait_until(gone, 30, f"topic {name} is gone")

    def add_partitions(self, name, count):
        self._asked(lambda link: wire.create_partitions(link, name, count))
        for partition in range(count):
            self.leader(name, partition)

    def alter_topic(self, name, **configs):
        """Settings with underscores for points: max_message_bytes=2000."""
        settings = {key.replace("_", "."): value for key, value in configs.items()}
        self._asked(lambda link: wire.alter_topic(link, name, settings))

    def allow(self, user, topic, *operations):
        """Where an authorizer decides: "READ", "WRITE" and so on."""
        self._asked(lambda link: wire.allow(link, user, topic, *operations))

    def truncate(self, topic, before, partition=0):
        """Deletes the records before this offset, as retention does; returns the first offset that is left."""
        return self._asked(lambda link: wire.delete_records(link, topic, partition, before), of=(topic, partition))

    def first_offset(self, topic, partition=0):
        return self._asked(lambda link: wire.offset(link, topic, partition, -2), of=(topic, partition))

    def end_offset(self, topic, partition=0):
        """The offset after the last record that all in-sync replicas have."""
        return self._asked(lambda link: wire.offset(link, topic, partition, -1), of=(topic, partition))

    def produce(self, topic, records, partition=0):
        """(key, value, headers) each, as one batch of a foreign program; returns the first offset. Slow."""
        batch = wire.batch_of(records)
        return self._asked(lambda link: wire.produce(link, topic, partition, batch), of=(topic, partition))

    def records(self, topic, partition=0, from_offset=None, until=None, deadline=60):
        """Yields the records in [from_offset, until), by default all from the first to the end as it is now. deadline:
        seconds without any progress."""
        at = self.first_offset(topic, partition) if from_offset is None else from_offset
        end = self.end_offset(topic, partition) if until is None else until
        last = time.monotonic()
        while at < end:
            try:
                with self.connect(self.leader(topic, partition)) as link:
                    wire.send_fetch(link, topic, partition, at)
                    while at < end:
                        answer = wire.receive_fetch(link, topic, partition, at)
                        found, following = wire.records_in(answer, at, end)
                        start, at = at, following
                        if at < end:
                            # The broker reads on while the caller looks at these.
                            wire.send_fetch(link, topic, partition, at)
                        yield from found
                        if at > start:
                            last = time.monotonic()
                        elif time.monotonic() - last > deadline:
                            raise Timeout(f"not within {deadline:g} s: {topic}/{partition} goes on at {at} (to {end})")
            except wire.KafkaError as error:
                if not error.passing or time.monotonic() - last > deadline:
                    raise
            except OSError as error:
                if time.monotonic() - last > deadline:
                    raise Timeout(f"{topic}/{partition} cannot be read at {at}: {error}") from error


def class_archive():
    """Where the archive of loaded classes is, which halves the start; bound to one Java and exactly these jars."""
    return os.path.join(fetch.home(), f"classes-{hashlib.sha256(fetch.java()[1].encode()).hexdigest()[:12]}.jsa")


def prepare():
    """Fetches Kafka and, once for this machine, makes the archive. Raises fetch.Missing."""
    fetch.jars()
    path = class_archive()
    if os.path.exists(path):
        return
    with tempfile.TemporaryDirectory(dir=fetch.home(), prefix="classes-") as folder:
        kafka, fresh = Kafka(folder), os.path.join(folder, "classes.jsa")
        try:
            kafka.start_broker(1, java=[f"-XX:ArchiveClassesAtExit={fresh}"])
            kafka.wait_ready(90)
            kafka.create_topic("one")
            kafka.produce("one", [(b"key", b"value", ())])
            kafka.stop(deadline=90)
        finally:
            kafka.kill()
        # Without it all works, only slower.
        if os.path.exists(fresh):
            os.rename(fresh, path)
