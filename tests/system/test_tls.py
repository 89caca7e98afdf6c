"""TLS to the broker: the server is checked by default, a client certificate is shown where one is asked for, and what is
wrong is said clearly."""

import shutil
import subprocess
import unittest

from certificates import Authority
from harness import Broker, Room, wait_until
from oracle import Fold
from streams import CLIMATE, Plant
from tls import tls_broker


@unittest.skipUnless(shutil.which("openssl"), "the openssl command is not installed")
class Tls(unittest.TestCase):
    quick = True

    def send(self, broker, authority, client=None):
        """Publishes two readings over TLS by mosquitto's own program or, without it, by Python's ssl."""
        import socket
        import ssl

        from mqtt_client import CONNACK, CONNECT, PUBACK, Stream, packet, publish_packet, text
        from streams import climate, climate_topic
        context = ssl.create_default_context(cafile=authority.certificate)
        if client:
            context.load_cert_chain(*client)
        with socket.create_connection(("127.0.0.1", broker.port), 10) as plain, \
                context.wrap_socket(plain, server_hostname="127.0.0.1") as sock:
            sock.sendall(packet(CONNECT, 0, text("MQTT") + bytes([4, 2, 0, 0]) + text("tls-plant")))
            stream = Stream(sock)
            self.assertEqual(CONNACK, stream.next()[0])
            for packet_id, ts in ((1, Plant.START), (2, Plant.START + 86_400_000)):
                sock.sendall(publish_packet(climate_topic(), climate(ts, 1), 1, packet_id))
                self.assertEqual(PUBACK, stream.next()[0])

    def works(self, room, broker, authority, edge, client=None):
        edge.start()
        self.send(broker, authority, client)
        edge.wait_received(2)
        edge.stop()
        fold = Fold()
        Plant(None, fold).expect(Plant.START, 1)
        self.assertEqual(fold.csv().decode(), edge.fold(room.path("views.db")).decode())

    def refused(self, edge, *words):
        """Runs on, not connected, and says why."""
        edge.spawn()
        wait_until(lambda: any(word in edge.process.output().lower() for word in words), 20,
                   lambda: f"one of {words} is said:\n{edge.process.tail()}", [edge])
        self.assertEqual(0, edge.metric("connected"))
        self.assertEqual(503, edge.get("/healthz")[0])
        edge.stop(15)

    def test_with_our_own_authority(self):
        with Room(self) as room:
            authority = Authority(room.path("ca"), "plant-ca")
            broker = tls_broker(room, authority, authority.issue("server"))
            edge = room.appliance(CLIMATE, broker.secure_url, mqtt=f'ca_file = "{authority.certificate}"')
            self.works(room, broker, authority, edge)

    def test_an_unknown_authority_is_refused(self):
        with Room(self) as room:
            authority = Authority(room.path("ca"), "plant-ca")
            other = Authority(room.path("other"), "other-ca")
            broker = tls_broker(room, authority, authority.issue("server"))
            for mqtt in ("", f'ca_file = "{other.certificate}"'):
                edge = room.appliance(CLIMATE, broker.secure_url, mqtt=mqtt)
                self.refused(edge, "certificate")

    def test_a_certificate_for_another_name_is_refused(self):
        with Room(self) as room:
            authority = Authority(room.path("ca"), "plant-ca")
            broker = tls_broker(room, authority, authority.issue("server", "DNS:broker.example"))
            edge = room.appliance(CLIMATE, broker.secure_url, mqtt=f'ca_file = "{authority.certificate}"')
            self.refused(edge, "name", "address", "host")

    def test_a_client_certificate(self):
        with Room(self) as room:
            authority = Authority(room.path("ca"), "plant-ca")
            client = authority.issue("gateway-7")
            broker = tls_broker(room, authority, authority.issue("server"), client_certificates=True)
            ca = f'ca_file = "{authority.certificate}"\n'
            edge = room.appliance(CLIMATE, broker.secure_url,
                                  mqtt=ca + f'cert_file = "{client[0]}"\nkey_file = "{client[1]}"')
            self.works(room, broker, authority, edge, client)
            without = room.appliance(CLIMATE, broker.secure_url, mqtt=ca, name="without", client_id="without")
            self.refused(without, "certificate", "handshake", "alert", "closed", "refused")

    def test_plain_mqtt_to_a_tls_port_and_tls_to_a_plain_port(self):
        with Room(self) as room:
            authority = Authority(room.path("ca"), "plant-ca")
            broker = tls_broker(room, authority, authority.issue("server"))
            self.refused(room.appliance(CLIMATE, broker.url), "broker", "connect", "closed")
            plain = room.keep(Broker(room.path("plain"))).start()
            edge = room.appliance(CLIMATE, f"mqtts://127.0.0.1:{plain.port}", mqtt=f'ca_file = "{authority.certificate}"')
            self.refused(edge, "tls", "handshake", "ssl")

    def test_files_that_are_not_there_or_are_no_certificates(self):
        with Room(self) as room:
            authority = Authority(room.path("ca"), "plant-ca")
            broker = tls_broker(room, authority, authority.issue("server"))
            with open(room.path("rubbish.pem"), "w") as out:
                out.write("rubbish")
            for path in ("absent.pem", "rubbish.pem"):
                edge = room.appliance(CLIMATE, broker.secure_url, mqtt=f'ca_file = "{room.path(path)}"').spawn()
                # It may end, or go on trying (a file can be put there); it must name the file.
                wait_until(lambda: path in edge.process.output() and "ca_file" in edge.process.output(), 20,
                           lambda: f"{path} is named:\n{edge.process.tail()}")
                if edge.process.running():
                    self.assertEqual(0, edge.metric("connected"))
                    edge.stop(15)

    def test_a_password_from_a_file(self):
        with Room(self) as room:
            passwords = room.path("passwords")
            done = subprocess.run(["mosquitto_passwd", "-c", "-b", passwords, "edge", "geheim"], capture_output=True,
                                  check=False) if shutil.which("mosquitto_passwd") else None
            if done is None or done.returncode:
                self.skipTest("mosquitto_passwd is not installed")
            broker = room.keep(Broker(room.folder, extra=f"password_file {passwords}"))
            with open(broker.config) as config:
                text = config.read().replace("allow_anonymous true", "allow_anonymous false")
            with open(broker.config, "w") as out:
                out.write(text)
            broker.start()
            for secret, accepted in (("geheim\n", True), ("falsch", False)):
                with open(room.path("secret"), "w") as out:
                    out.write(secret)
                edge = room.appliance(CLIMATE, broker.url, mqtt=f'username = "edge"\npassword_file = "{room.path("secret")}"')
                if accepted:
                    edge.start()
                    edge.stop()
                else:
                    self.refused(edge, "not authori", "password", "refused")
                self.assertNotIn(secret.strip(), edge.process.output())


if __name__ == "__main__":
    unittest.main()
