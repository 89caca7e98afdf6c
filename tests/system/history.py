"""Devices that were away for long and send all that they kept, a hundred windows in a message: the quickest way to a
log of a million windows, and what of each must be in it."""

import random

from harness import wait_until
from streams import stream

START = 1_735_689_600_000  # 2025-01-01T00:00:00Z in ms
WINDOW = 100  # ms
SAMPLES = 50  # windows of one field in a message
FIELDS = ("a", "b")
# What the plant still owes when it falls silent comes as idle windows. Sealed soon, as only what is open takes memory.
HISTORY = stream("history", "history/{device}", FIELDS, each="samples", window=f"{WINDOW}ms", out_of_orderness=0,
                 lateness="1s", idle_timeout="1s", tags={})


class History:
    """Two readings in every window of every field. `windows`: of all series, a multiple of what one round of the
    devices makes."""

    def __init__(self, windows, devices=500, seed=1):
        self.rounds, rest = divmod(windows, devices * SAMPLES * len(FIELDS))
        assert rest == 0, "whole rounds"
        self.windows, self.devices, self.seed = windows, devices, seed
        self.messages = self.rounds * devices

    def _samples(self):
        """(device, [(window's start, (time, a in hundredths, b) twice)]) a message."""
        chance = random.Random(self.seed)
        for turn in range(self.rounds):
            for device in range(self.devices):
                samples = []
                for place in range(SAMPLES):
                    start = START + (turn * SAMPLES + place) * WINDOW
                    # One draw for all: a million windows are made in a second.
                    x = int(chance.random() * 1e9)
                    samples.append((start, (start + x % 40, 2000 + x % 613, x % 977),
                                    (start + 50 + x % 31, 2000 + x % 811, x % 1009)))
                yield f"d{device}", samples

    def payloads(self):
        for device, samples in self._samples():
            readings = ",".join(f'{{"ts":{t},"a":{a // 100}.{a % 100:02},"b":{b}}}'
                                for _, *both in samples for t, a, b in both)
            yield f"history/{device}", f'{{"samples":[{readings}]}}'

    def publish(self, client, edge, ahead=250, deadline=120):
        """Returns when everything is committed. Never more than `ahead` messages before the appliance: MQTT's queue is
        another test's matter."""
        messages, sent = list(self.payloads()), 0

        def received(count):
            edge.wait_metric("received", lambda seen: seen >= count, deadline, stream="history")

        for at in range(0, len(messages), ahead // 2):
            piece = messages[at:at + ahead // 2]
            client.publish_all(piece, deadline=deadline)
            sent += len(piece)
            received(sent - ahead // 2)
        received(sent)
        wait_until(lambda: edge.metric("open", stream="history") == 0, deadline, "every window is emitted", [edge])

    def differences(self, log, limit=10):
        """What is wrong with a CentralLog's windows; empty: nothing. Lost and counted twice both show in the counts."""
        wrong, found = [], 0
        for device, samples in self._samples():
            for start, (_, a, b), (_, c, d) in samples:
                for field, total in (("a", (a + c) * 10**7), ("b", (b + d) * 10**9)):
                    window = log.window("history", device, field, start * 10**6)
                    found += window[0] > 0
                    if window != (2, total) and len(wrong) < limit:
                        wrong.append(f"{device}.{field} at {start}: {window} instead of {(2, total)}")
        there = sum(len(windows) for (name, _, _), windows in log.windows.items() if name == "history")
        if (found, there) != (self.windows, self.windows):
            wrong.append(f"{found} of {self.windows} windows found, {there} are there")
        return wrong
