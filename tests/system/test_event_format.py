"""The format of the log's events, read by a second reader that was written from the document alone."""

import os
import re
import struct
import unittest

import event_reader
from harness import ROOT


def block_after(heading):
    """The lines of the first fenced block after a heading of docs/formats/event.md."""
    with open(os.path.join(ROOT, "docs", "formats", "event.md"), encoding="utf-8") as document:
        text = document.read()
    return re.search(re.escape(heading) + r"\n.*?```\n(.*?)\n```", text, re.DOTALL).group(1).split("\n")


def example():
    return bytes.fromhex("".join(line.split("  ")[1] for line in block_after("### The bytes")))


class EventFormat(unittest.TestCase):
    quick = True

    def test_the_documents_example_says_what_the_document_says(self):
        self.assertEqual(event_reader.lines(event_reader.read(example())), block_after("### What they say"))

    def test_a_column_is_what_the_grammar_says(self):
        for data, values in (
                (b"", [0, 0, 0]),
                (bytes([0, 1, 7, 1]), [7, 7, 7]),
                (bytes([0, 1, 0xFF, 1]), [-1, -1, -1]),
                (bytes([1, 1, 5, 1, 0, 1, 3]), [5, 6, 8]),
                (bytes([2, 0, 2, 0, 0x81, 0x82, 0, 0, 1]), [0, 0x102, 0x304]),
                (bytes([1, 0, 0xC0, 0x84, 0x3D, 0, 1, 3]), [0, 1_000_000, 3_000_000])):
            self.assertEqual(event_reader.column(data, 3), values)

    def test_the_fold_keeps_the_highest_revision_and_every_delta_once(self):
        event = event_reader.read(example())
        first, corrected, late = event.body
        older = dict(corrected, revision=1, pane="on_time")
        later = event.header._replace(sequence=2)
        log = [event, event_reader.Event(later, "window_batch", [older]), event,
               event_reader.Event(event.header._replace(epoch=9), "window_batch", [late])]
        folded = list(event_reader.fold(log).values())
        self.assertEqual(folded, [[first, []], [corrected, []], [None, [late, late]]])

    def test_a_record_that_is_cut_is_refused(self):
        whole = example()
        for size in (0, 7, 8, 40, len(whole) // 2, len(whole) - 2):
            with self.assertRaises((AssertionError, struct.error, IndexError)):
                event_reader.read(whole[:size])


if __name__ == "__main__":
    unittest.main()
