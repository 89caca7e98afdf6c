"""SIGTERM drains and commits; a second one within ten seconds does not hurt."""

import signal
import threading
import unittest

from harness import Room, wait_until
from mqtt_client import Client
from oracle import Fold
from streams import CLIMATE, Plant


class Sigterm(unittest.TestCase):
    quick = True

    def test_what_was_taken_is_committed_and_the_rest_comes_after_the_restart(self):
        for again in (False, True):
            with self.subTest(second_sigterm=again), Room(self) as room:
                broker = room.broker()
                edge = room.appliance(CLIMATE).start()
                with Client(broker.port, "plant") as client:
                    plant = Plant(client, Fold())

                    def send():
                        for i in range(20_000):
                            plant.send(i, i % 1000)

                    sender = threading.Thread(target=send)
                    sender.start()
                    edge.wait_received(2000)
                    edge.sigterm()
                    if again:
                        edge.sigterm()
                        edge.process.signal(signal.SIGTERM)
                    self.assertEqual(0, edge.process.wait(15), edge.process.tail())
                    sender.join()
                    client.drain()
                    edge.proven()
                    edge.start()
                    edge.wait_metric("readings", lambda v: v >= 20_000, 60, outcome="counted")
                    plant.close_windows()
                    edge.wait_metric("readings", lambda v: v >= 20_001, 20, outcome="counted")
                    metrics = edge.metrics()
                    # A clean end acknowledges what it took: the broker sends nothing again.
                    self.assertEqual(0, metrics.value("redelivered"))
                    self.assertEqual(0, metrics.value("readings", outcome="duplicate"))
                edge.stop()
                self.assertEqual(plant.fold.csv().decode(), edge.fold(room.path("views.db")).decode())
                edge.proven()

    def test_sigterm_right_after_the_start(self):
        with Room(self) as room:
            room.broker()
            for _ in range(5):
                edge = room.appliance(CLIMATE).spawn()
                # As soon as it handles signals at all, which its first output shows.
                wait_until(lambda: edge.process.output() or not edge.process.running(), 20, "a first word")
                edge.sigterm()
                self.assertEqual(0, edge.process.wait(15), edge.process.tail())


if __name__ == "__main__":
    unittest.main()
