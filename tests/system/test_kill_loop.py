"""A minute of 2,000 messages a second from `plant`, while the appliance is killed every one to two seconds and the broker
is restarted twice: nothing is lost, nothing counted twice, and every start acknowledges within two seconds."""

import os
import random
import time
import unittest

from fleet_truth import Truth
from harness import Room, wait_until
from oracle import SECOND
from streams import fleet

SEED = int(os.environ.get("TIDEMARK_SEED", "20250101"))


class KillLoop(unittest.TestCase):
    heavy = True
    limit = 420

    def run_loop(self, room, duration, devices, broker_restarts, seed):
        chance = random.Random(seed)
        broker = room.broker()
        # Idle windows close two seconds after their last reading, so that a silent fleet is all emitted soon.
        edge = room.appliance(fleet(window="5s", idle_timeout="2s")).start()
        truth = room.path("truth.db")
        sim = room.simulator("--devices", devices, "--interval", "1s", "--duration", f"{duration}s", "--seed", seed,
                             "--profile", "plant", "--truth", truth)
        begun = time.monotonic()
        restarts = sorted(chance.uniform(0.2, 0.8) * duration for _ in range(broker_restarts))
        kills, slowest, starts = 0, 0.0, []
        while sim.running():
            until = time.monotonic() + chance.uniform(1, 2)
            wait_until(lambda: time.monotonic() >= until or not sim.running(), 10, "the time to the next kill", [broker])
            if not sim.running():
                break
            edge.sigkill()
            kills += 1
            if restarts and time.monotonic() - begun > restarts[0]:
                restarts.pop(0)
                broker.restart()
            edge.spawn()
            # Acknowledging means: a commit of this process has released the ack of a message of this process.
            # After the simulator's last message there may be nothing left to acknowledge.
            wait_until(lambda: (m := edge.metrics(optional=True)) is not None and
                       (m.value("acks_released") > 0 or not sim.running()), 20,
                       lambda: f"it acknowledges again\n{edge.process.tail()}", [edge, broker], step=0.005)
            if not sim.running():
                break
            starts.append(time.monotonic() - edge.started_at)
            slowest = max(slowest, starts[-1])
            self.assertLess(time.monotonic() - begun, duration + 120, "the simulator ends")
        sim.finish(10)
        self.assertEqual([], restarts)
        edge.wait_metric("open", lambda v: v == 0, 90)
        wait_until(lambda: (m := edge.metrics()).value("acks_held") == 0 and m.value("open") == 0, 30, "all is emitted")
        metrics = edge.metrics()
        edge.stop()
        whole = edge.fold(room.path("views.db"))
        expected = Truth([truth], 5 * SECOND)
        print(f"    {sum(expected.fates.values())} readings, {kills} kills, {broker_restarts} broker restarts, slowest start "
              f"{slowest:.2f} s, {metrics.value('redelivered'):.0f} messages redelivered, "
              f"lost {expected.lost_and_twice(whole)[0]}, twice {expected.lost_and_twice(whole)[1]}", flush=True)
        self.assertEqual(0, expected.uncertain, "every message was acknowledged to the simulator")
        self.assertEqual((0, 0), expected.lost_and_twice(whole))
        self.assertEqual([], expected.differences(whole))
        self.assertEqual(1, metrics.value("balanced"))
        edge.proven()
        self.assertLessEqual(slowest, 2.0, f"seconds from start to acknowledging: {sorted(starts)[-5:]}")
        return kills

    def test_a_minute_at_2000_messages_a_second(self):
        with Room(self) as room:
            # About 2,030 messages and 4,300 readings a second: doors and loggers do not send at every tick.
            kills = self.run_loop(room, 60, 2700, 2, SEED)
            self.assertGreaterEqual(kills, 20)

    def test_ten_seconds(self):
        with Room(self) as room:
            self.run_loop(room, 10, 100, 1, SEED + 1)

    test_ten_seconds.quick = True


if __name__ == "__main__":
    unittest.main()
