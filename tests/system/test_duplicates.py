"""Section 7 of SEMANTICS, rule by rule, each with its counter-example: a real reading that must not be dropped."""

import unittest

from harness import Room, ledger, wait_until
from mqtt_client import Client, ScriptedBroker
from oracle import Fold
from streams import CLIMATE, Plant, climate, climate_topic, stream

T0 = Plant.START
DAY = 86_400_000


class Edge(unittest.TestCase):
    """What the tests here share: an appliance, a fold of what must come, and the comparison at the end."""

    quick = True
    limit = 120

    def check_fold(self, room, edge, fold, **counters):
        edge.stop()
        views = room.path("views.db")
        self.assertEqual(fold.csv().decode(), edge.fold(views).decode())
        edge.proven()
        totals = ledger(views)
        for name, value in counters.items():
            # Names in the ledger have dots where keywords have underscores: rejected.retained.
            name = name.replace("rejected_", "rejected.")
            counted = sum(totals.get(("climate", kind + name), 0) for kind in ("messages.", "readings."))
            self.assertEqual(value, counted, f"{name} of {totals}")


class ExactDuplicates(Edge):
    """Rule 30."""

    def test_an_equal_reading_counts_once_and_equal_times_with_other_values_are_data(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                plant.send(1000, "20.5")
                plant.send(1000, "20.5")               # the same again: dropped by the oracle too
                plant.send(1000, "20.50")              # the same number in other digits
                plant.send(1000, "20.6")               # equal time, another value: data
                plant.send(1001, "20.5")               # equal value, another time: data
                plant.send(1000, "20.5", device="d2")  # another source: data
                plant.send(1000, "20.5", site="south")  # another tag, so another series: data
                plant.send(900, "20.4")                # behind the maximum, but new: data
                plant.send(900, "20.4")                # and its copy
                plant.send(25_000, "21")               # emits the first window (not sealed: an hour of lateness)
                plant.send(1001, "20.5")               # a copy after its window was emitted: still known
                plant.send(1002, "20.5")               # a new one after its window was emitted: a correction
                plant.close_windows()
                edge.wait_received(plant.sent)
            self.assertEqual(4, plant.fold.duplicates)
            self.check_fold(room, edge, plant.fold, duplicate=4)

    def test_keep_counts_every_copy(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(stream(duplicates="keep")).start()
            with Client(broker.port, "plant") as client:
                for _ in range(3):
                    client.publish(climate_topic(), climate(T0 + 5, "7"))
                client.publish(climate_topic(), climate(T0 + DAY, "0"))
                client.drain()
                edge.wait_received(4)
            fold = Fold()
            for _ in range(3):
                fold.add("climate", "d1", '{"site":"north"}', "t", 10**10, 0, (T0 + 5) * 10**6, (7, 0),
                         drop_duplicates=False)
            self.check_fold(room, edge, fold, duplicate=0)

    def test_they_are_known_across_kill_9(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(CLIMATE).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                for i in range(100):
                    plant.send(i * 50, i)
                client.drain()
                edge.wait_received(100)
                edge.sigkill()
                edge.start()
                for i in range(0, 100, 7):
                    plant.send(i * 50, i)
                plant.send(2, "0")  # new: nothing at this time yet
                plant.close_windows()
                edge.wait_metric("readings", lambda v: v >= plant.sent - plant.fold.duplicates, 30, outcome="counted")
                edge.wait_metric("received", lambda v: v >= plant.sent, 30)
            self.assertEqual(15, plant.fold.duplicates)
            self.check_fold(room, edge, plant.fold, duplicate=15, redelivered=0)


class Sequences(Edge):
    """Rule 28."""

    def numbered(self, plant, number, offset_ms, value, counted=True):
        plant.send(offset_ms, value, counted=counted, n=number)

    def test_a_number_seen_is_a_duplicate_and_a_restarted_counter_is_not(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(stream(sequence="n", sequence_modulus=256)).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                for i in range(10):
                    self.numbered(plant, i, i * 100, i)
                # Seen, and not newer than what was seen: a copy, whatever its value says.
                self.numbered(plant, 4, 400, 4, counted=False)
                # A gap of two (10, 11), then one of them late: a late filler is data.
                self.numbered(plant, 12, 1200, 12)
                self.numbered(plant, 11, 1100, 11)
                self.numbered(plant, 11, 1100, 11, counted=False)
                # The counter starts again at 0 with newer times: never a duplicate.
                for i in range(5):
                    self.numbered(plant, i, 2000 + i * 100, 100 + i)
                plant.close_windows()
                edge.wait_received(plant.sent)
            self.check_fold(room, edge, plant.fold, duplicate=2)

    def test_numbers_wrap(self):
        with Room(self) as room:
            broker = room.broker()
            edge = room.appliance(stream(sequence="n", sequence_modulus=256)).start()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                for i in range(600):
                    self.numbered(plant, i % 256, i * 10, i)
                # 599 % 256 = 87: a copy of the newest, and one of a reading within the bitmap's reach of 64.
                self.numbered(plant, 87, 5990, 599, counted=False)
                self.numbered(plant, 80, 5920, 592, counted=False)
                plant.close_windows()
                edge.wait_received(plant.sent)
            self.check_fold(room, edge, plant.fold, duplicate=2)


class Redelivery(Edge):
    """Rule 29, with a broker that redelivers on command."""

    def start(self, room):
        broker = room.keep(ScriptedBroker())
        edge = room.appliance(CLIMATE, broker.url).spawn()
        return broker, edge, broker.link()

    def expect(self, fold, offset_ms, value, device="d1"):
        Plant(None, fold).expect(T0 + offset_ms, value, device)

    def finish(self, room, edge, link, fold, packet_id, received, **counters):
        before = link.acked()
        link.publish(climate_topic(), climate(T0 + DAY, 0), packet_id)
        link.wait_acked(before + [packet_id])
        edge.wait_metric("received", lambda v: v >= received, 20)
        link.close()
        self.check_fold(room, edge, fold, **counters)

    def test_a_message_sent_again_before_its_ack_arrived_counts_once(self):
        with Room(self) as room:
            broker, edge, link = self.start(room)
            fold = Fold()
            link.publish(climate_topic(), climate(T0, 1), 1)
            link.publish(climate_topic(), climate(T0 + 1, 2), 2)
            link.wait_acked([1, 2])
            self.expect(fold, 0, 1)
            self.expect(fold, 1, 2)
            # The broker never processed the ack of 2: it keeps the session and sends it again with DUP.
            broker.session_present = True
            link.close()
            link = broker.link()
            link.publish(climate_topic(), climate(T0 + 1, 2), 2, dup=True)
            # DUP is also set on messages that never reached us: another payload under the id of an acknowledged one.
            link.publish(climate_topic(), climate(T0 + 2, 3), 1, dup=True)
            self.expect(fold, 2, 3)
            link.wait_acked([2, 1])
            self.finish(room, edge, link, fold, 3, 5, redelivered=1, duplicate=0)

    def test_a_redelivery_is_known_across_kill_9(self):
        with Room(self) as room:
            broker, edge, link = self.start(room)
            fold = Fold()
            link.publish(climate_topic(), climate(T0, 1), 7)
            link.wait_acked([7])
            self.expect(fold, 0, 1)
            edge.sigkill()
            broker.session_present = True
            edge.spawn()
            link = broker.link()
            link.publish(climate_topic(), climate(T0, 1), 7, dup=True)
            link.wait_acked([7])
            self.finish(room, edge, link, fold, 8, 3, redelivered=1, duplicate=0)

    def test_a_pingresp_retires_the_ids_acknowledged_before_it(self):
        with Room(self) as room:
            broker = room.keep(ScriptedBroker())
            # A ping every 2.5 s. Duplicates are kept, so that only rule 29 can drop anything here.
            edge = room.appliance(stream(duplicates="keep"), broker.url, mqtt='keepalive = "5s"').spawn()
            link = broker.link()
            link.publish(climate_topic(), climate(T0, 1), 1)
            link.wait_acked([1])
            pings = link.pings
            # The first ping answered after the ack retires the id; the second proves that the first was processed.
            wait_until(lambda: link.pings >= pings + 3, 20, "pings go on", [edge])
            # So this is a new message that happens to look the same: a real reading, which must not be dropped.
            link.publish(climate_topic(), climate(T0, 1), 1, dup=True)
            link.wait_acked([1, 1])
            fold = Fold()
            for _ in range(2):
                fold.add("climate", "d1", '{"site":"north"}', "t", 10**10, 0, T0 * 10**6, (1, 0), drop_duplicates=False)
            self.finish(room, edge, link, fold, 3, 3, redelivered=0)

    def test_a_lost_session_empties_the_table(self):
        with Room(self) as room:
            broker = room.keep(ScriptedBroker())
            edge = room.appliance(stream(duplicates="keep"), broker.url).spawn()
            link = broker.link()
            link.publish(climate_topic(), climate(T0, 1), 1)
            link.wait_acked([1])
            broker.session_present = False
            link.close()
            link = broker.link()
            link.publish(climate_topic(), climate(T0, 1), 1, dup=True)
            link.wait_acked([1])
            edge.wait_metric("sessions_lost", lambda v: v == 1, 10)
            fold = Fold()
            for _ in range(2):
                fold.add("climate", "d1", '{"site":"north"}', "t", 10**10, 0, T0 * 10**6, (1, 0), drop_duplicates=False)
            self.finish(room, edge, link, fold, 3, 3, redelivered=0)

    def test_a_session_lost_while_we_were_away_is_counted(self):
        with Room(self) as room:
            broker, edge, link = self.start(room)
            link.publish(climate_topic(), climate(T0, 1), 1)
            link.wait_acked([1])
            # Never had one before that.
            self.assertEqual(0, edge.metric("sessions_lost"))
            edge.sigkill()
            broker.session_present = False
            edge.spawn()
            broker.link()
            edge.wait_metric("sessions_lost", lambda v: v == 1, 10)

    def test_ids_that_wrap_drop_nothing(self):
        with Room(self) as room:
            broker = room.keep(ScriptedBroker())
            edge = room.appliance(CLIMATE, broker.url).spawn()
            link = broker.link()
            fold = Fold()
            ids = []
            for i in range(500):
                packet_id = i % 50 + 1
                link.publish(climate_topic(), climate(T0 + i, i), packet_id)
                self.expect(fold, i, i)
                ids.append(packet_id)
                if packet_id == 50:
                    link.wait_acked(ids)
            self.finish(room, edge, link, fold, 60, 501, redelivered=0, duplicate=0)


class Retained(Edge):
    """Rule 31."""

    def test_retained_at_subscribe_is_state_and_live_messages_are_data(self):
        with Room(self) as room:
            broker = room.broker()
            with Client(broker.port, "plant") as client:
                for i in range(50):
                    client.publish(climate_topic(f"r{i}"), climate(T0 + i, 99), retain=True)
                client.drain()
                edge = room.appliance(CLIMATE).start()
                edge.wait_metric("messages_rejected", lambda v: v == 50, 20, reason="retained")
                plant = Plant(client, Fold())
                # Sent with the retain flag while we are subscribed: arrives without it, and is data.
                client.publish(climate_topic("r1"), climate(T0 + 500, 5), retain=True)
                plant.expect(T0 + 500, 5, "r1")
                plant.send(10, 6, device="r2")
                client.publish(climate_topic("r1"), climate(T0 + DAY, 0))
                client.publish(climate_topic("r2"), climate(T0 + DAY, 0))
                client.drain()
                edge.wait_received(54)
            self.check_fold(room, edge, plant.fold, rejected_retained=50)

    def test_use_takes_them(self):
        with Room(self) as room:
            broker = room.broker()
            with Client(broker.port, "plant") as client:
                plant = Plant(client, Fold())
                client.publish(climate_topic(), climate(T0, 3), retain=True)
                client.drain()
                plant.expect(T0, 3)
                edge = room.appliance(stream(retained="use")).start()
                edge.wait_received(1)
                client.publish(climate_topic(), climate(T0 + DAY, 0))
                client.drain()
                edge.wait_received(2)
            self.check_fold(room, edge, plant.fold, rejected_retained=0)


del Edge  # the base has no tests of its own


if __name__ == "__main__":
    unittest.main()
