"""SenML packs through a real broker, in JSON and in CBOR: the export is what Python's decimals make of them."""

import pathlib
import random
import sys
import unittest
from decimal import Decimal

from harness import Room
from mqtt_client import Client
from oracle import SECOND, Fold, decimal_of, tags_text
from streams import stream

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "property" / "decode"))
from senml_cases import cbor_pack, json_pack  # noqa: E402

START_S = 1_735_689_600  # 2025-01-01T00:00:00Z
DEVICES = ["urn:dev:ow:10e2073a01080063", "urn:dev:mac:0024befffe804ff1"]


class Senml(unittest.TestCase):
    quick = True
    limit = 120

    def test_packs_in_both_representations_are_one_set_of_readings(self):
        r = random.Random(8428)
        fold = Fold()
        tags = tags_text({"gateway": "g-1"})
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(stream("power", "senml/{gateway}", fields=None, source="bn", format="senml", time=None,
                                         time_format=None)).start()
            sent = 0
            with Client(broker.port, "plant") as client:
                for i in range(60):
                    device = DEVICES[i % 2]
                    base = Decimal(START_S + 7 * i) + Decimal("0.001")
                    offset = Decimal(r.randint(-100, 100)) / 4
                    pack = [[("bn", device + ":"), ("bt", base), ("bu", "A"), ("bver", Decimal(5)), ("bv", offset)]]
                    for k in range(5):
                        back = Decimal(r.randint(-3_000_000_000, 0)).scaleb(-9)
                        value = Decimal(r.randint(-10**6, 10**6)).scaleb(-3)
                        name = r.choice(["current", "voltage"])
                        pack.append([("n", name), ("t", back), ("v", value)])
                        # Twice: the other representation says the same, and is an exact duplicate (rule 30).
                        for _ in range(2):
                            fold.add("power", device, tags, name, 10 * SECOND, 0, int((base + back) * 10**9),
                                     decimal_of(format(value + offset, "f")))
                    client.publish("senml/g-1", json_pack(pack))
                    client.publish("senml/g-1", cbor_pack(r, pack))
                    sent += 2
                # Must be understood, and is not; and what closes the windows, itself in one that stays open.
                client.publish("senml/g-1", '[{"bn":"%s:","n":"current","v":1,"new_":1}]' % DEVICES[0])
                for device in DEVICES:
                    client.publish("senml/g-1", '[{"bn":"%s:","bt":%d,"n":"current","v":0},{"n":"voltage","v":0}]'
                                   % (device, START_S + 86_400))
                client.drain()
                edge.wait_received(sent + 3)
            metrics = edge.metrics()
            self.assertEqual({"malformed": 1}, {reason: n for reason, n in metrics.by(
                "messages_rejected", "reason", stream="power").items() if n})
            self.assertEqual(1, metrics.value("balanced"))
            edge.stop()
            exported = edge.fold(room.path("views.db")).decode().splitlines()
            self.assertEqual(fold.csv().decode().splitlines(), exported)
            self.assertEqual(300, fold.duplicates)
            edge.proven()


if __name__ == "__main__":
    unittest.main()
