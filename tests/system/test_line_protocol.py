"""Line protocol from a real broker to the export, as Telegraf sends it: many lines a message, tags of their own, bad lines
among good ones. What the windows must be is computed from the text of each value by the oracle's decimals."""

import random
import unittest

from harness import Room, ledger
from mqtt_client import Client
from oracle import SECOND, Fold, decimal_of, tags_text
from streams import ALL_AGGREGATES, Plant, stream

T0 = Plant.START * 1_000_000
DAY = 86_400 * SECOND
HOSTS = ("web 1", "db,2", "größe=3")

# As written -> the same number as JSON writes it, for the oracle. None: no reading. An exclamation mark: its reason.
VALUES = (("98.50", "98.50"), ("04.", "4"), (".5", "0.5"), ("-7.e-3", "-7e-3"), ("12i", "12"), ("-0i", "0"), ("3u", "3"),
          ("t", "1"), ("FALSE", "0"), ('"a \\"b\nc"', None), ("9223372036854775807i", "9223372036854775807"),
          ("9223372036854775808i", "!out_of_range"), ("NaN", "!nonfinite"))
BAD_LINES = ("cpu", "cpu idle=", "cpu,host=a,host=b idle=1", "cpu idle=1 2 3", "cpu idle=+1", 'cpu idle="open')


def escaped(text):
    return text.replace(",", "\\,").replace("=", "\\=").replace(" ", "\\ ")


class LineProtocol(unittest.TestCase):
    quick = True
    limit = 120

    def test_the_export_is_what_the_text_of_every_line_says(self):
        r = random.Random(11)
        fold, rejected, sent = Fold(), {"malformed": 0, "out_of_range": 0, "nonfinite": 0}, 0
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(stream("telegraf", "telegraf/{site}", None, format="line_protocol", source="tag.host",
                                         time=None, time_format=None, aggregates=ALL_AGGREGATES)).start()
            with Client(broker.port, "telegraf") as client:
                for i in range(300):
                    lines = []
                    for _ in range(r.randint(1, 6)):
                        host, core = r.choice(HOSTS), str(r.randint(0, 1))
                        # A few lines come with a time that was seen: other values at one time are data, equal ones are not.
                        time = T0 + r.randint(0, 60) * SECOND // 2
                        fields = {name: r.choice(VALUES) for name in r.sample(("idle", "user", "a.b", "x y"), r.randint(1, 3))}
                        lines.append(f"cpu,host={escaped(host)},core={core} " +
                                     ",".join(f"{escaped(name)}={text}" for name, (text, _) in fields.items()) + f" {time}")
                        for name, (_, value) in fields.items():
                            if value is None:
                                continue
                            if value.startswith("!"):
                                rejected[value[1:]] += 1
                                continue
                            field = f'cpu."{name}"' if "." in name else f"cpu.{name}"
                            fold.add("telegraf", host, tags_text({"core": core, "site": "north"}), field, 10 * SECOND, 0, time,
                                     decimal_of(value))
                        if all(value is None for _, value in fields.values()):
                            lines.pop()
                    if not lines:
                        continue
                    if r.random() < 0.3:
                        # An open quote ends with its line only where no later one closes it: it goes last.
                        bad = r.choice(BAD_LINES)
                        lines.insert(len(lines) if '"' in bad else r.randint(0, len(lines)), bad)
                        rejected["malformed"] += 1
                    lines.insert(r.randint(0, len(lines)), r.choice(("", "# comment", "  ")))
                    client.publish("telegraf/north", r.choice(("\n", "\r\n")).join(lines))
                    sent += 1
                client.publish("telegraf/north", "nothing of this is a line\n")
                client.publish("telegraf/north", "\n".join(
                    f"cpu,host={escaped(host)},core=0 idle=0 {T0 + DAY}" for host in HOSTS))
                client.drain()
                edge.wait_received(sent + 2)
            edge.stop()
            views = room.path("views.db")
            self.assertEqual(fold.csv().decode(), edge.fold(views).decode())
            edge.proven()
            totals = ledger(views)
            self.assertEqual(fold.duplicates, totals["telegraf", "readings.duplicate"])
            for reason, count in rejected.items():
                self.assertEqual(count, totals["telegraf", "readings.rejected." + reason], reason)
            self.assertEqual(1, totals["telegraf", "messages.rejected.malformed"])


if __name__ == "__main__":
    unittest.main()
