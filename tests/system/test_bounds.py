"""Every row of DESIGN's table of bounds is reached, shows in /metrics, and hurts nothing else."""

import os
import time
import unittest

from harness import Room, run_tidemark, wait_until
from mqtt_client import Client
from oracle import Fold
from streams import CLIMATE, Plant, climate, climate_topic, stream

T0 = Plant.START
DAY = 86_400_000


class Bounds(unittest.TestCase):
    limit = 240

    def finish(self, room, edge, fold):
        edge.stop()
        self.assertEqual(fold.csv().decode(), edge.fold(room.path("views.db")).decode())
        edge.proven()

    def test_payload(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE, limits='max_payload = "1KiB"\nmax_depth = 5').start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                whole = len(climate(T0, 1, x=""))
                plant.send(0, 1, x="y" * (1024 - whole))                       # exactly at the bound
                plant.send(1, 2, counted=False, x="y" * (1025 - whole))        # one byte over it
                plant.send(2, 3, x=[[[[]]]])                                   # depth 5
                plant.send(3, 4, counted=False, x=[[[[[]]]]])                  # depth 6
                plant.close_windows()
                edge.wait_received(plant.sent)
            metrics = edge.metrics()
            for reason in ("too_large", "too_deep"):
                self.assertEqual(1, metrics.value("messages_rejected", reason=reason), reason)
            self.finish(room, edge, plant.fold)

    test_payload.quick = True

    def test_series(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE, limits="max_series = 50").start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                for i in range(50):
                    plant.send(i, i, device=f"d{i}")
                client.drain()
                edge.wait_received(50)
                for i in range(30):
                    client.publish(climate_topic(f"new{i}"), climate(T0 + i, i))
                # The known ones are unharmed.
                for i in range(50):
                    plant.send(100 + i, i, device=f"d{i}")
                plant.close_windows()
                edge.wait_received(180)
                metrics = edge.metrics()
                self.assertEqual((50, 50), (metrics.value("series"), metrics.value("series_limit")))
                self.assertEqual(30, metrics.value("readings_rejected", reason="series_limit"))
                self.assertIn("80", edge.process.output(), "an alarm at 80 %")
            self.finish(room, edge, plant.fold)

    test_series.quick = True

    def test_a_flood_of_new_topics(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE, limits="max_series = 1000").start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                plant.send(0, 1)
                client.drain()
                edge.wait_received(1)
                client.publish_all((climate_topic(f"flood{i}"), climate(T0 + i, i)) for i in range(50_000))
                plant.send(1, 2)
                client.drain()
                edge.wait_received(50_002, 120)
                metrics = edge.metrics()
                self.assertEqual(1000, metrics.value("series"))
                self.assertEqual(50_002 - 999 - 2, metrics.value("readings_rejected", reason="series_limit"))
                self.assertLessEqual(metrics.value("dead_letter_bytes"), 16 << 20)
                self.assertEqual(1, metrics.value("balanced"))
            edge.stop()
            edge.proven()

    def test_queue(self):
        # While commits take long the queue fills, intake pauses, and the broker keeps the rest. A commit that takes long is
        # had by a long commit_delay; the queue holds much less than what waits.
        with Room(self) as room:
            broker = room.broker()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                edge = room.appliance(CLIMATE, limits='queue = "64KiB"\nmax_payload = "16KiB"', commit_delay="2s").start()
                filling = "y" * 8000
                most = 0.0
                total = 400
                for i in range(total):
                    plant.send(i, i, x=filling)

                def drained():
                    metrics = edge.metrics()
                    nonlocal most
                    most = max(most, metrics.value("queue_bytes"))
                    self.assertEqual(64 << 10, metrics.value("queue_limit"))
                    return metrics.value("received") >= total

                wait_until(drained, 120, "all arrived", [edge], step=0.001)
                plant.close_windows()
                edge.wait_received(total + 1)
                # One message more than the bound may be there when reading stops, and what one read brought.
                self.assertLessEqual(most, (64 << 10) + (256 << 10))
                # The moment itself is too short to be seen from here; it is counted.
                self.assertGreater(edge.metric("pauses"), 0, "the bound was reached and intake was paused")
            self.finish(room, edge, plant.fold)

    def test_memory_budget_is_refused_at_the_start_with_the_sum(self):
        with Room(self) as room:
            room.broker()
            edge = room.appliance(stream(window="1s", lateness="1d"), limits='memory = "16MiB"\nmax_series = 100000')
            for command in ("check", "run"):
                done = run_tidemark(command, "--config", edge.config, deadline=20)
                said = done.stdout + done.stderr
                self.assertEqual(2, done.returncode, said)
                self.assertRegex(said, r"memory")
                self.assertRegex(said, r"\d+(\.\d+)? ?(KiB|MiB|GiB|TiB)")
                self.assertIn("16 MiB", said.replace("16MiB", "16 MiB"))

    test_memory_budget_is_refused_at_the_start_with_the_sum.quick = True

    def test_log(self):
        # The log at max_size: no more acknowledgements until there is room. Retention makes room; here a new
        # configuration gives it more, as a user would.
        with Room(self) as room:
            broker = room.broker()
            many = stream(fields=[f"f{i}" for i in range(40)], window="1s", lateness="10s",
                          aggregates=["count", "sum", "min", "max", "variance", "first", "last"])
            small = 'max_size = "8MiB"\nretention = "365d"'
            edge = room.appliance(many, store=small).start()
            with Client(broker.port, "plant") as client:
                def payloads(first, last):
                    for i in range(first, last):
                        for device in range(4):
                            # Digits that zstd cannot guess.
                            fields = ",".join(f'"f{f}":{hash((i, device, f)) % 10**15}.{f}' for f in range(40))
                            yield climate_topic(f"d{device}"), f'{{"ts":{T0 + i * 1000},{fields}}}'

                sent, end = 0, time.monotonic() + 150
                full = False
                while not full:
                    self.assertLess(time.monotonic(), end, f"log of {edge.metric('log_bytes')} bytes")
                    client.publish_all(payloads(sent, sent + 500))
                    sent += 500
                    wait_until(lambda: edge.metric("received") >= 4 * sent or edge.get("/healthz")[0] == 503, 60,
                               f"{4 * sent} messages, or no room", [edge])
                    full = edge.get("/healthz")[0] == 503
                self.assertRegex(edge.get("/healthz")[1].decode(), r"max_size|log|room|full")
                edge.wait_metric("acks_held", lambda v: v > 0, 30)
                metrics = edge.metrics()
                self.assertEqual(8 << 20, metrics.value("log_limit"))
                # The group that reached the bound is in it; the next that has events is held.
                self.assertLessEqual(metrics.value("log_bytes"), (8 << 20) + (256 << 10))
                self.assertEqual(1, metrics.value("connected"))
                # More room: everything that waited is taken.
                edge.sigterm()
                edge.process.wait(30)
                edge = room.appliance(many, state=edge.state, name="larger", store='max_size = "64MiB"').start()
                edge.wait_metric("readings", lambda v: v >= 4 * 40 * sent, 60, outcome="counted")
            edge.stop()
            edge.proven()

    def test_dead_letters(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE, limits='dead_letters = "64KiB"').start()
            with Client(broker.port, "plant") as client:
                client.publish_all((climate_topic(), f"rubbish {i} " + os.urandom(100).hex()) for i in range(2000))
                edge.wait_received(2000)
            metrics = edge.metrics()
            self.assertLessEqual(metrics.value("dead_letter_bytes"), 64 << 10)
            self.assertGreater(metrics.value("dead_letters"), 100)
            self.assertEqual(2000, metrics.value("dead_letters") + metrics.value("dead_letters_dropped"))
            edge.stop()
            edge.proven()

    test_dead_letters.quick = True

    def test_journal(self):
        # The journal never holds more than a million readings: shards pass it by.
        with Room(self) as room:
            broker = room.broker()
            fields = [f"f{i}" for i in range(100)]
            edge = room.appliance(stream(fields=fields, window="1min", aggregates=["count", "sum"])).start()
            with Client(broker.port, "plant") as client:
                total, seen = 15_000, 0
                body = ",".join(f'"{field}":1' for field in fields)
                for part in range(10):
                    client.publish_all((climate_topic(f"d{i % 20}"), f'{{"ts":{T0 + (part * 1500 + i) * 10},{body}}}')
                                       for i in range(total // 10))
                    seen = max(seen, edge.metric("journal_readings"))
                edge.wait_received(total, 120)
                self.assertEqual(100 * total, edge.metric("readings", outcome="decoded"))
                self.assertLessEqual(max(seen, edge.metric("journal_readings")), 1_000_000)
            edge.stop()
            edge.proven()


if __name__ == "__main__":
    unittest.main()
