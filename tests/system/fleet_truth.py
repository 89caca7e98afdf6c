"""What an appliance must have made of a run of firmware-sim, by the truth file alone (docs/formats/truth.md)."""

import collections
import contextlib
import csv
import io
import sqlite3

from oracle import Fold, decimal_of, tags_text
from streams import FLEET_SCALAR


def rows_of(truth):
    with contextlib.closing(sqlite3.connect(f"file:{truth}?mode=ro", uri=True)) as db:
        finished = db.execute("SELECT value FROM meta WHERE key = 'finished'").fetchone()
        assert finished == ("1",), "the simulator did not end well"
        yield from db.execute("SELECT r.stream, r.topic, r.source, r.field, r.event_time, r.value, r.fate, m.resent "
                              "FROM reading r JOIN message m ON m.id = r.message ORDER BY r.id")


class Truth:
    """The truth of one or several plants.

    `fold`: what the export must be for all streams whose readings carry a time. `scalars`: for each series of a stream
    whose readings do not, how many there are at least and at most (one that was published twice, because its connection
    broke, may be counted twice: nothing tells the two apart)."""

    def __init__(self, truths, window, gateway="plant-7", plant_tag=False):
        """`window`: in ns. `plant_tag`: the level before the site is a tag, too."""
        self.fold = Fold(gateway)
        self.scalars = collections.defaultdict(lambda: [0, 0])
        self.fates = collections.Counter()
        self.uncertain = 0
        for truth in truths:
            for stream, topic, source, field, time, value, fate, resent in rows_of(truth):
                self.fates[fate] += 1
                self.uncertain += fate == "unacknowledged"
                if fate != "sent":
                    continue
                # ...plant/site/device/stream
                plant, site = topic.split("/")[-4:-2]
                tags = {"site": site, **({"plant": plant} if plant_tag else {})}
                if stream == FLEET_SCALAR:
                    bounds = self.scalars[source]
                    bounds[0] += 1
                    bounds[1] += 1 + resent
                else:
                    self.fold.add(stream, source, tags_text(tags), field, window, 0, time, decimal_of(value))

    def differences(self, exported, limit=10):
        """What is wrong with an export (bytes); empty: nothing. Lost and counted twice are told apart by the counts."""
        header, *rows = exported.decode().splitlines()
        timed = [row for row in rows if f",{FLEET_SCALAR}," not in row]
        expected = self.fold.csv().decode().splitlines()
        wrong = []
        if [header, *timed] != expected:
            missing, extra = sorted(set(expected) - set(timed)), sorted(set(timed) - set(expected))
            wrong += [f"expected {row}" for row in missing[:limit]] + [f"exported {row}" for row in extra[:limit]]
            wrong.append(f"{len(missing)} rows differ or are missing, {len(extra)} are not in the truth")
        counts = collections.Counter()
        for row in csv.DictReader(io.StringIO("\n".join([header, *(r for r in rows if f",{FLEET_SCALAR}," in r)]))):
            counts[row["source"]] += int(row["count"])
        for source in set(counts) | set(self.scalars):
            least, most = self.scalars.get(source, (0, 0))
            if not least <= counts[source] <= most:
                wrong.append(f"{source}: {counts[source]} readings, {least} to {most} were sent")
        return wrong

    def lost_and_twice(self, exported):
        """(readings of the truth that are not in the windows, readings in the windows that the truth has not)."""
        lost = twice = 0
        counts = collections.Counter()
        scalars = collections.Counter()
        for row in csv.DictReader(io.StringIO(exported.decode())):
            if row["stream"] == FLEET_SCALAR:
                scalars[row["source"]] += int(row["count"])
            else:
                counts[row["stream"], row["source"], row["field"], int(row["start"])] += int(row["count"])
        wanted = {(s, source, field, start): len(window.points)
                  for (s, _, source, _, field, _, start), window in self.fold.windows.items()}
        for key in set(counts) | set(wanted):
            difference = counts[key] - wanted.get(key, 0)
            lost, twice = lost - min(difference, 0), twice + max(difference, 0)
        for source in set(scalars) | set(self.scalars):
            least, most = self.scalars.get(source, (0, 0))
            lost, twice = lost + max(least - scalars[source], 0), twice + max(scalars[source] - most, 0)
        return lost, twice
