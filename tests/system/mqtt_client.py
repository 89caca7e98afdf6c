"""MQTT by hand: a small client of 3.1.1 and 5 that can send what a proper library refuses to (hostile topics, bodies of
250 MB written as they are made, DUP at will), and a scripted broker for what mosquitto will not do on command
(redelivery with chosen packet ids, silence, a lost session). OASIS MQTT 3.1.1 and 5.0, section 2 and 3.
"""

import contextlib
import queue
import socket
import struct
import threading
import time

from harness import Timeout, free_port, wait_until

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT = (
    1, 2, 3, 4, 8, 9, 10, 11, 12, 13, 14)


def varint(value):
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        out.append(byte | (0x80 if value else 0))
        if not value:
            return bytes(out)


def text(value):
    raw = value.encode("utf-8") if isinstance(value, str) else value
    return struct.pack(">H", len(raw)) + raw


def packet(kind, flags, body):
    return bytes([kind << 4 | flags]) + varint(len(body)) + body


def publish_packet(topic, payload, qos=1, packet_id=0, dup=False, retain=False, version=4):
    """`topic` and `payload`: str or bytes."""
    if isinstance(payload, str):
        payload = payload.encode("utf-8")
    head = text(topic) + (struct.pack(">H", packet_id) if qos else b"") + (b"\0" if version == 5 else b"")
    return packet(PUBLISH, (8 if dup else 0) | qos << 1 | (1 if retain else 0), head + payload)


class Stream:
    """Packets off a socket."""

    def __init__(self, sock):
        self.sock = sock
        self._rest = bytearray()

    def _need(self, size):
        while len(self._rest) < size:
            more = self.sock.recv(1 << 16)
            if not more:
                raise ConnectionError("the other side closed the connection")
            self._rest += more

    def next(self):
        """(kind, flags, body)."""
        self._need(2)
        length, used = 0, 1
        while True:
            self._need(used + 1)
            byte = self._rest[used]
            length |= (byte & 0x7F) << 7 * (used - 1)
            used += 1
            if not byte & 0x80:
                break
        self._need(used + length)
        first, body = self._rest[0], bytes(self._rest[used:used + length])
        del self._rest[:used + length]
        return first >> 4, first & 15, body


class Client:
    """One publisher. Pipelines QoS 1: `publish` returns at once, `drain` waits for the PUBACKs."""

    def __init__(self, port, client_id, version=4, keepalive=0, deadline=30):
        self.version = version
        self.sock = socket.create_connection(("127.0.0.1", port), deadline)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(None)
        self._next_id = 1
        self._unacked = {}
        self._lock = threading.Condition()
        self.failed = None
        self.received = queue.Queue()  # (topic, payload, retain, dup) of what subscriptions bring
        properties = b"\0" if version == 5 else b""
        self.sock.sendall(packet(CONNECT, 0, text("MQTT") + bytes([version, 2]) + struct.pack(">H", keepalive) +
                                 properties + text(client_id)))
        self._stream = Stream(self.sock)
        kind, _, body = self._stream.next()
        if kind != CONNACK or body[1] != 0:
            raise AssertionError(f"CONNECT refused: {kind} {body.hex()}")
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        try:
            while True:
                kind, flags, body = self._stream.next()
                if kind == PUBACK:
                    with self._lock:
                        self._unacked.pop(struct.unpack_from(">H", body)[0], None)
                        self._lock.notify_all()
                elif kind == PUBLISH:
                    length = struct.unpack_from(">H", body)[0]
                    at = 2 + length
                    if flags & 6:
                        self.sock.sendall(packet(PUBACK, 0, body[at:at + 2]))
                        at += 2
                    if self.version == 5:
                        at += 1 + body[at]
                    self.received.put((body[2:2 + length], body[at:], bool(flags & 1), bool(flags & 8)))
        except (OSError, ConnectionError) as error:
            with self._lock:
                self.failed = error
                self._lock.notify_all()

    def _take_id(self):
        with self._lock:
            while self._next_id in self._unacked:
                self._lock.wait(1)
                if self.failed:
                    raise self.failed
            taken = self._next_id
            self._next_id = self._next_id % 65535 + 1
            self._unacked[taken] = True
            return taken

    def publish(self, topic, payload, qos=1, retain=False, dup=False, packet_id=None):
        """`topic` and `payload`: str or bytes."""
        if self.failed:
            raise self.failed
        taken = 0 if qos == 0 else (packet_id or self._take_id())
        self.sock.sendall(publish_packet(topic, payload, qos, taken, dup, retain, self.version))
        return taken

    def publish_all(self, messages, window=2000, deadline=120):
        """Many (topic, payload), written in big pieces, with at most `window` not acknowledged."""
        out = bytearray()
        for count, (topic, payload) in enumerate(messages, 1):
            with self._lock:
                # Write out what is gathered before waiting for its acknowledgement.
                if len(self._unacked) >= window:
                    self.sock.sendall(out)
                    out.clear()
                    self._wait_below(window // 2 + 1, deadline)
            out += publish_packet(topic, payload, 1, self._take_id(), version=self.version)
            if len(out) > 1 << 16:
                self.sock.sendall(out)
                out.clear()
        self.sock.sendall(out)
        self.drain(deadline)

    def _wait_below(self, limit, deadline):
        end = time.monotonic() + deadline
        while len(self._unacked) >= limit:
            if self.failed:
                raise self.failed
            if not self._lock.wait(max(0.0, end - time.monotonic())):
                raise Timeout(f"{len(self._unacked)} publishes are not acknowledged after {deadline} s")

    def drain(self, deadline=60):
        with self._lock:
            self._wait_below(1, deadline)

    def publish_streamed(self, topic, size, piece, qos=1, deadline=300):
        """One PUBLISH whose body is `piece` repeated up to `size` bytes, written as it goes: 250 MB take no memory."""
        head = text(topic)
        if qos:
            head += struct.pack(">H", self._take_id())
        if self.version == 5:
            head += b"\0"
        self.sock.sendall(bytes([PUBLISH << 4 | qos << 1]) + varint(len(head) + size) + head)
        whole, rest = divmod(size, len(piece))
        for _ in range(whole):
            self.sock.sendall(piece)
        self.sock.sendall(piece[:rest])
        if qos:
            self.drain(deadline)

    def subscribe(self, topic_filter, qos=1):
        properties = b"\0" if self.version == 5 else b""
        self.sock.sendall(packet(SUBSCRIBE, 2, struct.pack(">H", 65000) + properties + text(topic_filter) + bytes([qos])))

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.sendall(packet(DISCONNECT, 0, b""))
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Link:
    """One connection of a client to the scripted broker. SUBSCRIBE and PINGREQ are answered at once unless told
    otherwise; everything that comes is kept, with the moment it came."""

    def __init__(self, sock, session_present, answer_pings):
        self.sock = sock
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answer_pings = answer_pings
        self.version = None
        self.client_id = None
        self.filters = []
        self.pubacks = []  # (packet id, seconds on the monotonic clock), in the order in which they came
        self.pings = 0
        self.subscribed = False
        self.closed = False
        self.disconnect = None
        self._session_present = session_present
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        stream = Stream(self.sock)
        try:
            while True:
                kind, _, body = stream.next()
                if kind == CONNECT:
                    self._on_connect(body)
                elif kind == SUBSCRIBE:
                    self._on_subscribe(body)
                elif kind == UNSUBSCRIBE:
                    self.send(packet(UNSUBACK, 0, body[:2] + (b"\0\0" if self.version == 5 else b"")))
                elif kind == PUBACK:
                    self.pubacks.append((struct.unpack_from(">H", body)[0], time.monotonic()))
                elif kind == PINGREQ:
                    self.pings += 1
                    if self.answer_pings:
                        self.send(packet(PINGRESP, 0, b""))
                elif kind == DISCONNECT:
                    self.disconnect = body
        except (OSError, ConnectionError):
            self.closed = True

    def _on_connect(self, body):
        name = struct.unpack_from(">H", body)[0]
        self.version = body[2 + name]
        at = 2 + name + 1 + 1 + 2
        if self.version == 5:
            at += 1 + body[at]  # property blocks of a CONNECT of ours stay below 128 bytes
        length = struct.unpack_from(">H", body, at)[0]
        self.client_id = body[at + 2:at + 2 + length].decode()
        self.send(packet(CONNACK, 0, bytes([1 if self._session_present else 0, 0]) +
                         (b"\0" if self.version == 5 else b"")))

    def _on_subscribe(self, body):
        at = 2 + (1 + body[2] if self.version == 5 else 0)
        codes = bytearray()
        while at < len(body):
            length = struct.unpack_from(">H", body, at)[0]
            self.filters.append(body[at + 2:at + 2 + length].decode())
            codes.append(body[at + 2 + length] & 3)
            at += 3 + length
        self.send(packet(SUBACK, 0, body[:2] + (b"\0" if self.version == 5 else b"") + bytes(codes)))
        self.subscribed = True

    def send(self, raw):
        self.sock.sendall(raw)

    def publish(self, topic, payload, packet_id, dup=False, retain=False, qos=1):
        self.send(publish_packet(topic, payload, qos, packet_id, dup, retain, self.version))

    def acked(self):
        return [packet_id for packet_id, _ in self.pubacks]

    def wait_acked(self, packet_ids, deadline=20):
        """Waits until exactly these ids were acknowledged on this link, in this order."""
        wait_until(lambda: len(self.pubacks) >= len(packet_ids) or self.closed, deadline,
                   lambda: f"PUBACKs {packet_ids}, got {self.acked()}")
        if self.acked() != list(packet_ids):
            raise AssertionError(f"PUBACKs {self.acked()} instead of {list(packet_ids)}")

    def close(self):
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)
        self.sock.close()


class ScriptedBroker:
    """Listens; each connection becomes a Link. `session_present` is what the next CONNACK says."""

    def __init__(self, port=None):
        self.port = port or free_port()
        self.url = f"mqtt://127.0.0.1:{self.port}"
        self.session_present = False
        self.answer_pings = True
        self._links = queue.Queue()
        self._all = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                link = Link(sock, self.session_present, self.answer_pings)
                self._all.append(link)
                self._links.put(link)

    def link(self, deadline=20):
        """The next connection, once it has subscribed."""
        try:
            link = self._links.get(timeout=deadline)
        except queue.Empty:
            raise Timeout(f"nobody connected within {deadline} s") from None
        wait_until(lambda: link.subscribed or link.closed, deadline, "the client subscribes")
        return link

    def close(self):
        self._listener.close()
        for link in self._all:
            link.close()
