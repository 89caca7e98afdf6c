"""ThingsBoard's telemetry (format `batch`), of devices and of gateways, through mosquitto and the appliance: the export
equals what the oracle computes from the messages, and what is rejected among good records is counted by its reason."""

import json
import random
import unittest
from collections import Counter

from harness import Room, ledger
from mqtt_client import Client
from oracle import SECOND, BatchStream, Fold, parsed
from streams import stream

START = 1_735_689_600_000  # 2025-01-01T00:00:00Z in ms
DAY = 86_400_000
DEVICES = ["Device A", "Device B", "boiler \"7\"", "é"]
# An hour of idling: what closes the windows stays in open ones itself, however long the test takes.
KEYS = {"format": "batch", "time": None, "time_format": None, "fields": None, "tags": {}, "idle_timeout": "1h"}
STREAMS = (stream("devices", "tb/{device}/telemetry", **KEYS)
           + stream("gateways", "v1/gateway/telemetry", **{**KEYS, "source": "device"}))


def number(r):
    return r.choice([f"{r.randint(-40, 80)}.{r.randint(0, 99):02}", str(r.randint(0, 10**12)), "0.1", "1e-3", "true", "false"])


def values(r):
    names = r.sample(["temperature", "humidity", "on", "energy"], r.randint(1, 4))
    texts = {name: number(r) for name in names}
    if r.random() < 0.3:
        texts["serial"] = '"25.5"'  # text, whatever it looks like
    return "{" + ",".join(f"{json.dumps(name)}:{text}" for name, text in texts.items()) + "}"


class Message:
    """One message being written, and why which of its records must be rejected (None: good)."""

    def __init__(self, r):
        self.r, self.verdicts = r, []

    def record(self):
        """Of the first ten minutes; now and then one that must be rejected."""
        time = START + self.r.randrange(600_000)
        bad = {"no_time": f'{{"ts":"{time}","values":{{"temperature":1}}}}',
               "missing_field": f'{{"ts":{time},"temperature":1}}', "wrong_type": f'{{"ts":{time},"values":7}}'}
        self.verdicts.append(self.r.choice(sorted(bad)) if self.r.random() < 0.15 else None)
        if self.verdicts[-1]:
            return bad[self.verdicts[-1]]
        parts = [f'"ts":{time}', f'"values":{values(self.r)}']
        self.r.shuffle(parts)
        return "{" + ",".join(parts) + "}"

    def records(self):
        return "[" + ",".join(self.record() for _ in range(self.r.randint(1, 5))) + "]"

    def device(self):
        return self.record() if self.r.random() < 0.4 else self.records()

    def gateway(self):
        names = self.r.sample(DEVICES, self.r.randint(1, len(DEVICES)))
        devices = [f"{json.dumps(name)}:{self.records()}" for name in names]
        if self.r.random() < 0.1:
            devices.append('"broken":7')
            self.verdicts.append("wrong_type")
        return "{" + ",".join(devices) + "}"

    def count(self, rejected):
        """A message without a good record is rejected itself, for the reason of its first; else each bad record is one
        reading."""
        bad = [reason for reason in self.verdicts if reason]
        for reason in bad if len(bad) < len(self.verdicts) else bad[:1]:
            kind = "readings" if len(bad) < len(self.verdicts) else "messages"
            rejected[f"{kind}.rejected.{reason}"] += 1


class Batch(unittest.TestCase):
    quick = True
    limit = 120

    def test_the_export_equals_the_oracles_and_bad_records_are_counted_alone(self):
        r = random.Random(20_260_301)
        rejected = Counter()
        closing = f'{{"ts":{START + DAY},"values":{{"temperature":0,"humidity":0,"on":0,"energy":0}}}}'
        messages = []  # (topic, payload, source or None)
        for _ in range(300):
            device = r.choice("abc")
            for topic, source in ((f"tb/{device}/telemetry", device), ("v1/gateway/telemetry", None)):
                message = Message(r)
                messages.append((topic, message.gateway() if source is None else message.device(), source))
                message.count(rejected)
        # The time of their arrival: one message of each device, which alone closes no window.
        messages.append(("tb/plain/telemetry", '[{"temperature":1.5},{"on":true,"s":"x"}]', "plain"))
        messages.append(("v1/gateway/telemetry", '{"Plain":[{"temperature":1},{"values":{"humidity":2}}]}', None))

        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(STREAMS).start()
            with Client(broker.port, "plant") as client:
                for topic, payload, _ in messages:
                    client.publish(topic, payload)
                for device in "abc":
                    client.publish(f"tb/{device}/telemetry", closing)
                everyone = ",".join(f"{json.dumps(name)}:[{closing}]" for name in DEVICES)
                client.publish("v1/gateway/telemetry", "{" + everyone + "}")
                client.drain()
                edge.wait_received(len(messages) + 4)
            edge.stop()

            fold, arrivals = Fold(), 0
            streams = {True: BatchStream("gateways", 10 * SECOND), False: BatchStream("devices", 10 * SECOND)}
            for _, payload, source in messages:
                arrivals += streams[source is None].read(fold, parsed(payload), source)
            self.assertEqual(4, arrivals)
            self.assertEqual(6, len(rejected), rejected)
            views = room.path("views.db")
            self.assertEqual(fold.csv().decode(), edge.fold(views).decode())
            totals = ledger(views)

            def total(counter):
                return sum(value for (_, name), value in totals.items() if name == counter)

            self.assertEqual(fold.counted + arrivals + 7 * 4, total("readings.counted"), totals)
            self.assertEqual(fold.duplicates, total("readings.duplicate"), totals)
            self.assertEqual(dict(rejected), {name: total(name) for _, name in totals if ".rejected." in name and total(name)})
            edge.proven()


if __name__ == "__main__":
    unittest.main()
