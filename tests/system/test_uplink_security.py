"""The uplink over TLS and with a login: what is not right is refused in clear words and nothing is sent; secrets are
shown nowhere."""

import os
import shutil
import unittest

from certificates import Authority
from harness import Room, run_tidemark, wait_until
from uplink_case import TOPIC, UplinkCase

CANARY = "kanarienvogel-17"


@unittest.skipUnless(shutil.which("openssl"), "the openssl command is not installed")
class UplinkSecurity(UplinkCase):
    limit = 180

    def secured(self, room, listener, **options):
        authority = Authority(room.path("ca"), "plant-ca")
        kafka = room.kafka(listeners=[listener], authority=authority, **options)
        kafka.create_topic(TOPIC)
        return authority, kafka

    def edge(self, room, kafka, listener, properties, **options):
        lines = "".join(f'{name} = "{value}"\n' for name, value in properties.items())
        more = f'brokers = "{kafka.bootstrap(listener)}"\n[kafka.properties]\n{lines}'
        return self.appliance(room, kafka, more, **options)

    def works(self, room, kafka, edge, seed=1):
        edge.start()
        self.load(room, 2, seed).finish(30)
        edge.wait_metric("open", lambda open: open == 0, 30)
        self.drained(edge)
        self.assertEqual(0, self.compare(edge, kafka).repeated)

    def refused(self, room, kafka, edge, *words, seed=1):
        end = kafka.end_offset(TOPIC)
        edge.start()
        self.said(edge, "Kafka: ", *words)
        self.collects(room, edge, seed)
        self.assertEqual((0, 0), (edge.metric("uplink_connected"), edge.metric("uplink_acknowledged")))
        self.assertEqual(end, kafka.end_offset(TOPIC))
        edge.stop()

    def test_the_server_is_checked(self):
        with Room(self) as room:
            authority, kafka = self.secured(room, "TLS")
            other = Authority(room.path("other"), "other-ca")
            tls = {"security.protocol": "ssl"}
            wrong = self.edge(room, kafka, "TLS", {**tls, "ssl.ca.location": other.certificate}, name="wrong",
                              client_id="wrong", gateway="wrong")
            self.refused(room, kafka, wrong, "certificate verify failed")
            right = self.edge(room, kafka, "TLS", {**tls, "ssl.ca.location": authority.certificate})
            self.works(room, kafka, right, 2)

    def test_a_client_certificate(self):
        with Room(self) as room:
            authority, kafka = self.secured(room, "MTLS")
            certificate, key = authority.issue("gateway-7")
            tls = {"security.protocol": "ssl", "ssl.ca.location": authority.certificate}
            without = self.edge(room, kafka, "MTLS", tls, name="without", client_id="without", gateway="without")
            self.refused(room, kafka, without, "certificate")
            shown = {"ssl.certificate.location": certificate, "ssl.key.location": key}
            self.works(room, kafka, self.edge(room, kafka, "MTLS", {**tls, **shown}), 2)

    def test_a_login_whose_password_is_shown_nowhere(self):
        with Room(self) as room:
            authority, kafka = self.secured(room, "SASL_TLS", users={"gateway": CANARY})
            login = {"security.protocol": "sasl_ssl", "ssl.ca.location": authority.certificate,
                     "sasl.mechanism": "PLAIN", "sasl.username": "gateway",
                     "sasl.password_file": room.path("password")}
            edge = self.edge(room, kafka, "SASL_TLS", login)
            with open(room.path("password"), "w", encoding="ascii") as out:
                out.write(CANARY + "-wrong\n")
            os.chmod(room.path("password"), 0o600)
            self.refused(room, kafka, edge, "uthentication")
            shown = edge.process.output()
            # The right one, put into the file while it runs, is taken without a restart.
            edge.start()
            self.said(edge, "uthentication")
            with open(room.path("password"), "w", encoding="ascii") as out:
                out.write(CANARY + "\n")
            self.drained(edge)
            self.assertEqual(0, self.compare(edge, kafka).repeated)
            with open(f"/proc/{edge.process.pid}/cmdline", encoding="utf-8") as argv, \
                    open(f"/proc/{edge.process.pid}/environ", encoding="utf-8") as environment:
                shown += argv.read() + environment.read()
            shown += edge.get("/metrics")[1].decode() + edge.get("/")[1].decode() + edge.process.output()
            self.assertNotIn(CANARY, shown)
            edge.stop()
            with open(edge.state, "rb") as state:
                self.assertNotIn(CANARY.encode(), state.read())

    def put(self, path, content):
        """As those do who renew certificates: another file takes the name."""
        with open(path + ".new", "w", encoding="ascii") as out:
            out.write(content)
        os.chmod(path + ".new", 0o600)
        os.rename(path + ".new", path)

    def copy(self, sources, targets):
        for source, target in zip(sources, targets):
            with open(source, encoding="ascii") as file:
                self.put(target, file.read())

    def flows(self, room, kafka, edge, seed, starts=1):
        """Events come to Kafka, of an appliance that was started so often."""
        self.load(room, 2, seed).finish(30)
        edge.wait_metric("open", lambda open: open == 0, 30)
        self.drained(edge, 90)
        self.assertEqual(starts, edge._starts)

    def test_certificates_are_renewed_without_a_restart(self):
        with Room(self) as room:
            authority, kafka = self.secured(room, "MTLS")
            files = [room.path(name) for name in ("ca.pem", "cert.pem", "key.pem")]
            self.copy([authority.certificate, *authority.issue("gateway-7")], files)
            edge = self.edge(room, kafka, "MTLS", {
                "security.protocol": "ssl", "ssl.ca.location": files[0], "ssl.certificate.location": files[1],
                "ssl.key.location": files[2]})
            self.works(room, kafka, edge)

            # While the connection works: another certificate is used soon, one that is none is not.
            contacts = edge.metric("tidemark_uplink_contacts_total")
            self.copy(authority.issue("gateway-7b"), files[1:])
            edge.wait_metric("tidemark_uplink_contacts_total", lambda now: now > contacts, 30)
            self.said(edge, "were renewed: a new connection is made with them")
            self.assertNotIn("cannot be read there", edge.process.output(), "the witness is read over TLS, too")
            self.put(files[2], "no key\n")
            self.said(edge, "were renewed and cannot be used")
            self.flows(room, kafka, edge, 2)

            # Another authority on both sides; the broker has it first.
            other = Authority(room.path("other"), "other-ca")
            kafka.renew(authority=other)
            kafka.restart(1)
            self.copy([authority.certificate, *authority.issue("gateway-7c")], files)
            self.said(edge, "certificate verify failed")
            end = kafka.end_offset(TOPIC)
            self.collects(room, edge, 3)
            self.assertEqual(end, kafka.end_offset(TOPIC), "the old certificate is not accepted")
            self.copy([other.certificate, *other.issue("gateway-7")], files)
            self.flows(room, kafka, edge, 4)
            self.compare(edge, kafka)

    def test_a_password_is_renewed_without_a_restart(self):
        with Room(self) as room:
            authority, kafka = self.secured(room, "SASL_TLS", users={"gateway": "old-one"})
            self.put(room.path("password"), "old-one\n")
            edge = self.edge(room, kafka, "SASL_TLS", {
                "security.protocol": "sasl_ssl", "ssl.ca.location": authority.certificate, "sasl.mechanism": "PLAIN",
                "sasl.username": "gateway", "sasl.password_file": room.path("password")})
            self.works(room, kafka, edge)
            kafka.renew(users={"gateway": "new-one"})
            kafka.restart(1)
            self.said(edge, "uthentication")
            self.put(room.path("password"), "new-one\n")
            self.flows(room, kafka, edge, 2)
            self.compare(edge, kafka)

    def test_a_user_who_may_only_write(self):
        """What cannot be looked at is said once, and what can be sent is sent; without the right to write, nothing is."""
        with Room(self) as room:
            authority, kafka = self.secured(room, "SASL_TLS", users={"gateway": CANARY}, config={
                "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users": "User:ANONYMOUS"})  # the brokers and the test itself
            self.put(room.path("password"), CANARY + "\n")
            edge = self.edge(room, kafka, "SASL_TLS", {
                "security.protocol": "sasl_ssl", "ssl.ca.location": authority.certificate, "sasl.mechanism": "PLAIN",
                "sasl.username": "gateway", "sasl.password_file": room.path("password")})
            self.refused(room, kafka, edge, "uthorization failed", f"WRITE and DESCRIBE the topic {TOPIC}")
            kafka.allow("gateway", TOPIC, "WRITE", "DESCRIBE")
            self.works(room, kafka, edge, 2)
            # A contact with something to look back at.
            edge.stop()
            edge.start()
            self.said(edge, f"this user may not read topic {TOPIC}", "Let it READ the topic")
            self.flows(room, kafka, edge, 3, starts=3)
            self.assertEqual(1, edge.process.output().count("this user may not read"))
            edge.stop()
            kafka.allow("gateway", TOPIC, "READ")
            edge.start()
            self.flows(room, kafka, edge, 4, starts=4)
            self.assertNotIn("may not read", edge.process.output())
            self.assertEqual(0, self.compare(edge, kafka).repeated)

    def test_scram_that_cannot_work_says_the_way_out(self):
        with Room(self) as room:
            authority, kafka = self.secured(room, "SASL_TLS", users={"gateway": CANARY})
            self.put(room.path("password"), CANARY + "\n")
            edge = self.edge(room, kafka, "SASL_TLS", {
                "security.protocol": "sasl_ssl", "ssl.ca.location": authority.certificate,
                "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "gateway",
                "sasl.password_file": room.path("password")})
            check = run_tidemark("check", "--config", edge.config)
            self.assertEqual(0, check.returncode)
            edge.start()
            self.load(room, 2).finish(30)
            way_out = "cannot do SCRAM with Kafka 4 even with the right password: use PLAIN over TLS or client certificates"
            if way_out not in check.stdout:
                self.drained(edge)  # a newer librdkafka
                return
            self.assertIn("warning: librdkafka", check.stdout)
            # At the start, and with the login that fails.
            wait_until(lambda: edge.process.output().count(way_out) >= 2, 30, edge.process.tail, [edge])
            self.assertRegex(edge.process.output(), "uthentication[^\n]*" + way_out)
            self.assertEqual(0, edge.metric("uplink_acknowledged"))
            self.assertNotIn(CANARY, edge.process.output() + check.stdout)

    def test_a_password_in_the_configuration_is_refused(self):
        with Room(self) as room:
            room.broker()
            edge = self.appliance(room, None, 'brokers = "127.0.0.1:9"\n[kafka.properties]\n'
                                              f'sasl.password = "{CANARY}"\n').spawn()
            self.assertNotEqual(0, edge.process.wait(20))
            self.assertIn("sasl.password_file", edge.process.output())
            self.assertNotIn(CANARY, edge.process.output())

    test_a_password_in_the_configuration_is_refused.quick = True


if __name__ == "__main__":
    unittest.main()
