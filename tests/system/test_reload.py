"""SIGHUP: other streams are taken while the appliance runs; what is wrong, or needs a restart, changes nothing."""

import random
import signal
import unittest

from harness import Room, view_rows, wait_until
from mqtt_client import Client
from streams import stream


def named(name, **keys):
    """A stream of whole numbers on NAME/DEVICE. No times: every message is a reading of its own."""
    settings = {"fields": None, "format": "scalar", "time": None, "time_format": None, "window": "1s", "duplicates": "keep",
                "lateness": "1min", "out_of_orderness": "0s",
                "idle_timeout": "500ms", "aggregates": ["count", "sum"], **keys}
    return stream(name, name + "/{device}", **settings)


class Reload(unittest.TestCase):
    quick = True
    limit = 120

    def setUp(self):
        self.sent = 0

    def send(self, client, *names, each=10):
        for i in range(each):
            for name in names:
                client.publish(f"{name}/d{i % 3}", str(i))
        client.drain()
        self.sent += each * len(names)

    def counted(self, edge):
        edge.wait_metric("readings", lambda n: n >= self.sent, 30, outcome="counted")

    def hang_up(self, edge, *words):
        """SIGHUP, and what is said of it."""
        before = len(edge.process.output())
        edge.process.signal(signal.SIGHUP)
        wait_until(lambda: all(word in edge.process.output()[before:] for word in words), 20,
                   lambda: f"{words} are said\n{edge.process.tail()}", [edge])

    def windows(self, room, edge):
        """{(stream, version): readings in the fold}"""
        edge.replay(room.path("views.db"))
        rows = view_rows(room.path("views.db"), "SELECT stream, version, sum(count) FROM window GROUP BY 1, 2")
        return {(stream, version): count for stream, version, count in rows}

    def test_streams_come_change_and_go(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(named("kept") + named("changed") + named("gone")).start()
            with Client(broker.port, "plant") as client:
                self.send(client, "kept", "changed", "gone")
                self.counted(edge)
                edge.configure(named("kept") + named("changed", window="2s") + named("new"))
                self.hang_up(edge, "is in use, with 3 streams")
                edge.wait_metric("connected", lambda connected: connected == 1, 20)
                # A message of the new stream says that it is subscribed: then the broker has unsubscribed the one that is gone.
                def arrives():
                    self.send(client, "new", each=1)
                    return edge.metric("readings", outcome="counted") > 30
                wait_until(arrives, 20, "the new stream is subscribed", [edge])
                # Behind a message of another stream nothing of those is on its way any more.
                self.send(client, "kept", each=1)
                edge.wait_metric("readings", lambda n: n >= 11, 20, outcome="counted", stream="kept")
                new = int(edge.metric("readings", outcome="counted", stream="new"))
                self.sent = 31 + new
                edge.wait_received(self.sent)
                for i in range(10):
                    client.publish("gone/d0", str(i))
                self.send(client, "kept", "changed", "new")
                edge.wait_received(self.sent)
                self.assertEqual(self.sent, edge.metric("received"), "nothing of the stream that is gone")
                edge.sigkill()
                edge.start()
                self.send(client, "kept", "changed", "new")
                self.counted(edge)
            edge.wait_metric("open", lambda open: open == 0, 30)
            self.assertEqual({("kept", 1): 31, ("changed", 1): 10, ("changed", 2): 20, ("gone", 1): 10, ("new", 1): new + 20},
                             self.windows(room, edge))
            edge.stop()
            edge.proven()

    def test_what_is_wrong_or_needs_a_restart_changes_nothing(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(named("kept")).start()
            with Client(broker.port, "plant") as client:
                edge.configure(named("kept", window="0s") + named("new"))
                self.hang_up(edge, f"{edge.config}:", "window", "nothing was changed")
                with open(edge.config, "w", encoding="utf-8") as out:
                    out.write("[gateway\n")
                self.hang_up(edge, f"{edge.config}:1:", "nothing was changed")
                edge.configure(named("kept") + named("new"))
                with open(edge.config, encoding="utf-8") as file:
                    right = file.read()
                with open(edge.config, "w", encoding="utf-8") as out:
                    out.write(right.replace("[store]", '[store]\nretention = "1d"').replace("[mqtt]", '[mqtt]\nkeepalive = "7s"'))
                self.hang_up(edge, "a change of mqtt.keepalive, store.retention needs a restart", "nothing was changed")
                self.send(client, "kept")
                client.publish("new/d0", "1")
                client.drain()
                edge.wait_received(10)
                self.assertEqual(10, edge.metric("received"))
                # What is put right is taken.
                with open(edge.config, "w", encoding="utf-8") as out:
                    out.write(right)
                self.hang_up(edge, "is in use, with 2 streams")
            edge.wait_metric("open", lambda open: open == 0, 30)
            self.assertEqual({("kept", 1): 10}, {key: count for key, count in self.windows(room, edge).items() if key[0] == "kept"})
            edge.stop()
            edge.proven()

    def test_killed_at_any_moment_of_it(self):
        chance = random.Random(9)
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(named("kept") + named("changed")).start()
            with Client(broker.port, "plant") as client:
                for turn in range(8):
                    edge.configure(named("kept") + named("changed", window=f"{2 + turn % 2}s"))
                    self.send(client, "kept", "changed", each=50)
                    edge.process.signal(signal.SIGHUP)
                    self.send(client, "kept", "changed", each=chance.randrange(1, 100))
                    edge.sigkill()
                    edge.start()
                self.counted(edge)
            edge.wait_metric("open", lambda open: open == 0, 30)
            windows = self.windows(room, edge)
            self.assertEqual(self.sent // 2, windows["kept", 1])
            self.assertEqual(self.sent, sum(windows.values()))
            # Every change ended a version, whether the reload or the restart brought it.
            self.assertEqual({9}, {max(version for name, version in windows if name == "changed")})
            edge.stop()
            edge.proven()


if __name__ == "__main__":
    unittest.main()
