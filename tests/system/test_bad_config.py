"""A configuration that is wrong stops the appliance at its start: F:line:column, what is wrong, what would be right, and
exit status 2. From `check` and from `run` alike."""

import re
import unittest

from harness import Process, Room, run_tidemark, tool, wait_until

GOOD = """[gateway]
id = "plant-7"
state = "{state}"

[mqtt]
broker = "mqtt://127.0.0.1:1"

[[stream]]
name = "climate"
topic = "plant/{{site}}/{{device}}/climate"
source = "{{device}}"
format = "json"
time = "ts"
time_format = "ms"
window = "10s"
aggregates = ["count", "mean"]

[[stream.field]]
path = "t"
name = "temperature"
"""

# (what is replaced, by what, the text at which the error stands, a word that the message must hold)
WRONG = [
    ('window = "10s"', 'windwo = "10s"', "windwo", "window"),
    ('broker = "mqtt://127.0.0.1:1"', 'borker = "x"', "borker", "broker"),
    ("[mqtt]", "[mqt]", "mqt", "mqtt"),
    ('window = "10s"', 'window = 10', "10", "10s"),
    ('window = "10s"', 'window = "10"', '"10"', "10s"),
    ('window = "10s"', 'window = "ten seconds"', '"ten', ""),
    ('window = "10s"', 'window = "10 parsecs"', '"10 p', ""),
    ('window = "10s"', 'window = "0s"', '"0s"', ""),
    ('window = "10s"', 'window = "-5s"', '"-5s"', ""),
    ('format = "json"', 'format = "jsn"', '"jsn"', "json"),
    ('format = "json"', 'format = 7', "7", "json"),
    ('time_format = "ms"', 'time_format = "millis"', '"millis"', "ms"),
    ('aggregates = ["count", "mean"]', 'aggregates = ["count", "maen"]', '"maen"', "mean"),
    ('aggregates = ["count", "mean"]', 'aggregates = "count"', '"count"', ""),
    ('topic = "plant/{{site}}/{{device}}/climate"', 'topic = "plant/{{site/climate"', '"plant/{{site', ""),
    ('topic = "plant/{{site}}/{{device}}/climate"', 'topic = "plant/#/x"', '"plant/#', "#"),
    ('topic = "plant/{{site}}/{{device}}/climate"', 'topic = ""', '""', ""),
    ('source = "{{device}}"', 'source = "{{devcie}}"', '"{{devcie}}"', "device"),
    ('window = "10s"', 'window = "10s"\nlateness = "-1s"', '"-1s"', ""),
    ('window = "10s"', 'window = "10s"\nbad_clock = "ignore"', '"ignore"', "quarantine"),
    ('window = "10s"', 'window = "10s"\nduplicates = "yes"', '"yes"', "drop"),
    ('window = "10s"', 'window = "10s"\nretained = true', "true", "skip"),
    ('broker = "mqtt://127.0.0.1:1"', 'broker = "http://127.0.0.1:1"', '"http:', "mqtt"),
    ('broker = "mqtt://127.0.0.1:1"', 'broker = "mqtt://127.0.0.1:99999"', '"mqtt://127.0.0.1:99999"', ""),
    ('id = "plant-7"', 'id = ""', '""', ""),
    ('path = "t"', 'path = "a..b"', '"a..b"', ""),
    ('path = "t"', 'path = "a[x]"', '"a[x]"', ""),
    ('name = "temperature"', 'nmae = "temperature"', "nmae", "name"),
    ('name = "climate"', "", "[[stream]]", "name"),
    ('window = "10s"', 'window = "10s', '', ""),
    ('[gateway]', '[gateway', '', ""),
    ('window = "10s"', 'window = "10s"\nwindow = "20s"', "window = \"20s\"", ""),
]


class BadConfiguration(unittest.TestCase):
    quick = True

    def run_both(self, room, text, name):
        path = room.path(name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path, [run_tidemark(command, "--config", path, deadline=20) for command in ("check", "run")]

    def test_a_good_one_is_good_and_shows_its_estimate(self):
        with Room(self) as room:
            path = room.path("good.toml")
            with open(path, "w") as out:
                out.write(GOOD.format(state=room.path("state.db")))
            done = run_tidemark("check", "--config", path)
            self.assertEqual(0, done.returncode, done.stderr)
            self.assertRegex(done.stdout.lower(), r"memory")
            self.assertRegex(done.stdout.lower(), r"flash|storage|written")
            self.assertRegex(done.stdout, r"\d+(\.\d+)? ?(B|KiB|MiB|GiB|kB|MB)")

    def test_each_mistake_is_named_with_its_place_and_its_remedy(self):
        with Room(self) as room:
            for number, (old, new, place, word) in enumerate(WRONG):
                with self.subTest(mistake=new or f"no {old}"):
                    self.assertIn(old, GOOD)
                    text = GOOD.replace(old, new, 1).format(state=room.path("state.db"))
                    path, both = self.run_both(room, text, f"bad{number}.toml")
                    for done in both:
                        said = done.stdout + done.stderr
                        self.assertEqual(2, done.returncode, said)
                        found = re.search(re.escape(path) + r":(\d+):(\d+): (.+)", said)
                        self.assertTrue(found, said)
                        if word:
                            self.assertIn(word, found[3])
                        if place:
                            at = text.index(place.replace("{{", "{").replace("}}", "}"), text.index(
                                new.splitlines()[-1].replace("{{", "{").replace("}}", "}")) if new else 0)
                            line = text.count("\n", 0, at) + 1
                            self.assertEqual(line, int(found[1]), f"{found[0]}\n{text.splitlines()[line - 1]}")
                            column = int(found[2])
                            self.assertTrue(1 <= column <= len(text.splitlines()[line - 1]) + 1, found[0])

    def test_all_mistakes_are_named_at_once(self):
        with Room(self) as room:
            text = GOOD.replace('format = "json"', 'format = "jsn"').replace('window = "10s"', 'windwo = "10s"').format(
                state=room.path("state.db"))
            path, both = self.run_both(room, text, "two.toml")
            for done in both:
                self.assertEqual(2, len(re.findall(re.escape(path) + r":\d+:\d+: ", done.stdout + done.stderr)),
                                 done.stdout + done.stderr)

    def test_two_streams_of_one_name(self):
        with Room(self) as room:
            text = GOOD.format(state=room.path("state.db"))
            text += "\n" + text[text.index("[[stream]]"):]
            path, both = self.run_both(room, text, "twice.toml")
            for done in both:
                said = done.stdout + done.stderr
                self.assertEqual(2, done.returncode, said)
                found = re.search(re.escape(path) + r":(\d+):\d+: .*climate", said)
                self.assertTrue(found, said)
                self.assertGreater(int(found[1]), 17, said)

    def test_no_file_no_stream_and_no_table(self):
        with Room(self) as room:
            self.assertEqual(2, run_tidemark("check", "--config", room.path("absent.toml")).returncode)
            _, both = self.run_both(room, "", "empty.toml")
            for done in both:
                self.assertEqual(2, done.returncode)
                self.assertTrue((done.stdout + done.stderr).strip())

    def test_an_admin_address_that_is_not_loopback_needs_a_token(self):
        with Room(self) as room:
            text = GOOD.format(state=room.path("state.db")) + '\n[admin]\nlisten = "0.0.0.0:0"\n'
            _, both = self.run_both(room, text, "open.toml")
            for done in both:
                self.assertEqual(2, done.returncode)
                self.assertIn("token_file", done.stdout + done.stderr)

    def test_a_secret_in_the_configuration_is_refused(self):
        with Room(self) as room:
            text = GOOD.format(state=room.path("state.db")).replace("[mqtt]", '[mqtt]\npassword = "geheim"')
            _, both = self.run_both(room, text, "secret.toml")
            for done in both:
                self.assertEqual(2, done.returncode)
                self.assertIn("password_file", done.stdout + done.stderr)
                self.assertNotIn("geheim", done.stdout + done.stderr)

    def test_a_file_that_is_not_there_is_told_by_its_key_its_path_and_what_to_do(self):
        # The broker's certificates are read once it answers: tests/unit/mqtt/tls_files_test.cc has those.
        for key, section, line, remedy in (
                ("mqtt.password_file", "[mqtt]", 'username = "u"\npassword_file = "{}"', "put the password into this file"),
                ("admin.token_file", "[admin]", 'token_file = "{}"', "put the secret into this file's first line"),
                ("kafka.properties.sasl.password_file", "[kafka.properties]", '"sasl.password_file" = "{}"',
                 "put the secret into this file's first line")):
            with self.subTest(key), Room(self) as room:
                text = (GOOD.format(state=room.path("state.db")) + f'\n[admin]\nlisten = "unix:{room.path("admin")}"\n'
                        '\n[kafka]\nbrokers = "127.0.0.1:1"\ntopic = "t"\n\n[kafka.properties]\n')
                absent = room.path("absent")
                with open(room.path("edge.toml"), "w", encoding="utf-8") as out:
                    out.write(text.replace(section, section + "\n" + line.format(absent)))
                run = room.keep(Process([tool("tidemark"), "run", "--config", room.path("edge.toml")], room.path("log")))
                # The appliance may go on and try again: a file can be put there.
                wait_until(lambda: f'{key} = "{absent}": No such file or directory; {remedy}' in run.output(), 60,
                           lambda: f"{key} is named:\n{run.tail()}")

    def test_a_wrong_command_line_says_so(self):
        for arguments in ([], ["rnu"], ["run"], ["replay", "--views"], ["export"]):
            done = run_tidemark(*arguments, deadline=20)
            self.assertEqual(2, done.returncode, arguments)
            self.assertTrue((done.stdout + done.stderr).strip(), arguments)
        self.assertIn('did you mean "run"?', run_tidemark("rnu").stderr)
        for option, command in (("--rollup", "replay"), ("--size", "export")):
            source = ["--log", "file:x"] if command == "replay" else []
            for size, word in (("1m", "min"), ("0s", "1min"), ("ten", "")):
                done = run_tidemark(command, *source, "--views", "v.db", option, size)
                self.assertEqual(2, done.returncode)
                self.assertIn(word, done.stderr)
        self.assertEqual(0, run_tidemark("--help").returncode)
        self.assertRegex(run_tidemark("--version").stdout, r"\d+\.\d+\.\d+")


if __name__ == "__main__":
    unittest.main()
