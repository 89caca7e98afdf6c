"""Bad input never stops the appliance: every payload that is not what the stream says is rejected with its reason and
counted, its beginning kept, and the good readings beside it are exact."""

import csv
import io
import json
import unittest

from harness import Room, wait_until
from mqtt_client import Client, ScriptedBroker
from oracle import SECOND, Fold, decimal_of, tags_text
from streams import CLIMATE, Plant, climate, climate_topic, stream

T0 = Plant.START
DAY = 86_400_000
YEAR_2100 = 4_102_444_800_000

# (payload, reason or None, what `u` gives or None). {T} is a time of its own for each.
PAYLOADS = [
    ("", "malformed", None),
    (" ", "malformed", None),
    ("\0\1\2", "malformed", None),
    ("nonsense", "malformed", None),
    (b"\xff\xfe{}", "malformed", None),
    ('{"ts":{T},"t":1', "malformed", None),
    ('{"ts":{T},"t":1,"u":', "malformed", None),
    ('{"ts":{T},"t":1}}', "malformed", None),
    ('{"ts":{T},"t":01}', "malformed", None),
    ('{"ts":{T},"t":1,}', "malformed", None),
    ('{"ts":{T},"x":"' + "a" * 300 * 1024 + '","t":1}', "too_large", None),
    ("[" * 100_000, "too_deep", None),
    ('{"ts":{T},"u":2,"t":' + "[" * 100 + "]" * 100 + "}", "too_deep", None),
    ('{"ts":{T},"u":2.5,"t":1e400}', "out_of_range", "2.5"),
    ('{"ts":{T},"u":2.5,"t":-1e400}', "out_of_range", "2.5"),
    ('{"ts":{T},"u":2.5,"t":1e-400}', "out_of_range", "2.5"),
    ('{"ts":{T},"u":2.5,"t":"20.5"}', "wrong_type", "2.5"),
    ('{"ts":{T},"u":2.5,"t":{"v":1}}', "wrong_type", "2.5"),
    ('{"ts":{T},"u":2.5,"t":[1]}', "wrong_type", "2.5"),
    ('{"ts":{T},"v":1}', "missing_field", None),
    ('{"t":1}', "no_time", None),
    ('{"ts":"yesterday","t":1}', "no_time", None),
    ('{"ts":null,"t":1}', "no_time", None),
]


def rejected(edge, stream_name="climate"):
    """{reason: messages and readings rejected}."""
    metrics = edge.metrics()
    counts = metrics.by("messages_rejected", "reason", stream=stream_name)
    for reason, value in metrics.by("readings_rejected", "reason", stream=stream_name).items():
        counts[reason] = counts.get(reason, 0) + value
    return {reason: value for reason, value in counts.items() if value}


class BadInput(unittest.TestCase):
    quick = True
    limit = 180

    def finish(self, room, edge, fold, keep=lambda row: True):
        edge.stop()
        exported = edge.fold(room.path("views.db")).decode().splitlines()
        self.assertEqual(fold.csv().decode().splitlines(), [row for row in exported if keep(row)])
        edge.proven()

    def test_each_bad_payload_is_rejected_with_its_reason(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(stream(fields=("t", "u"))).start()
            fold = Fold()
            tags = tags_text({"site": "north"})
            with Client(broker.port, "plant") as client:
                sent = 0
                for i, (payload, reason, good) in enumerate(PAYLOADS):
                    before = rejected(edge)
                    ts = T0 + i * 1000
                    if isinstance(payload, str):
                        payload = payload.replace("{T}", str(ts))
                    client.publish(climate_topic(), payload)
                    # A good one behind each: the appliance goes on, and loses nothing.
                    client.publish(climate_topic(), f'{{"ts":{ts + 1},"t":{i}.25,"u":{i}}}')
                    sent += 2
                    edge.wait_received(sent, 20)
                    after = rejected(edge)
                    with self.subTest(payload=payload[:60]):
                        self.assertEqual({reason: 1}, {r: v - before.get(r, 0) for r, v in after.items()
                                                       if v != before.get(r, 0)})
                    for field, value in (("u", good), ("t", None)):
                        if value is not None:
                            fold.add("climate", "d1", tags, field, 10 * SECOND, 0, ts * 10**6, decimal_of(value))
                    fold.add("climate", "d1", tags, "t", 10 * SECOND, 0, (ts + 1) * 10**6, decimal_of(f"{i}.25"))
                    fold.add("climate", "d1", tags, "u", 10 * SECOND, 0, (ts + 1) * 10**6, decimal_of(str(i)))
                client.publish(climate_topic(), f'{{"ts":{T0 + DAY},"t":0,"u":0}}')
                client.drain()
                edge.wait_received(sent + 1)
            metrics = edge.metrics()
            self.assertEqual(len(PAYLOADS), metrics.value("dead_letters"))
            self.assertEqual(1, metrics.value("balanced"))
            self.finish(room, edge, fold)

    def test_nan_and_infinity_never_reach_a_window(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                bad = ["NaN", "nan", "Infinity", "-Infinity", "inf", "-inf"]
                for i, word in enumerate(bad):
                    plant.send(i, word, counted=False)
                    plant.send(i, i)
                plant.close_windows()
                edge.wait_received(plant.sent)
            reasons = rejected(edge)
            self.assertEqual(len(bad), sum(reasons.values()))
            self.assertLessEqual(set(reasons), {"nonfinite", "malformed"})
            self.finish(room, edge, plant.fold)

    def test_long_and_extreme_numbers_are_what_the_device_wrote(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                numbers = ["1234567890123456789012345678901234567890", "0.1234567890123456789012345678901234567890",
                           "-0", "-0.0", "0e5", "1E3", "1e+3", "1e-3", "123456789012345678", "-123456789012345678",
                           "1234567890123456789", "100000000000000000000", "1.50000000000000000000000000", "1e308",
                           "1.7976931348623157e308", "5e-324", "2.2250738585072014e-308", "0.1", "0.2", "0.3"]
                for i, number in enumerate(numbers):
                    plant.send(i * 10_000, number)  # a window each
                    plant.send(5_000_000 + i, number, device="all")  # and all in one, without the extreme ones
                plant.close_windows()
                edge.wait_received(plant.sent)
            self.assertEqual({}, rejected(edge))
            self.finish(room, edge, plant.fold)

    def test_bad_clocks_are_set_aside_and_counted(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                plant.send(0, 1)
                # 1970, 2100, before 1970, just below the floor of 2015: quarantined, and no watermark moves.
                bad = [0, 1, YEAR_2100, -1000, 1_420_070_399_999]
                for ts in bad:
                    client.publish(climate_topic(), climate(ts, 5))
                plant.send(1, 2)
                # Exactly the floor is trusted.
                client.publish(climate_topic("old"), climate(1_420_070_400_000, 3))
                plant.expect(1_420_070_400_000, 3, "old")
                # Beyond the range of event time altogether.
                for ts in (10**17, -10**17):
                    client.publish(climate_topic(), climate(ts, 5))
                client.publish(climate_topic("old"), climate(T0 + DAY, 0))
                plant.close_windows()
                edge.wait_received(plant.sent + len(bad) + 4)
            self.assertEqual(len(bad), edge.metric("readings", outcome="quarantined", stream="climate"))
            reasons = rejected(edge)
            self.assertEqual(2, sum(reasons.values()), reasons)
            self.assertLessEqual(set(reasons), {"out_of_range", "no_time"})
            self.finish(room, edge, plant.fold)

    def test_a_payload_of_250_mb_is_skipped_as_it_streams(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                plant.send(0, 1)
                client.publish_streamed(climate_topic(), 250_000_000, b"[" * (1 << 16))
                plant.send(1, 2)
                plant.close_windows()
                edge.wait_received(4, 60)
            self.assertEqual({"too_large": 1}, rejected(edge))
            with open(f"/proc/{edge.process.pid}/status") as status:
                peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
            self.assertLess(peak, 128 * 1024, "kB of memory for a payload that is not kept")
            self.finish(room, edge, plant.fold)

    def test_depth_at_the_limit_is_taken_and_one_more_is_not(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                nested = []
                for _ in range(30):
                    nested = [nested]
                plant.send(0, 1, x=nested)      # the object and 31 arrays
                plant.send(1, 2, counted=False, x=[[nested]])  # 33 and more
                plant.close_windows()
                edge.wait_received(3)
            self.assertEqual({"too_deep": 1}, rejected(edge))
            self.finish(room, edge, plant.fold)

    def test_strange_topics_and_keys_are_names_like_others(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                names = ['a"b', "a,b", "a'b", "a\\b", "ü", "日本", "\U0001f321", "\u202edlrow", " ", "a b", "{x}", "${y}",
                         "..", "..%2f..", "%s%n", "'; DROP TABLE log; --", "x" * 200, "=1*1", "\u00a0", "null", "-0"]
                for i, name in enumerate(names):
                    plant.send(i, i, device=name, site=names[-i - 1], **{name: name, "\u0000": "\ud83c\udf21"})
                # An empty site is a site; a device without a name, or with one that has no end, is none.
                plant.send(0, 1, device="d", site="")
                client.publish(climate_topic(""), climate(T0, 1))
                client.publish(climate_topic("x" * 2000), climate(T0, 1))
                plant.close_windows()
                edge.wait_received(plant.sent + 2)
            self.assertEqual({"missing_field": 1, "malformed": 1}, rejected(edge))
            self.finish(room, edge, plant.fold)

    def test_invalid_utf_8_and_forbidden_topics_from_a_hostile_broker(self):
        with Room(self) as room:
            broker = room.keep(ScriptedBroker())
            edge = room.appliance(CLIMATE, broker.url).spawn()
            link = broker.link()
            fold = Fold()
            hostile = [b"plant/north/\xff\xfe/climate", b"plant/\xc0\xaf/d/climate", b"plant/north/d\0d/climate",
                       b"plant/north/+/climate", b"plant/#", b"\xed\xa0\x80", b"", b"plant/north/\xf4\x90\x80\x80/climate"]
            acks, packet_id = [], 0
            for i, topic in enumerate(hostile):
                # A broken broker may be hung up on; then it is asked again, and what was good stays good.
                if link.closed:
                    broker.session_present = True
                    link, acks = broker.link(), []
                packet_id += 1
                link.publish(topic, climate(T0 + i, i), packet_id)
                acks.append(packet_id)
                wait_until(lambda: link.closed or link.acked() == acks, 20, "an answer to a hostile topic", [edge])
            if link.closed:
                broker.session_present = True
                link = broker.link()
            before = link.acked()
            for i, ts in enumerate((T0, T0 + DAY)):
                link.publish(climate_topic("good"), climate(ts, 1), 100 + i)
            link.wait_acked(before + [100, 101])
            Plant(None, fold).expect(T0, 1, "good")
            self.finish(room, edge, fold, keep=lambda row: row.startswith("gateway,") or ",good," in row)

    def test_names_without_end_never_make_an_event_that_readers_refuse(self):
        with Room(self) as room:
            broker = room.keep(ScriptedBroker())
            long = stream(tags={f"t{i}": f"v{i}" for i in range(20)}, fields=None)
            edge = room.appliance(long, broker.url).spawn()
            link = broker.link()
            quotes = '\\"' * 200
            payloads = [
                climate(T0, 1, v0="x" * 5120),                                     # one tag of 5 KiB
                climate(T0, 1, **{f"v{i}": "x" * 250 for i in range(20)}),         # each may be, all together may not
                climate(T0, 1, **{f"v{i}": "\x7f" * 250 for i in range(20)}),
                b'{"ts":%d,"t":1,"v0":"\xff\xfe"}' % T0,                           # not UTF-8
                b'{"ts":%d,"t":1,"v0":"\xed\xa0\x80"}' % T0,
                f'{{"ts":{T0},"t":1,"v0":"\\ud800"}}',                             # half a surrogate pair
                f'{{"ts":{T0},"t":1,"v0":"a\\u0000b"}}',
            ]
            for packet_id, payload in enumerate(payloads, 1):
                link.publish(climate_topic(), payload, packet_id)
            # Only the reading with that key is refused; quotes are doubled in the events' JSON, and still fit.
            link.publish(climate_topic("good"), climate(T0, 1, **{"k" * 5120: 2, "ok": 3}), 97)
            link.publish(climate_topic("good"),
                         f'{{"ts":{T0},"t":1,' + ",".join(f'"v{i}":"{quotes}"' for i in range(9)) + "}", 98)
            link.publish(climate_topic("good"), climate(T0 + DAY, 1), 99)
            link.wait_acked([*range(1, len(payloads) + 1), 97, 98, 99])
            edge.wait_received(len(payloads) + 3)
            self.assertEqual({"malformed": len(payloads) + 1}, rejected(edge))
            edge.stop()
            edge.proven()
            rows = list(csv.DictReader(io.StringIO(edge.fold(room.path("views.db")).decode())))
            self.assertEqual(["ok", "t", "t"], sorted(row["field"] for row in rows))
            self.assertIn('"' * 200, [json.loads(row["tags"])["t8"] for row in rows])

    def test_duplicate_keys_count_once(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                client.publish(climate_topic("twice"), f'{{"ts":{T0},"t":1,"t":2}}')
                client.publish(climate_topic("twice"), f'{{"ts":{T0 + DAY},"t":3}}')
                plant.send(0, 1)
                plant.close_windows()
                edge.wait_received(4)
            metrics = edge.metrics()
            self.assertEqual(4, metrics.value("readings", outcome="counted") + sum(rejected(edge).values()))
            self.finish(room, edge, plant.fold, keep=lambda row: ",twice," not in row)

    def test_a_topic_of_two_streams_goes_to_both(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE + stream("everything", "plant/+/{device}/#", tags={}, window="1min")).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                for i in range(200):
                    plant.send(i * 700, i)
                    plant.fold.add("everything", "d1", "{}", "t", 60 * SECOND, 0, (T0 + i * 700) * 10**6,
                                   decimal_of(str(i)))
                plant.close_windows()
                edge.wait_received(402)
            metrics = edge.metrics()
            self.assertEqual({"climate": 201, "everything": 201}, metrics.by("received", "stream"))
            self.finish(room, edge, plant.fold)

    def test_a_flood_of_retained_messages_is_counted_and_harmless(self):
        with Room(self) as room:
            broker = room.broker()
            with Client(broker.port, "flood") as client:
                for i in range(20_000):
                    client.publish(climate_topic(f"r{i}"), climate(T0, 1), retain=True)
                client.drain()
                edge = room.appliance(CLIMATE).start()
                plant = Plant(client, Fold())
                for i in range(100):
                    plant.send(i, i)
                plant.close_windows()
                edge.wait_received(20_101, 60)
            self.assertEqual({"retained": 20_000}, rejected(edge))
            # What is not data takes no series.
            self.assertEqual(1, edge.metric("series"))
            self.finish(room, edge, plant.fold)

    def test_the_first_256_bytes_are_kept(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                client.publish(climate_topic(), json.dumps("x" * 1000))
                client.publish(climate_topic(), "short")
                client.drain()
                edge.wait_received(2)
            metrics = edge.metrics()
            self.assertEqual(2, metrics.value("dead_letters"))
            self.assertGreaterEqual(metrics.value("dead_letter_bytes"), 256 + 5)
            self.assertLess(metrics.value("dead_letter_bytes"), 1000)


if __name__ == "__main__":
    unittest.main()
