"""Both CampusIoT logs, real LoRaWAN frames, through mosquitto and the appliance: the export equals, byte for byte, what
the oracle computes from the files themselves."""

import gzip
import os
import shutil
import unittest

from harness import DATA, Room, sim_replay
from mqtt_client import Client
from oracle import SECOND, Fold, JsonStream, read_ndjson
from streams import ALL_AGGREGATES, stream

LOGS = [os.path.join(DATA, "campusiot", name) for name in ("sainteynard_33.ndjson.gz", "sainteynard_32b.ndjson.gz")]
FIELDS = {f"object.{name}": name for name in ("temperature", "pressure", "light", "battery", "willListen")}
RADIO = {"rssi": "rssi", "loRaSNR": "snr"}

# 'application/+' also brings the status messages, which have none of these fields: rejected, and nothing else disturbed.
STREAMS = stream("wyres", "application/+", FIELDS, source="deviceName", time="_timestamp", window="1h") + stream(
    "radio", "application/+", RADIO, source="^.devEUI", time="^._timestamp", each="rxInfo", window="15min",
    tags={"gateway": "gatewayID"}, aggregates=ALL_AGGREGATES)

# A message a day after a device's last: its watermark passes every window of the log, which are then emitted; its own
# readings stay in open windows and so out of the fold.
CLOSING = ('{{"deviceName":"{name}","devEUI":"{eui}","_timestamp":1750000000000,"_topic":"application/rx","object":'
           '{{"payloadVersion":1,"willListen":true,"temperature":1,"pressure":1,"light":1,"battery":1}},'
           '"rxInfo":[{{"gatewayID":"closing","rssi":-1,"loRaSNR":1}}]}}')
DEVICES = [("WYRES_33_SAINTEYNARD", "d1d1e80000000033"), ("WYRES_33_SAINTEYNARD_STATION", "d1d1e80000000033"),
           ("WYRES_32_SAINTEYNARD_DOOR", "d1d1e80000000032")]


@unittest.skipUnless(all(map(os.path.exists, LOGS)), f"no recorded data in {DATA} (set TIDEMARK_DATA)")
class RealInput(unittest.TestCase):
    limit = 300

    def test_export_equals_an_independent_computation(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(STREAMS).start()
            lines = 0
            for log in LOGS:
                plain = room.path(os.path.basename(log)[:-3])
                with gzip.open(log, "rb") as packed, open(plain, "wb") as out:
                    shutil.copyfileobj(packed, out)
                with open(plain, "rb") as counted:
                    lines += sum(1 for _ in counted)
                sim_replay(broker.url, "--topic-key", "_topic", "--at-key", "_timestamp", plain)
            with Client(broker.port, "closing") as client:
                for name, eui in DEVICES:
                    client.publish("application/rx", CLOSING.format(name=name, eui=eui))
                client.drain()
            # Each message goes to both streams.
            edge.wait_received(2 * (lines + len(DEVICES)), 120)
            edge.stop()

            fold = Fold()
            wyres = JsonStream("wyres", "deviceName", "_timestamp", "ms", FIELDS, 3600 * SECOND)
            radio = JsonStream("radio", "^.devEUI", "^._timestamp", "ms", RADIO, 900 * SECOND,
                               {"gateway": "gatewayID"}, "rxInfo")
            for log in LOGS:
                for reader in (wyres, radio):
                    read_ndjson(fold, reader, log)
            expected, exported = fold.csv(), edge.fold(room.path("views.db"))
            if expected != exported:
                for path, text in (("expected.csv", expected), ("exported.csv", exported)):
                    with open(room.path(path), "wb") as out:
                        out.write(text)
                for a, b in zip(expected.splitlines(), exported.splitlines()):
                    self.assertEqual(a.decode(), b.decode())
                self.assertEqual(len(expected), len(exported))
            edge.proven()


if __name__ == "__main__":
    unittest.main()
