#!/usr/bin/env python3
"""Records events for tests/data/events: a small log with every kind of pane, of two epochs, with an event that was too large for
its topic, as it stands in Kafka; and its export.

    TIDEMARK_BUILD=build/release tests/system/record_events.py tests/data/events/v2

Run it once when a version leaves the house (schemas/README.md); what it wrote is then never changed.
"""

import os
import random
import string
import sys

from event_reader import read
from harness import Room, export, run_tidemark
from mqtt_client import Client
from oracle import Fold
from streams import Plant, stream

STREAMS = (stream(fields={"t": "temperature"}, window="10s", out_of_orderness="1s", lateness="10s", idle_timeout="1s") +
           stream("level", "plant/{site}/{device}/climate", {"t": "level"}, window="1min", out_of_orderness="1s",
                  aggregates=["mean", "max"]))

TOPIC_TAKES = 520  # bytes: an event of one pane, unless its names are long
LONG = "".join(random.Random(1).choices(string.ascii_letters + string.digits, k=240))


def record(folder):
    with Room() as room:
        broker, kafka = room.broker(), room.kafka()
        kafka.create_topic("telemetry", configs={"max.message.bytes": TOPIC_TAKES})
        brokers = f'brokers = "{kafka.bootstrap()}"\ntopic = "telemetry"\n'
        edge = room.appliance(STREAMS, gateway="plant-7", kafka=brokers).start()
        with Client(broker.port, "plant") as client:
            plant = Plant(client, Fold())

            def send(*readings):
                for device, offset_ms, value in readings:
                    plant.send(offset_ms, value, device)
                client.drain()
                edge.wait_received(2 * plant.sent)

            def panes(kind):
                edge.wait_metric("panes", lambda number: number > 0, 30, kind=kind)

            send(("d1", 1_000, "20.5"), ("d1", 1_000, "20.5"), ("d1", 2_000, "-0.125"), ("d2", 3_000, "7e3"),
                 ("d2", 4_000, "1e-9"), ("d,3", 5_000, "0"), ("d1", 12_000, "21"), ("d2", 13_000, "123456789012345678"),
                 ("d,3", 14_000, "1e300"))
            panes("on_time")
            send(("d1", 3_500, "19.75"))
            panes("correction")
            edge.sigkill()
            edge.start()
            send(("d1", 45_000, "22.5"), ("d2", 46_000, "0.1"), ("d2", 46_500, "0.2"))
            send(("d1", 4_000, "18"), ("d2", 5_000, "-3.25"), ("d2", 6_000, "2e-300"))
            panes("delta")
            panes("idle")
            # Events are made to fit, but one pane with names of this length cannot be.
            send((LONG, 60_000, "1.5"), (LONG, 61_000, "2.5"))
        edge.wait_metric("open", lambda number: number == 0, 90)
        edge.wait_metric("uplink_backlog", lambda number: number == 0, 30)
        events = list(dict.fromkeys(bytes(record.value) for record in kafka.records("telemetry")))
        assert any(read(event).kind == "tombstone" for event in events)
        log = f"kafka:{kafka.bootstrap()}/telemetry"
        replayed = run_tidemark("replay", "--log", log, "--views", room.path("views.db"))
        assert replayed.returncode == 0, replayed.stderr
        edge.stop()
        os.makedirs(folder)
        for number, event in enumerate(events, 1):
            with open(os.path.join(folder, f"{number:03}.bin"), "wb") as out:
                out.write(event)
        with open(os.path.join(folder, "export.csv"), "wb") as out:
            out.write(export(room.path("views.db")))


if __name__ == "__main__":
    record(sys.argv[1])
