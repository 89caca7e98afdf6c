"""A TCP relay: the link between a client and a server of the tests, with counters, that can be cut and mended."""

import contextlib
import socket
import threading


class Relay:
    """Listens on `port`, forwards to `target` on 127.0.0.1, counts the bytes each way."""

    def __init__(self, port, target):
        self.port, self.target = port, target
        self.sent = 0      # by clients
        self.received = 0  # by clients
        self._lock = threading.Lock()
        self._pairs = []
        self._listener = None

    def mend(self):
        """Connections are taken from now on. Returns itself."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(16)
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return self

    def cut(self):
        """Every connection ends, and none is taken."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for one in pairs:
            for side in one:
                with contextlib.suppress(OSError):
                    side.shutdown(socket.SHUT_RDWR)

    def kill(self):
        with contextlib.suppress(OSError):
            self.cut()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.target), 10)
                server.settimeout(None)
            except OSError:
                client.close()
                continue
            with self._lock:
                self._pairs.append((client, server))
            threading.Thread(target=self._forward, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._forward, args=(server, client, False), daemon=True).start()

    def _forward(self, source, sink, up):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                with self._lock:
                    if up:
                        self.sent += len(data)
                    else:
                        self.received += len(data)
                sink.sendall(data)
        for side in (source, sink):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
