"""Guards what no compiler holds: `edge` knows no clock, thread, socket, random number, environment or log; the rooms
depend in one direction; nothing unfinished is left behind; the tests do not sleep."""

import os
import re
import subprocess
import unittest

from harness import ROOT

SOURCES = (".h", ".cc", ".cpp")

# What a file under edge/ may include apart from edge/ itself and the generated schema.
EDGE_LIBRARIES = re.compile(r"^(boost/(multiprecision|unordered|container|container_hash)/.*|tl/expected\.hpp|simdjson\.h|sqlite3\.h|zstd\.h|xxhash\.h|"
                            r"cbor\.h|flatbuffers/.*|openssl/(evp|sha)\.h)$")
EDGE_STANDARD = set("""algorithm array bit cassert cctype cerrno cfloat charconv cinttypes climits cmath compare concepts
    cstddef cstdint cstdio cstdlib cstring deque exception functional initializer_list iterator limits list map memory
    memory_resource new numbers numeric optional queue ranges ratio set span stack stdexcept string string_view tuple
    type_traits unordered_map unordered_set utility variant vector version system_error""".split())
# The one file that goes past SQLite to the file system, and what for: SQLite makes new files readable by everyone, and
# cannot drop the cached pages of a file that a crashed process left.
FILE_SYSTEM = {"edge/store/state_file.cc": {"fcntl.h", "sys/stat.h", "unistd.h"}}
# printf and stderr only in the assertion, whose file is named below.
EDGE_CALLS = [
    (r"\bstd::chrono\b|\b(system|steady|high_resolution)_clock\b", "reads a clock"),
    # `time` is also what a reading has: only a call with time(2)'s argument is meant.
    (r"(?<![\w.>])time\s*\(\s*(nullptr|NULL|0|&)", "reads a clock"),
    (r"(?<![\w.>])(gettimeofday|clock_gettime|localtime|gmtime|mktime|timespec_get)(_r)?\s*\(", "reads a clock"),
    (r"\bstd::(time|clock|localtime|gmtime)\s*\(", "reads a clock"),
    (r"\b(rand|srand|random|arc4random|getrandom)\s*\(|\bstd::(random_device|mt19937)", "draws a random number"),
    (r"\bgetenv\b|\benviron\b", "reads the environment"),
    (r"\bstd::(thread|jthread|mutex|shared_mutex|condition_variable|async|future|atomic)\b|\bthread_local\b|\bpthread_",
     "uses threads"),
    (r"\bstd::(cout|cerr|clog)\b|\bspdlog\b|\bsyslog\b", "logs"),
    (r"(?<!\w)(?:std::)?f?printf\s*\(|\bstd::puts\b", "prints"),
    (r"(?<![\w.>])(socket|connect|sendto|recvfrom)\s*\(", "opens a socket"),
    (r"\b(usleep|nanosleep|sleep_for|sleep_until|sleep)\s*\(", "sleeps"),
    (r"\bstd::(i|o)?fstream\b|(?<!\w)f?open\s*\(\s*\"|\bstd::filesystem\b", "touches files beside SQLite"),
    (r"\b__int128\b", "uses __int128, which 32-bit ARM has not"),
]
ASSERTION = "edge/bytes/assert.h"


def files(*folders, endings=SOURCES):
    """Tracked and new files, relative to the root; not what is ignored or built."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders],
                            cwd=ROOT, capture_output=True, check=False)
    if listed.returncode == 0:
        names = [name for name in listed.stdout.decode().split("\0") if name]
    else:
        # Not a git checkout (a source archive): walk.
        names = [os.path.relpath(os.path.join(where, name), ROOT) for folder in folders
                 for where, _, inside in os.walk(os.path.join(ROOT, folder)) for name in inside]
    return sorted(n for n in names if n.endswith(endings) and os.path.isfile(os.path.join(ROOT, n)))


def content(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as source:
        return source.read()


LEXEME = re.compile(r'//[^\n]*|/\*.*?\*/|R"([^()\\ ]*)\(.*?\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'', re.S)


def code_of(text):
    """Without comments and the insides of strings; lines stay where they are."""
    def blank(found):
        kept = '""' if found[0][0] in "\"R" else " "
        return kept + "\n" * found[0].count("\n")
    # 1'000'000 is a number, not a character.
    return LEXEME.sub(blank, re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", text))


def includes(text):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.M)


class Style(unittest.TestCase):
    quick = True

    def report(self, found):
        self.assertEqual([], found, "\n" + "\n".join(found))

    def test_edge_includes_only_what_it_may(self):
        wrong = []
        for name in files("edge"):
            for include in includes(content(name)):
                if include.startswith("edge/") or re.match(r"(schemas/)?\w+_generated\.h$", include):
                    continue
                if include in EDGE_STANDARD or EDGE_LIBRARIES.match(include) or include in FILE_SYSTEM.get(name, ()):
                    continue
                wrong.append(f"{name} includes {include}")
        self.report(wrong)

    def test_edge_reads_no_clock_and_touches_no_world(self):
        wrong = []
        for name in files("edge"):
            for number, line in enumerate(code_of(content(name)).splitlines(), 1):
                for pattern, what in EDGE_CALLS:
                    if re.search(pattern, line) and not (name == ASSERTION and what == "prints"):
                        # SQLite's own names may hold a banned word; only calls of ours count.
                        if what == "uses __int128, which 32-bit ARM has not" and "__SIZEOF_INT128__" in content(name):
                            continue
                        wrong.append(f"{name}:{number} {what}: {line.strip()}")
        self.report(wrong)

    def test_rooms_depend_in_one_direction(self):
        wrong = []
        for name in files("edge", "schemas", "firmware-sim", "gateway"):
            for include in includes(content(name)):
                room = include.split("/")[0]
                if name.startswith(("edge/", "schemas/")) and room in ("gateway", "firmware-sim", "tests"):
                    wrong.append(f"{name} includes {include}")
                if name.startswith("gateway/") and room in ("firmware-sim", "tests"):
                    wrong.append(f"{name} includes {include}")
                if name.startswith("firmware-sim/") and (
                        room in ("gateway", "tests") or
                        (room == "edge" and not re.match(r"edge/(value|time|bytes)/", include))):
                    wrong.append(f"{name} includes {include}")
        self.report(wrong)

    def test_the_style_guard_sees_what_it_should(self):
        # The guard above is worth nothing if its patterns match nothing.
        samples = ["auto t = std::chrono::steady_clock::now();", "time(nullptr);", "std::time(nullptr);", "rand();",
                   'getenv("HOME")', "std::mutex m;", "std::cerr << 1;", 'std::printf("x");', "usleep(3);",
                   "std::ofstream out;", "__int128 x;"]
        for sample in samples:
            self.assertTrue(any(re.search(pattern, sample) for pattern, _ in EDGE_CALLS), sample)
        for fine in ["event.time(3)", "EventTime time{0};", "Instant time() const", "start_time(0)", "record.time.has_value()", "snprintf(b, 3, x)"]:
            self.assertFalse(any(re.search(pattern, fine) for pattern, _ in EDGE_CALLS), fine)
        self.assertNotIn("chrono", code_of('int a = /* std::chrono */ f("std::chrono");  // std::chrono'))

    def test_nothing_unfinished(self):
        # Written so that this file does not find itself.
        words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HACK)\b|not (yet )?implemented|\bstub\b|lorem ipsum")
        wrong = []
        for name in files("edge", "gateway", "firmware-sim", "schemas", "tests", "docs", "demo", "check", "README.md",
                          "CMakeLists.txt", endings=SOURCES + (".py", ".txt", ".md", ".fbs", "demo", "check")):
            if name == "tests/system/test_style.py":
                continue
            for number, line in enumerate(content(name).splitlines(), 1):
                if words.search(line):
                    wrong.append(f"{name}:{number}: {line.strip()[:100]}")
        self.report(wrong)

    def test_names_of_files_say_what_they_hold(self):
        bad = re.compile(r"(^|[/_])(utils?|managers?|helpers?|common|misc)(_|\.|/|$)")
        self.report([name for name in files("edge", "gateway", "firmware-sim", "tests") if bad.search(name)])

    def test_headers_have_no_get_prefix(self):
        wrong = []
        for name in files("edge", "gateway", "firmware-sim", endings=(".h",)):
            for number, line in enumerate(code_of(content(name)).splitlines(), 1):
                if re.search(r"(?<![:.>\w])get_\w+\s*\(", line):
                    wrong.append(f"{name}:{number}: {line.strip()}")
        self.report(wrong)

    def test_every_header_guards_itself(self):
        self.report([name for name in files("edge", "gateway", "firmware-sim", endings=(".h",))
                     if "#pragma once" not in content(name)])

    def test_nothing_sleeps_in_tests(self):
        wrong = []
        for name in files("tests", endings=SOURCES + (".py",)):
            # A benchmark's sender sleeps to keep its pace.
            if name.endswith("test_style.py") or name.startswith("tests/bench/"):
                continue
            text = content(name)
            for number, line in enumerate((code_of(text) if name.endswith(SOURCES) else text).splitlines(), 1):
                if re.search(r"\btime\.sleep\(|\bsleep_(for|until)\(|\b(usleep|nanosleep)\(", line):
                    wrong.append(f"{name}:{number}: {line.strip()}")
        self.report(wrong)

    def test_the_product_names_no_workplace(self):
        place = re.compile(r"(?<![\w.])/wo" + r"rk/|/home/\w+/|/ro" + r"ot/")
        wrong = []
        for name in files(".", endings=SOURCES + (".py", ".md", ".txt", ".json", ".fbs", "demo", "check", "run")):
            for number, line in enumerate(content(name).splitlines(), 1):
                if place.search(line):
                    wrong.append(f"{name}:{number}: {line.strip()[:100]}")
        self.report(wrong)


if __name__ == "__main__":
    unittest.main()
