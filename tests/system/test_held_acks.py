"""Acknowledgements held for longer than the keepalive: the disk is full, so nothing can be committed. The connection
stays, the broker keeps the rest, nothing is lost, and work goes on by itself once there is room."""

import os
import time
import unittest

from harness import Room, can_mount, tmpfs, wait_until
from mqtt_client import Client
from oracle import Fold
from streams import CLIMATE, Plant

KEEPALIVE = 5


def fill(path):
    """Takes all the room that is left, to the last byte."""
    with open(path, "wb", buffering=0) as filler:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError:
                pass


@unittest.skipUnless(can_mount(), "this user may not mount a tmpfs")
class HeldAcks(unittest.TestCase):
    heavy = True
    limit = 180

    def disk_full(self, room, seconds, kill=False):
        broker = room.broker()
        with tmpfs(room.path("small"), "48m") as small:
            edge = room.appliance(CLIMATE, state=os.path.join(small, "state.db"), mqtt=f'keepalive = "{KEEPALIVE}s"',
                                  limits='disk_reserve = "1MiB"').start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                for i in range(1000):
                    plant.send(i, i)
                client.drain()
                edge.wait_received(1000)
                filler = os.path.join(small, "filler")
                fill(filler)
                begun = time.monotonic()
                # More than one commit's worth, so that whatever room SQLite holds in its files is used up, too.
                sent = [1000]

                def held():
                    for _ in range(200):
                        plant.send(sent[0], sent[0])
                        sent[0] += 1
                    client.drain()
                    return edge.metric("acks_held") > 0 and (edge.metric("commit_retries") > 0 or
                                                             edge.metric("disk_free") < (1 << 20))

                wait_until(held, 30, "acks are held", [edge], step=0.05)
                released = edge.metric("acks_released")
                wait_until(lambda: time.monotonic() - begun > seconds, seconds + 5, "the time that acks are held", [edge],
                           step=0.25)
                metrics = edge.metrics()
                self.assertEqual(released, metrics.value("acks_released"), "nothing is acknowledged without a commit")
                self.assertEqual(1, metrics.value("connected"))
                self.assertEqual(0, metrics.value("reconnects"), "the connection stays")
                self.assertEqual(503, edge.get("/healthz")[0])
                self.assertTrue(edge.get("/healthz")[1].strip(), "a reason is given")
                if kill:
                    edge.sigkill()
                    edge.spawn()
                os.remove(filler)
                freed = time.monotonic()
                if kill:
                    edge.wait_ready(10)
                edge.wait_metric("readings", lambda v: v >= sent[0], 10, outcome="counted")
                self.assertLess(time.monotonic() - freed, 10, "goes on unaided within 10 s")
                edge.wait_metric("acks_held", lambda v: v == 0, 10)
                plant.close_windows()
                edge.wait_metric("readings", lambda v: v >= sent[0] + 1, 20, outcome="counted")
                wait_until(lambda: edge.get("/healthz")[0] == 200, 10, "healthy again", [edge])
                edge.stop()
                self.assertEqual(plant.fold.csv().decode(), edge.fold(room.path("views.db")).decode())
                edge.proven()
                with open(edge.process.log_path, encoding="utf-8", errors="replace") as log:
                    self.assertRegex(log.read().lower(), r"full|no room|no space|free")

    def test_the_connection_outlives_three_keepalives_without_a_commit(self):
        with Room(self) as room:
            self.disk_full(room, 3 * KEEPALIVE + 2)

    def test_kill_9_while_the_disk_is_full_loses_nothing(self):
        with Room(self) as room:
            self.disk_full(room, 1, kill=True)


if __name__ == "__main__":
    unittest.main()
