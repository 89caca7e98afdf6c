"""What the uplink does with a Kafka that is not the one it knew: it sends nothing there, says what to do, and goes on
collecting."""

import unittest

from harness import Room
from uplink_case import TOPIC, UplinkCase


class UplinkContact(UplinkCase):
    limit = 180

    def begun(self, room, **options):
        """(kafka, appliance) with some events acknowledged."""
        kafka = room.kafka()
        kafka.create_topic(TOPIC, **options)
        edge = self.appliance(room, kafka).start()
        self.load(room, 3).finish(30)
        edge.wait_metric("open", lambda open: open == 0, 30)
        self.acknowledged(edge, 10)
        self.drained(edge)
        return kafka, edge

    def held(self, room, edge, *words):
        edge.wait_metric("uplink_held", lambda held: held == 1, 40)
        self.said(edge, *words, "tidemark uplink accept")
        self.collects(room, edge, 7)
        self.assertEqual(1, edge.metric("uplink_held"))
        self.assertGreater(edge.metric("uplink_backlog"), 0)
        self.assertEqual(200, edge.get("/healthz")[0])

    def test_a_missing_topic_is_waited_for(self):
        with Room(self) as room:
            kafka = room.kafka()
            edge = self.appliance(room, kafka).start()
            self.said(edge, f"there is no topic {TOPIC}", "Make the topic", "kafka.create_partitions")
            self.collects(room, edge, 1)
            self.assertEqual((0, 0), (edge.metric("uplink_connected"), edge.metric("uplink_held")))
            self.assertEqual({}, kafka.topic(TOPIC))
            kafka.create_topic(TOPIC)
            self.drained(edge)
            self.assertEqual(0, self.compare(edge, kafka).repeated)

    def test_a_missing_topic_is_made_where_that_is_wanted(self):
        with Room(self) as room:
            kafka = room.kafka()
            edge = self.appliance(room, kafka, "create_partitions = 5").start()
            self.load(room, 2).finish(30)
            self.drained(edge)
            self.assertEqual([0, 1, 2, 3, 4], sorted(kafka.topic(TOPIC)))
            edge.wait_metric("open", lambda open: open == 0, 30)
            self.drained(edge)
            # Where Kafka's own clients put this key.
            self.assertEqual([1], [number for number in range(5) if kafka.end_offset(TOPIC, number)])
            self.assertEqual(0, self.compare(edge, kafka, 1).repeated)

    def test_a_topic_made_anew_while_stopped_is_not_taken_for_the_old_one(self):
        with Room(self) as room:
            kafka, edge = self.begun(room)
            edge.stop()
            kafka.delete_topic(TOPIC)
            kafka.create_topic(TOPIC)
            edge.start()
            self.held(room, edge, "made anew")
            self.assertEqual(0, kafka.end_offset(TOPIC))

    def test_a_topic_made_anew_while_sending_is_not_taken_for_the_old_one(self):
        with Room(self) as room:
            kafka, edge = self.begun(room)
            kafka.delete_topic(TOPIC)
            kafka.create_topic(TOPIC)
            sim = self.load(room, 5, 2)
            self.held(room, edge, "made anew")
            sim.finish(30)
            # It was found by what the new topic answered to what was sent last; from there on nothing follows.
            end = kafka.end_offset(TOPIC)
            self.collects(room, edge, 8)
            self.assertEqual(end, kafka.end_offset(TOPIC))
            # A restart does not forget it.
            edge.stop()
            edge.start()
            edge.wait_metric("uplink_held", lambda held: held == 1, 40)
            self.assertEqual(end, kafka.end_offset(TOPIC))

    def test_with_consent_what_was_not_acknowledged_goes_there(self):
        with Room(self) as room:
            kafka, edge = self.begun(room)
            edge.stop()
            there = kafka.end_offset(TOPIC)
            kafka.delete_topic(TOPIC)
            kafka.create_topic(TOPIC)
            edge.start()
            self.held(room, edge, "made anew")
            edge.stop()
            self.assertEqual(0, kafka.end_offset(TOPIC))
            # Of one that runs: test_uplink_identity.
            accepted = edge.command("uplink", "accept", "--config", edge.config)
            self.assertEqual(0, accepted.returncode, accepted.stderr)
            self.assertIn("accepted", accepted.stdout)
            edge.start()
            self.drained(edge)
            self.assertEqual(0, self.compare(edge, kafka, missing=there).repeated)

    def test_another_cluster_on_the_same_port(self):
        with Room(self) as room:
            kafka, edge = self.begun(room)
            old = kafka.cluster_id()
            for running in (True, False):
                with self.subTest(running=running):
                    if not running:
                        edge.stop()
                    kafka.sigkill(1)
                    kafka.format()
                    kafka.start()
                    kafka.create_topic(TOPIC)
                    if not running:
                        edge.start()
                    self.load(room, 2, 3 + running).finish(30)
                    self.held(room, edge, f"events went to cluster {old} before", kafka.cluster_id())
                    self.assertEqual(0, kafka.end_offset(TOPIC))

    def test_more_partitions_move_nothing(self):
        with Room(self) as room:
            kafka, edge = self.begun(room)
            # Of seven, Kafka's own choice for this key would be the third.
            kafka.add_partitions(TOPIC, 7)
            self.load(room, 2, 2).finish(30)
            edge.stop()
            edge.start()
            self.load(room, 2, 3).finish(30)
            edge.wait_metric("open", lambda open: open == 0, 30)
            self.drained(edge)
            self.assertEqual(0, self.compare(edge, kafka).repeated)
            self.assertEqual([0] * 6, [kafka.end_offset(TOPIC, partition) for partition in range(1, 7)])

    def test_a_topic_that_takes_little_at_once_gets_small_requests(self):
        with Room(self) as room:
            kafka = room.kafka()
            edge = self.appliance(room, kafka).start()
            # More than fits in one request, all of it waiting when the topic comes.
            self.load(room, 8).finish(60)
            edge.wait_metric("open", lambda open: open == 0, 30)
            events = edge.events()
            limit = max(map(len, events)) + 1000
            self.assertGreater(sum(map(len, events)), 8 * limit)
            kafka.create_topic(TOPIC, configs={"max.message.bytes": limit})
            self.drained(edge)
            self.assertEqual(0, self.compare(edge, kafka).repeated)
            self.assertEqual(0, edge.metric("uplink_failures"))


if __name__ == "__main__":
    unittest.main()
