"""A link that is paid by the byte: with `uplink.max_rate` the backlog of an outage drains at the cap, and the newest state
does not wait behind it."""

import time
import unittest

from event_reader import read
from harness import Room, wait_until
from kafka.broker import steady_port
from relay import Relay
from streams import fleet
from uplink_case import TOPIC, UplinkCase

CAP = 8 << 10  # bytes a second


class UplinkRate(UplinkCase):
    limit = 240

    def test_a_backlog_drains_at_the_cap_behind_the_newest_state(self):
        with Room(self) as room:
            port = steady_port()
            kafka = room.kafka(config={"advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}"})
            kafka.create_topic(TOPIC)
            link = room.keep(Relay(port, kafka.port())).mend()
            room.broker()
            edge = self.appliance(
                room, kafka, f'brokers = "127.0.0.1:{port}"\n[uplink]\nmax_rate = "{CAP}B"', commit_delay="5ms",
                streams=fleet(window="1s", idle_timeout="1s")).start()
            self.acknowledged(edge, 1)
            link.cut()
            self.load(room, 25, devices=60).finish(90)
            edge.wait_metric("open", lambda open: open == 0, 30)
            backlog = edge.metric("uplink_backlog")
            self.assertGreater(backlog, 256)
            end = kafka.end_offset(TOPIC)
            old = {read(event).header.epoch for event in edge.events()}
            # One device goes on: far less than the cap.
            live = self.load(room, 15, 2, devices=1, interval="500ms")
            wait_until(lambda: edge.metric("uplink_backlog") > backlog, 30, "new events come", [edge, live])

            link.mend()
            back, wall = time.monotonic(), time.time() * 1e9
            seen = self.first_of_new_epoch(edge, kafka, end, old, wall)
            took = time.monotonic() - back
            waiting = edge.metric("uplink_backlog")
            self.assertLessEqual(took, 5)
            self.assertGreater(waiting, backlog / 2, "the old events still drain")

            sent, began = link.sent, time.monotonic()
            wait_until(lambda: edge.metric("uplink_backlog") < 0.1 * waiting, 120, "the backlog drains", [edge])
            seconds, rate = time.monotonic() - began, (link.sent - sent) / (time.monotonic() - began)
            print(f"    newest state after {took:.2f} s with {waiting:.0f} of {backlog:.0f} events waiting; then "
                  f"{rate / CAP:.3f} of the cap over {seconds:.1f} s", flush=True)
            self.assertGreater(seconds, 10, "long enough to say what the rate was")
            self.assertLess(abs(rate / CAP - 1), 0.1)
            wire = edge.metric("tidemark_uplink_wire_bytes_total")
            self.assertLess(abs(wire / link.sent - 1), 0.1, (wire, link.sent))

            live.finish(60)
            edge.wait_metric("open", lambda open: open == 0, 30)
            self.drained(edge)
            self.compare(edge, kafka)
            # By order: of what stands behind the first event of the new epoch, some is old.
            behind = {read(bytes(record.value)).header.epoch for record in kafka.records(TOPIC, from_offset=seen + 1)}
            self.assertTrue(behind & old, "the old epoch drains behind the new one")

    def first_of_new_epoch(self, edge, kafka, end, old, wall):
        """Waits for an event that is newer than the link's return; its offset."""
        at = [end]

        def newest():
            for record in kafka.records(TOPIC, from_offset=at[0]):
                header = read(bytes(record.value)).header
                if header.epoch not in old and header.committed_at > wall:
                    return (record.offset,)
                at[0] = record.offset + 1
            return None

        return wait_until(newest, 30, "an event of after the outage is in Kafka", [edge], step=0.05)[0]


if __name__ == "__main__":
    unittest.main()
