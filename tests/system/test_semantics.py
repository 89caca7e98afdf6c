"""docs/SEMANTICS.md names the tests of every rule; here is seen that it does, and that they are there."""

import glob
import json
import os
import re
import unittest

from harness import BUILD, ROOT

LATER = {14, 25}  # rules that this version has not; docs/SEMANTICS.md says so
RULES = [rule for rule in range(1, 36) if rule not in LATER]
REFERENCE = re.compile(r"`([\w/]+)`(?: \"([^\"]+)\")?")


def content(*path):
    with open(os.path.join(ROOT, *path)) as file:
        return file.read()


def table(text):
    """{rule: [(program or test, case), ...]}, of the rows `| 6, 7 | ... |`."""
    rows = {}
    for numbers, tests in re.findall(r"^\| ([\d, ]+) \| (.*) \|$", text, re.M):
        for number in numbers.split(","):
            rows.setdefault(int(number), []).extend(REFERENCE.findall(tests))
    return rows


def cases_of(program):
    """The names of a doctest program's cases, from its sources."""
    kind, _, room = program.partition("_")
    found = set()
    for name in glob.glob(os.path.join(ROOT, "tests", kind, room, "*.cc")):
        found.update(case.replace("\\\"", '"') for case in re.findall(r'TEST_CASE\(\s*"((?:[^"\\]|\\.)*)"', content(name)))
    return found


def missing(rows):
    """What the table lacks: rules without a test, tests that are not there."""
    wrong = [f"rule {rule} has no test" for rule in RULES if not rows.get(rule)]
    wrong += [f"there is no rule {rule}" for rule in rows if rule not in RULES]
    for rule, references in rows.items():
        for name, case in references:
            if name.startswith("scenario/"):
                there = os.path.exists(os.path.join(ROOT, "tests", name + ".scenario"))
            elif name.startswith("test_"):
                path = os.path.join(ROOT, "tests", "system", name + ".py")
                there = os.path.exists(path) and f"def {case}(" in content(path)
            else:
                there = case in cases_of(name)
            if not there:
                wrong.append(f"rule {rule}: there is no {name} {case}".rstrip())
    return wrong


class Semantics(unittest.TestCase):
    quick = True

    def test_every_rule_has_tests(self):
        wrong = missing(table(content("docs", "SEMANTICS.md")))
        self.assertEqual([], wrong, "\n" + "\n".join(wrong))

    def test_a_rule_that_is_not_there_is_said(self):
        text = content("docs", "SEMANTICS.md")
        for rule in LATER:
            self.assertRegex(text, rf"Not there yet:\*\*[^*]*\({rule}\)", f"rule {rule}")

    def test_a_rule_without_a_test_is_noticed(self):
        rows = table(content("docs", "SEMANTICS.md"))
        for rule in RULES:
            self.assertIn(f"rule {rule} has no test", missing({number: row for number, row in rows.items() if number != rule}))
        self.assertEqual(["rule 6: there is no scenario/no_such"], missing({**rows, 6: [("scenario/no_such", "")]}))
        self.assertEqual(["rule 6: there is no unit_value no such"], missing({**rows, 6: [("unit_value", "no such")]}))

    def test_no_multiplication_is_fused_with_an_addition(self):
        """Rule 27: of every source of ours, by how it was compiled. GCC fuses unless it is told not to."""
        database = os.path.join(BUILD, "compile_commands.json")
        if not os.path.exists(database):
            self.skipTest(f"there is no {database}")
        with open(database) as file:
            entries = json.load(file)
        ours = [entry for entry in entries if os.path.relpath(entry["file"], ROOT).startswith(("edge/", "gateway/", "firmware-sim/"))]
        self.assertGreater(len(ours), 100)
        self.assertEqual([], [entry["file"] for entry in ours if "-ffp-contract=off" not in entry["command"].split()])
        for entry in ours:
            after = entry["command"].split("-ffp-contract=off")[1]
            self.assertNotRegex(after, r"-ffp-contract=|-ffast-math|-Ofast|-funsafe-math")


if __name__ == "__main__":
    unittest.main()
