"""The readers of docs/readers from a real Kafka: the same bytes, from any number of partitions, whatever else is in the topic."""

import unittest

from harness import Room
from readers import ReaderTest
from test_readers import frozen


@unittest.skipUnless(hasattr(Room, "kafka"), "the harness starts no Kafka")
class ReadersFromKafka(ReaderTest):
    limit = 240

    def test_a_topic_gives_the_same_bytes(self):
        events, expected = frozen("v1")
        with Room(self) as room:
            kafka = room.kafka()
            kafka.create_topic("telemetry", partitions=3)
            # As after a crash, some come twice; and there is a foreign record and a tombstone.
            log = [(b"plant-7", event, ()) for event in events[:9] + events[4:]]
            kafka.produce("telemetry", log[:5], 1)
            kafka.produce("telemetry", [*log[5:], (b"x", b"not ours", ()), (b"plant-7", None, ())], 1)
            for reader in self.each():
                status, text, errors = reader(f"kafka:{kafka.bootstrap()}/telemetry", "client.id=stranger")
                self.assertEqual(0, status, errors)
                self.assertEqual(expected.decode(), text.decode())
                self.assertRegex(errors, rf"\b{len(events)} events\b")
                self.assertRegex(errors, r"\b5 repeated\b")
                self.assertRegex(errors, r"\b2 foreign\b")

    def test_a_missing_topic_is_said_in_a_line(self):
        with Room(self) as room:
            kafka = room.kafka()
            for reader in self.each():
                status, text, errors = reader(f"kafka:{kafka.bootstrap()}/absent")
                self.assertEqual((2, b""), (status, text), errors)
                self.assertRegex(errors, r"\Areader: .*absent.*\n\Z")


if __name__ == "__main__":
    unittest.main()
