"""What a topic's records come to by the reader's rule alone (DESIGN, "Identity"), for logs of any length: one pass, no
line of the product, and no more of an event than its header and the columns that a count and a sum need."""

import collections
from typing import NamedTuple

from event_reader import DELTA, EXTREMES, SUM, columns_of, groups_of, header_of, root_of


class Epoch(NamedTuple):
    """One epoch of one gateway as it stands in the log."""
    gateway: str
    number: int
    first: int  # which event of the log, repeats left out, was its first, counted from 0
    sequences: list  # of its events, repeats left out, in the order of the log


class CentralLog:
    """`take` every record's value; then `events`, `repeated`, `epochs`, `disorder` and, if wanted, `windows`.

    An event is new if its sequence is above the mark of its gateway and epoch. Any other must be, byte for byte, one
    that was there before: then it is a repeat, else it is disorder, as is a sequence that is left out."""

    def __init__(self, values=(), folding=False):
        self.events = []
        self.repeated = 0
        self.disorder = []
        self.windows = collections.defaultdict(dict)  # (stream, source, field) -> {start: [revision, count, sum]}
        self._epochs = {}
        self._places = {}  # (gateway, epoch, sequence) -> in `events`
        self._folding = folding
        for value in values:
            self.take(value)

    @property
    def epochs(self):
        return list(self._epochs.values())

    def take(self, value):
        """Returns the header of what it took."""
        root = root_of(value)
        header = header_of(root)
        identity = (header.gateway, header.epoch, header.sequence)
        if identity in self._places:
            if self.events[self._places[identity]] == value:
                self.repeated += 1
            else:
                self.disorder.append(f"{identity} came again with other bytes")
            return header
        epoch = self._epochs.setdefault(identity[:2], Epoch(*identity[:2], len(self.events), []))
        before = epoch.sequences[-1] if epoch.sequences else 0
        if header.sequence != before + 1:
            self.disorder.append(f"{identity} after {before}")
        epoch.sequences.append(header.sequence)
        self._places[identity] = len(self.events)
        self.events.append(value)
        if self._folding:
            self._fold(root)
        return header

    def _fold(self, root):
        """Rules 21 to 23 of SEMANTICS: of whole panes the highest revision counts, deltas are added to it. Sums are
        integers at 10^-9; what the tests send has no more digits."""
        batch = groups_of(root)
        if batch is None:
            return
        sources, _, groups = batch
        for group in groups:
            name, field, components = group.text(0), group.text(2), group.scalar(6, "I")
            scale = 10 ** (group.scalar(7, "i") + 9) if components & SUM else 0
            of = [self.windows[name, source, field] for source in sources]
            columns = columns_of(group, "origin", "start", "revision", "pane_kind", "count", "sum", "min")
            if not components & EXTREMES:
                columns["min"] = [0] * len(columns["min"])
            for origin, start, revision, kind, count, total, least in zip(*columns.values()):
                window = of[origin].setdefault(start, [0, 0, 0, 0, 0])
                if kind == DELTA:
                    window[3] += count
                    window[4] += (total + count * least) * scale
                elif revision > window[0]:
                    window[0:3] = revision, count, (total + count * least) * scale

    def window(self, stream, source, field, start):
        """(count, sum at 10^-9) of one window; (0, 0): it is not there."""
        _, count, total, more, rest = self.windows.get((stream, source, field), {}).get(start, (0, 0, 0, 0, 0))
        return count + more, total + rest
