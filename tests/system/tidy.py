#!/usr/bin/env python3
"""clang-tidy over the product's sources, within a budget of processor time.

    tidy.py --build build/release [--budget SECONDS]

A clean result is remembered in BUILD/tidy (by the contents of the source, of our headers and of .clang-tidy), so that only
what changed is checked again. Files that differ from the last commit come first; then those of the last commits; the rest in
an order that differs from commit to commit, so that what the budget leaves out today is looked at another day. Ends with one
line that says how many files were checked, known to be clean, and left out. Exit status 1 if anything was found.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import resource
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.split() if done.returncode == 0 else []


def digest(paths):
    sum_ = hashlib.sha256()
    for path in paths:
        with open(path, "rb") as file:
            sum_.update(hashlib.sha256(file.read()).digest())
    return sum_


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--budget", type=float, default=1e9)
    chosen = parser.parse_args()
    build = os.path.abspath(chosen.build)
    with open(os.path.join(build, "compile_commands.json")) as database:
        files = sorted({os.path.relpath(entry["file"], ROOT) for entry in json.load(database)})
    files = [name for name in files if name.startswith(("edge/", "gateway/", "firmware-sim/"))]
    headers = sorted(name for name in git("ls-files", "--cached", "--others", "--exclude-standard", "--", "edge", "gateway",
                                          "firmware-sim", "schemas") if name.endswith((".h", ".fbs")))
    shared = digest(os.path.join(ROOT, name) for name in [*headers, ".clang-tidy"]
                    if os.path.exists(os.path.join(ROOT, name))).digest()

    fresh = set(git("diff", "--name-only", "HEAD"))
    recent = set(git("diff", "--name-only", "HEAD~3"))
    salt = "".join(git("rev-parse", "HEAD"))

    def order(name):
        return (name not in fresh, name not in recent, hashlib.sha256((salt + name).encode()).digest())

    memory = os.path.join(build, "tidy")
    os.makedirs(memory, exist_ok=True)

    def spent():
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        return used.ru_utime + used.ru_stime

    def check(name):
        key = hashlib.sha256(shared + digest([os.path.join(ROOT, name)]).digest()).hexdigest()
        mark = os.path.join(memory, key)
        if os.path.exists(mark):
            return "known", name, ""
        if spent() > chosen.budget:
            return "left out", name, ""
        done = subprocess.run(["clang-tidy", "--quiet", "--extra-arg=-Wno-unknown-warning-option", "-p", build, os.path.join(ROOT, name)], cwd=ROOT,
                              capture_output=True, text=True, check=False)
        if done.returncode:
            return "wrong", name, done.stdout + done.stderr
        with open(mark, "w"):
            pass
        return "checked", name, ""

    counts = {"checked": 0, "known": 0, "left out": 0, "wrong": 0}
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get("TIDEMARK_JOBS", os.cpu_count() or 1))) as pool:
        for outcome, name, said in pool.map(check, sorted(files, key=order)):
            counts[outcome] += 1
            if said:
                print(f"-- {name}\n{said}", flush=True)
    print("  " + ", ".join(f"{number} {word}" for word, number in counts.items()) + f" of {len(files)} files")
    return 1 if counts["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
