"""Streams that the tests configure, and the payloads that go with them."""

import json

from harness import toml_string
from oracle import SECOND, JsonStream

ALL_AGGREGATES = ["count", "sum", "mean", "variance", "stddev", "min", "max", "first", "last"]


def toml_value(value):
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {toml_value(inner)}" for name, inner in value.items()) + " }"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml_value, value)) + "]"
    return toml_string(value) if isinstance(value, str) else str(value)


def stream(name="climate", topic="plant/{site}/{device}/climate", fields=("t",), **keys):
    """The TOML of one [[stream]]. `fields`: names (each its own path), or {path: name}. None drops a default."""
    settings = {"name": name, "topic": topic, "source": "{device}", "format": "json", "time": "ts", "time_format": "ms",
                "window": "10s", "lateness": "1h", "aggregates": ALL_AGGREGATES}
    settings.update(keys)
    lines = ["[[stream]]"] + [f"{key} = {toml_value(value)}" for key, value in settings.items() if value is not None]
    for path, field in (fields.items() if isinstance(fields, dict) else ((f, f) for f in fields or ())):
        lines += ["", "[[stream.field]]", f"path = {toml_string(path)}", f"name = {toml_string(field)}"]
    return "\n".join(lines) + "\n"


# The stream that most tests send to, for the appliance and for the oracle. An hour of lateness: nothing is sealed while
# a test runs, so that every exact duplicate is known to be one (SEMANTICS, rules 23 and 30).
CLIMATE = stream()
CLIMATE_ORACLE = JsonStream("climate", "{device}", "ts", "ms", {"t": "t"}, 10 * SECOND, {"site": "{site}"})


def climate_topic(device="d1", site="north"):
    return f"plant/{site}/{device}/climate"


def climate(ts, value, **more):
    """A payload; `value` stands in it as written."""
    rest = "".join(f',{json.dumps(key)}:{json.dumps(inner)}' for key, inner in more.items())
    return f'{{"ts":{ts},"t":{value}{rest}}}'


class Plant:
    """Sends climate readings and keeps the oracle's fold of what must come of them."""

    # 2025-01-01T00:00:00Z in ms: well behind the wall clock, so that no reading is ahead of its arrival.
    START = 1_735_689_600_000

    def __init__(self, client, fold, start=START):
        self.client, self.fold, self.start = client, fold, start
        self.sent = 0
        self._devices = set()

    def send(self, offset_ms, value, device="d1", site="north", counted=True, **more):
        ts = self.start + offset_ms
        payload = climate(ts, value, **more)
        self.client.publish(climate_topic(device, site), payload)
        self.sent += 1
        self._devices.add((device, site))
        if counted:
            self.expect(ts, value, device, site)

    def expect(self, ts, value, device="d1", site="north"):
        from oracle import decimal_of, tags_text
        self.fold.add("climate", device, tags_text({"site": site}), "t", 10 * SECOND, 0, ts * 1_000_000,
                      decimal_of(str(value)))

    def close_windows(self, at_ms=86_400_000):
        """One reading a day ahead for every source: its watermark passes all windows, which are then emitted; the reading
        itself stays in an open window, and so out of the fold."""
        for device, site in sorted(self._devices):
            self.send(at_ms, 0, device, site, counted=False)
        self.client.drain()


# The streams of firmware-sim's devices: name, fields, and what differs from a flat JSON object of numbered messages.
FLEET_STREAMS = [
    ("climate", ("temperature", "humidity"), {}),
    ("vibration", ("rms", "peak"), {}),
    ("power", ("power", "voltage", "energy"), {}),
    ("door", ("open", "battery"), {}),
    ("tank", ("tank.level", "tank.volume"), {}),
    ("logger", ("temperature",), {"each": "samples", "sequence": "^.n"}),
    ("illuminance", {"value": "illuminance"}, {"format": "scalar", "time": None, "time_format": None, "sequence": None}),
]
FLEET_SCALAR = "illuminance"


def fleet(plant="plant", window="5s", **keys):
    """The streams for one plant of firmware-sim, or with "{plant}" for all. An hour of lateness, as above."""
    text = ""
    for name, fields, settings in FLEET_STREAMS:
        settings = {"sequence": "n", "window": window, **settings, **keys}
        text += stream(name, f"{plant}/{{site}}/{{device}}/{name}", fields, **settings) + "\n"
    return text
