"""Kafka's protocol by hand: what a test must ask of a broker without the library that the product uses.

`Connection` is one socket to one broker, with TLS and SASL (PLAIN, SCRAM) when wanted; the functions below it build
and read the requests. Older request versions are used on purpose: they have no tagged fields, and Kafka 4 still answers
them.
"""

import base64
import ctypes
import hashlib
import hmac
import os
import socket
import struct
import time
import zlib
from typing import NamedTuple

# API key and version of each request used here.
PRODUCE, FETCH, LIST_OFFSETS, METADATA = (0, 7), (1, 11), (2, 3), (3, 5)
SASL_HANDSHAKE, CREATE_TOPICS, DELETE_TOPICS, DELETE_RECORDS = (17, 1), (19, 4), (20, 3), (21, 1)
SASL_AUTHENTICATE, CREATE_PARTITIONS, ALTER_CONFIGS, CREATE_ACLS = (36, 1), (37, 1), (44, 0), (30, 1)

NO_ERROR = 0
ERRORS = {1: "OFFSET_OUT_OF_RANGE", 2: "CORRUPT_MESSAGE", 3: "UNKNOWN_TOPIC_OR_PARTITION", 5: "LEADER_NOT_AVAILABLE",
          6: "NOT_LEADER_OR_FOLLOWER", 7: "REQUEST_TIMED_OUT", 9: "REPLICA_NOT_AVAILABLE", 10: "MESSAGE_TOO_LARGE",
          19: "NOT_ENOUGH_REPLICAS", 20: "NOT_ENOUGH_REPLICAS_AFTER_APPEND", 33: "UNSUPPORTED_SASL_MECHANISM",
          36: "TOPIC_ALREADY_EXISTS", 37: "INVALID_PARTITIONS", 38: "INVALID_REPLICATION_FACTOR", 40: "INVALID_CONFIG",
          41: "NOT_CONTROLLER", 58: "SASL_AUTHENTICATION_FAILED", 74: "FENCED_LEADER_EPOCH"}
# A leader is being chosen, or a broker has just come: asking again helps.
PASSING = {"LEADER_NOT_AVAILABLE", "NOT_LEADER_OR_FOLLOWER", "REQUEST_TIMED_OUT", "REPLICA_NOT_AVAILABLE",
           "NOT_CONTROLLER", "FENCED_LEADER_EPOCH", "INVALID_REPLICATION_FACTOR", "NOT_ENOUGH_REPLICAS",
           "NOT_ENOUGH_REPLICAS_AFTER_APPEND"}


class KafkaError(Exception):
    """A broker's refusal."""

    def __init__(self, code, what):
        self.name = ERRORS.get(code, f"error {code}")
        super().__init__(f"{self.name}: {what}")

    @property
    def passing(self):
        return self.name in PASSING


def check(code, what):
    if code != NO_ERROR:
        raise KafkaError(code, what)


# Of the protocol's rights on a topic.
OPERATIONS = {"READ": 3, "WRITE": 4, "DESCRIBE": 8, "DESCRIBE_CONFIGS": 10}


# Writing

def text(value):
    if value is None:
        return b"\xff\xff"
    data = value.encode()
    return struct.pack(">h", len(data)) + data


def blob(value):
    return b"\xff\xff\xff\xff" if value is None else struct.pack(">i", len(value)) + value


def array(items):
    items = list(items)
    return struct.pack(">i", len(items)) + b"".join(items)


class Reader:
    """Takes one answer apart, front to back."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, form):
        values = struct.unpack_from(">" + form, self.data, self.at)
        self.at += struct.calcsize(">" + form)
        return values if len(values) > 1 else values[0]

    def bytes(self, length):
        if length < 0:
            return None
        start, self.at = self.at, self.at + length
        if self.at > len(self.data):
            raise ValueError("an answer that ends too early")
        return self.data[start:self.at]

    def text(self):
        value = self.bytes(self.take("h"))
        return None if value is None else value.decode()

    def blob(self):
        return self.bytes(self.take("i"))

    def array(self, read):
        return [read() for _ in range(max(0, self.take("i")))]


class Connection:
    """One socket to one broker. `tls`: an ssl.SSLContext. `login`: (mechanism, user, password)."""

    def __init__(self, port, tls=None, login=None, deadline=10.0):
        self._sock = socket.create_connection(("127.0.0.1", port), deadline)
        self._count = 0
        try:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if tls is not None:
                self._sock = tls.wrap_socket(self._sock, server_hostname="127.0.0.1")
            if login is not None:
                self._authenticate(*login)
        except BaseException:
            self.close()
            raise

    def close(self):
        self._sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _exactly(self, length):
        data = bytearray(length)
        view, got = memoryview(data), 0
        while got < length:
            more = self._sock.recv_into(view[got:])
            if more == 0:
                raise ConnectionError("the broker closed the connection")
            got += more
        return bytes(data)

    def send(self, api, body):
        self._count += 1
        message = struct.pack(">hhi", *api, self._count) + text("tidemark-tests") + body
        self._sock.sendall(struct.pack(">i", len(message)) + message)

    def receive(self):
        """The answer to the last request sent."""
        answer = Reader(self._exactly(struct.unpack(">i", self._exactly(4))[0]))
        if answer.take("i") != self._count:
            raise ConnectionError("an answer to another request")
        return answer

    def ask(self, api, body):
        self.send(api, body)
        return self.receive()

    # Who we are

    def _authenticate(self, mechanism, user, password):
        answer = self.ask(SASL_HANDSHAKE, text(mechanism))
        check(answer.take("h"), mechanism)
        if mechanism == "PLAIN":
            self._token(f"\0{user}\0{password}".encode())
        else:
            self._scram({"SCRAM-SHA-256": "sha256", "SCRAM-SHA-512": "sha512"}[mechanism], user, password)

    def _token(self, token):
        answer = self.ask(SASL_AUTHENTICATE, blob(token))
        code, why, reply = answer.take("h"), answer.text(), answer.blob()
        check(code, why)
        return reply

    def _scram(self, digest, user, password):
        """RFC 5802, and the broker must prove that it knows the password, too."""
        first = f"n={user.replace('=', '=3D').replace(',', '=2C')},r={base64.b64encode(os.urandom(18)).decode()}"
        challenge = self._token(b"n,," + first.encode()).decode()
        said = dict(part.split("=", 1) for part in challenge.split(","))
        salted = hashlib.pbkdf2_hmac(digest, password.encode(), base64.b64decode(said["s"]), int(said["i"]))
        key = hmac.digest(salted, b"Client Key", digest)
        bare = f"c=biws,r={said['r']}"
        signed = f"{first},{challenge},{bare}".encode()
        proof = bytes(a ^ b for a, b in zip(key, hmac.digest(hashlib.new(digest, key).digest(), signed, digest)))
        final = self._token(f"{bare},p={base64.b64encode(proof).decode()}".encode()).decode()
        server = hmac.digest(hmac.digest(salted, b"Server Key", digest), signed, digest)
        if final != "v=" + base64.b64encode(server).decode():
            raise ConnectionError("the broker does not know the password")


# Asking

class Metadata(NamedTuple):
    cluster_id: str
    controller: int
    ports: dict   # node -> port of the listener that was asked
    topics: dict  # topic -> {partition: (leader or -1, replicas, in-sync replicas)}; a missing topic is not there


def metadata(connection, topics=()):
    answer = connection.ask(METADATA, array(map(text, topics)) + b"\0")
    answer.take("i")
    ports = {}
    for _ in range(answer.take("i")):
        node = answer.take("i")
        answer.text()
        ports[node] = answer.take("i")
        answer.text()
    cluster, controller, found = answer.text(), answer.take("i"), {}
    for _ in range(answer.take("i")):
        code, topic = answer.take("h"), answer.text()
        answer.take("b")
        partitions = {}
        for _ in range(answer.take("i")):
            _, index, leader = answer.take("hii")
            replicas, in_sync, _ = (answer.array(lambda: answer.take("i")) for _ in range(3))
            partitions[index] = (leader, replicas, in_sync)
        if code == NO_ERROR:
            found[topic] = partitions
        elif ERRORS.get(code) not in ("UNKNOWN_TOPIC_OR_PARTITION", "LEADER_NOT_AVAILABLE"):
            raise KafkaError(code, topic)
    return Metadata(cluster, controller, ports, found)


def _named_results(answer, what, message=True):
    for _ in range(answer.take("i")):
        name, code = answer.text(), answer.take("h")
        why = answer.text() if message else None
        check(code, f"{what} {name}" + (f": {why}" if why else ""))


def create_topic(connection, name, partitions, replication, configs):
    settings = array(text(key) + text(str(value)) for key, value in configs.items())
    answer = connection.ask(CREATE_TOPICS, array([
        text(name) + struct.pack(">ihi", partitions, replication, 0) + settings]) + struct.pack(">i?", 10_000, False))
    answer.take("i")
    _named_results(answer, "create topic")


def delete_topic(connection, name):
    answer = connection.ask(DELETE_TOPICS, array([text(name)]) + struct.pack(">i", 10_000))
    answer.take("i")
    _named_results(answer, "delete topic", message=False)


def create_partitions(connection, name, count):
    answer = connection.ask(CREATE_PARTITIONS, array([text(name) + struct.pack(">ii", count, -1)]) +
                            struct.pack(">i?", 10_000, False))
    answer.take("i")
    _named_results(answer, "partitions of")


def alter_topic(connection, name, configs):
    settings = array(text(key) + b"\0" + text(str(value)) for key, value in configs.items())
    answer = connection.ask(ALTER_CONFIGS, array([b"\x02" + text(name) + settings]) + b"\0")
    answer.take("ii")
    check(answer.take("h"), f"alter topic {name}: {answer.text()}")


def allow(connection, user, topic, *operations):
    on_topic, literal, permitted = 2, 3, 3
    answer = connection.ask(CREATE_ACLS, array(
        struct.pack(">b", on_topic) + text(topic) + struct.pack(">b", literal) + text(f"User:{user}") + text("*") +
        struct.pack(">bb", OPERATIONS[operation], permitted) for operation in operations))
    answer.take("i")
    for code, message in answer.array(lambda: (answer.take("h"), answer.text())):
        check(code, f"allow {user} {operations}: {message}")


def offset(connection, topic, partition, which):
    """which: -1 the end (the high watermark), -2 the beginning, else the first record at or after this time in ms."""
    answer = connection.ask(LIST_OFFSETS, struct.pack(">ib", -1, 0) + array([
        text(topic) + array([struct.pack(">iq", partition, which)])]))
    answer.take("ii")
    answer.text()
    _, _, code, _, value = answer.take("iihqq")
    check(code, f"offset of {topic}/{partition}")
    return value


def delete_records(connection, topic, partition, before):
    answer = connection.ask(DELETE_RECORDS, array([
        text(topic) + array([struct.pack(">iq", partition, before)])]) + struct.pack(">i", 10_000))
    answer.take("ii")
    answer.text()
    _, _, low, code = answer.take("iiqh")
    check(code, f"delete records of {topic}/{partition}")
    return low


def send_fetch(connection, topic, partition, start, max_bytes=8 << 20, wait_ms=500):
    connection.send(FETCH, struct.pack(">iiiibii", -1, wait_ms, 1, max_bytes, 0, 0, -1) + array([
        text(topic) + array([struct.pack(">iiqqi", partition, -1, start, -1, max_bytes)])]) + array([]) + text(""))


def receive_fetch(connection, topic, partition, start):
    """The record batches that a fetch sent before brought, as bytes."""
    answer = connection.receive()
    answer.take("i")
    check(answer.take("h"), "fetch")
    answer.take("ii")
    answer.text()
    _, _, code, _, _, _ = answer.take("iihqqq")
    check(code, f"fetch {topic}/{partition} at {start}")
    answer.array(lambda: answer.take("qq"))
    answer.take("i")
    return answer.blob() or b""


def produce(connection, topic, partition, batch):
    """The offset of the first record of `batch` once all in-sync replicas have it."""
    answer = connection.ask(PRODUCE, text(None) + struct.pack(">hi", -1, 10_000) + array([
        text(topic) + array([struct.pack(">i", partition) + blob(batch)])]))
    answer.take("i")
    answer.text()
    _, _, code, base = answer.take("iihq")
    check(code, f"produce to {topic}/{partition}")
    return base


# Records

class Record(NamedTuple):
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple  # of (name, bytes or None)
    timestamp: int  # ms


BATCH = struct.Struct(">qiibIhiqqqhii")
CONTROL = 0x20  # A transaction's end, not a record of anybody.


def _varint(data, at):
    """A zigzag varint and where it ends."""
    byte = data[at]
    at += 1
    value, shift = byte & 0x7F, 7
    while byte & 0x80:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
    return (value >> 1) ^ -(value & 1), at


def _field(data, at):
    length, at = _varint(data, at)
    if length < 0:
        return None, at
    return data[at:at + length], at + length


def records_of(data, count, base, base_time, from_offset, until):
    """The records of one unpacked batch whose offsets are in [from_offset, until). A million of them pass here in a
    test: numbers of one byte are read in place."""
    at, found = 0, []
    for _ in range(count):
        size, at = _varint(data, at)
        end = at + size
        at += 1  # The attributes of a single record are not used by Kafka.
        delta = data[at]
        if delta < 0x80:
            delta, at = (delta >> 1) ^ -(delta & 1), at + 1
        else:
            delta, at = _varint(data, at)
        place = data[at]
        if place < 0x80:
            place, at = place >> 1, at + 1
        else:
            place, at = _varint(data, at)
        key, at = _field(data, at)
        value, at = _field(data, at)
        headers = ()
        if data[at] == 0:
            at += 1
        else:
            number, at = _varint(data, at)
            named = []
            for _ in range(number):
                name, at = _field(data, at)
                content, at = _field(data, at)
                named.append((name.decode(), content))
            headers = tuple(named)
        if at != end:
            raise ValueError(f"record {base + place} does not end where it says")
        if from_offset <= base + place < until:
            found.append(Record(base + place, key, value, headers, base_time + delta))
    return found


def batches_of(data):
    """(header fields, packed records) of every whole batch; the last one of an answer may be cut off."""
    at = 0
    while at + BATCH.size <= len(data):
        header = BATCH.unpack_from(data, at)
        end = at + 12 + header[1]
        if end > len(data):
            return
        if header[3] != 2:
            raise ValueError(f"record batch of format {header[3]}")
        yield header, data[at + BATCH.size:end]
        at = end


def records_in(batches, from_offset, until):
    """(records, the offset to go on at) of one answer, transactions that came to nothing included."""
    found, following = [], from_offset
    for header, packed in batches_of(batches):
        base, _, _, _, _, attributes, last, base_time, _, _, _, _, count = header
        if base + last >= from_offset:
            following = base + last + 1
            if not attributes & CONTROL:
                found += records_of(unpack(packed, attributes & 7), count, base, base_time, from_offset, until)
    return found, following


def _number(value):
    """As a zigzag varint."""
    value = (value << 1) ^ (value >> 63)
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _part(data):
    return _number(-1) if data is None else _number(len(data)) + data


def batch_of(records, now=None):
    """One batch of (key, value, headers), not packed and not idempotent: as some other program would write it."""
    now = int(time.time() * 1000) if now is None else now
    body = b""
    for place, (key, value, headers) in enumerate(records):
        record = (b"\0" + _number(0) + _number(place) + _part(key) + _part(value) + _number(len(headers)) +
                  b"".join(_part(name.encode()) + _part(content) for name, content in headers))
        body += _number(len(record)) + record
    checked = struct.pack(">hiqqqhii", 0, len(records) - 1, now, now, -1, -1, -1, len(records)) + body
    return struct.pack(">qiibI", 0, len(checked) + 9, -1, 2, crc32c(checked)) + checked


def _crc_table():
    for value in range(256):
        for _ in range(8):
            value = (value >> 1) ^ (0x82F63B78 if value & 1 else 0)
        yield value


_CRC = tuple(_crc_table())


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    return crc ^ 0xFFFFFFFF


# Unpacking. Every Debian has libzstd and liblz4 (dpkg and systemd need them); Python's library has neither.

class _Span(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t), ("at", ctypes.c_size_t)]


def _zstd(data):
    # As a stream: librdkafka writes frames that do not say how long they become.
    lib = ctypes.CDLL("libzstd.so.1")
    lib.ZSTD_createDStream.restype = ctypes.c_void_p
    lib.ZSTD_decompressStream.restype = lib.ZSTD_DStreamOutSize.restype = ctypes.c_size_t
    stream, room, out = ctypes.c_void_p(lib.ZSTD_createDStream()), ctypes.create_string_buffer(1 << 18), []
    try:
        source = _Span(ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), len(data), 0)
        while True:
            target = _Span(ctypes.cast(room, ctypes.c_void_p), len(room), 0)
            left = lib.ZSTD_decompressStream(stream, ctypes.byref(target), ctypes.byref(source))
            if lib.ZSTD_isError(ctypes.c_size_t(left)):
                raise ValueError("damaged zstd")
            out.append(ctypes.string_at(room, target.at))
            if source.at == source.size and target.at < len(room):
                if left:
                    raise ValueError("zstd that ends too early")
                return b"".join(out)
    finally:
        lib.ZSTD_freeDStream(stream)


def _lz4(data):
    lib = ctypes.CDLL("liblz4.so.1")
    lib.LZ4F_decompress.restype = ctypes.c_size_t
    state = ctypes.c_void_p()
    if lib.LZ4F_isError(ctypes.c_size_t(lib.LZ4F_createDecompressionContext(ctypes.byref(state), 100))):
        raise MemoryError("lz4")
    room, out, at = ctypes.create_string_buffer(1 << 18), [], 0
    try:
        held = ctypes.create_string_buffer(data, len(data))
        while True:
            wrote, taken = ctypes.c_size_t(len(room)), ctypes.c_size_t(len(data) - at)
            left = lib.LZ4F_decompress(state, room, ctypes.byref(wrote), ctypes.byref(held, at), ctypes.byref(taken),
                                       None)
            if lib.LZ4F_isError(ctypes.c_size_t(left)):
                raise ValueError("damaged lz4")
            out.append(ctypes.string_at(room, wrote.value))
            at += taken.value
            if at == len(data) and wrote.value < len(room):
                if left:
                    raise ValueError("lz4 that ends too early")
                return b"".join(out)
    finally:
        lib.LZ4F_freeDecompressionContext(state)


def unpack(data, kind):
    if kind == 0:
        return data
    if kind == 1:
        return zlib.decompress(data, wbits=31)
    if kind == 3:
        return _lz4(data)
    if kind == 4:
        return _zstd(data)
    raise ValueError(f"records packed with codec {kind}, which nothing here writes")
