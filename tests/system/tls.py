"""A mosquitto that shows certificates of the test's own."""

from harness import Broker


def tls_broker(room, authority, server, client_certificates=False, extra="", name=""):
    """A mosquitto with the (certificate, key) `server`; `secure_url` is its address."""
    certificate, key = server
    lines = [f"cafile {authority.certificate}", f"certfile {certificate}", f"keyfile {key}"]
    if client_certificates:
        lines += ["require_certificate true"]
    broker = room.keep(Broker(room.path(name), listener="\n".join(lines), extra=extra)).start()
    broker.secure_url = f"mqtts://127.0.0.1:{broker.port}"
    return broker
