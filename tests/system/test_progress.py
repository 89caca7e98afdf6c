"""Long work says how far it is: a bar in one line on a terminal, as wide as that; plain lines elsewhere."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unittest

from harness import Room, tool
from mqtt_client import Client
from oracle import Fold
from streams import CLIMATE, Plant

CONTROL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def on_terminal(columns, *command):
    """What a command writes to a terminal of this width as its standard error."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=its)
    os.close(its)
    written = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    assert process.wait(60) == 0, written
    return written.decode()


class Progress(unittest.TestCase):
    limit = 120

    def filled(self, room):
        broker = room.broker()
        edge = room.appliance(CLIMATE).start()
        with Client(broker.port, "plant") as client:
            plant = Plant(client, Fold())
            for i in range(500):
                plant.send(i * 5_000, "1.5", device=f"d{i % 5}")
            plant.close_windows()
            edge.wait_received(plant.sent)
        edge.stop()
        return edge

    def test_a_terminal_shows_a_bar_in_one_line_and_nothing_else_does(self):
        with Room(self) as room:
            edge = self.filled(room)
            for columns in (40, 72, 120):
                for command in (["verify", "--config", edge.config],
                                ["replay", "--config", edge.config, "--views", room.path(f"v{columns}.db")]):
                    shown = on_terminal(columns, tool("tidemark"), *command)
                    bars = [CONTROL.sub("", line) for line in shown.split("\r") if "[#" in line]
                    self.assertTrue(bars, shown)
                    for bar in bars:
                        self.assertRegex(bar, rf"^{command[0]} \[#+\.*\] +100 %")
                        self.assertLess(len(bar.rstrip("\n")), columns)
                        self.assertNotIn("\n", bar.rstrip("\n"), "the bar goes on in another line")
                    # What is left behind is an empty line.
                    self.assertTrue("\r\x1b[K" in shown[shown.rindex("%"):], repr(shown))
            plain = subprocess.run([tool("tidemark"), "verify", "--config", edge.config], capture_output=True, text=True,
                                   check=True, timeout=60)
            self.assertNotIn("\x1b", plain.stdout + plain.stderr)
            self.assertNotIn("\r", plain.stdout + plain.stderr)

    def test_the_simulator_keeps_its_bar_within_the_terminal(self):
        with Room(self) as room:
            broker = room.broker()
            shown = on_terminal(40, tool("firmware-sim"), "--broker", broker.url, "--duration", "2s", "--no-truth")
            bars = [CONTROL.sub("", line) for line in shown.split("\r") if "[" in CONTROL.sub("", line)]
            self.assertTrue(bars, shown)
            for bar in bars:
                self.assertLess(len(bar.rstrip("\n")), 40)


if __name__ == "__main__":
    unittest.main()
