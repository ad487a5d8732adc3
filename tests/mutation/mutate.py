#!/usr/bin/env python3
"""Removes each safety check of the core in turn, and expects a test to notice.

A check is a line of services/controller/core/*.cc or converge.cc that ends in one of
    // guard: rule N     it stops something: its condition is made false, or its statement removed
    // proof: rule N     it allows something: its condition is made true
with the number of the rule in the design (section 4). For each one the file is compiled without it
and linked against the tests as Bazel built them: the unit tests of the core, the histories, and
the simulator for a while. The first that fails has killed the mutant. A mutant that survives, or a
line that cannot be mutated, is a failure.

    tests/mutation/mutate.py                     all of them
    tests/mutation/mutate.py core/fence.cc ...   those of the files whose path has these words
    tests/mutation/mutate.py --only=simulation   by these tests alone: how well do they see?
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = [*sorted((ROOT / "services/controller/core").glob("*.cc")),
           ROOT / "services/controller/converge.cc"]
TAG = re.compile(r"//\s*(guard|proof): rule (\d+)\s*$")
# Cheapest first. The simulator finds most within a second; this is for the rest.
SIMULATION_SECONDS = int(os.environ.get("WEFT_MUTATION_SIMULATION_SECONDS", "25"))
TARGETS = ("//services/controller/core:all", "//services/controller:converge_test",
           "//tests/histories:histories_test", "//tests/simulation:simulation_test")
FLAGS = ["-std=c++20", "-O1", "-fPIC", "-w"]


class Unmutable(Exception):
    """The line has a tag but not the shape of a check."""


def closing(text, opening):
    """The index of the parenthesis that closes the one at `opening`."""
    depth = 0
    for index in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise Unmutable("the condition does not end on its line")


def without(line):
    """The line without its check."""
    kind = TAG.search(line).group(1)
    code = TAG.sub("", line).rstrip()
    found = re.search(r"\bif \(", code)
    if found is None:
        if kind == "proof" or not code.endswith(";"):
            raise Unmutable("neither an if nor a whole statement")
        return ";"
    start = found.end()
    end = closing(code, start - 1)
    condition = code[start:end]
    setup = ""
    if ";" in condition:
        setup, condition = condition.rsplit(";", 1)
        setup += "; "
    forced = f"true || ({condition})" if kind == "proof" else f"false && ({condition})"
    return f"{code[:start]}{setup}{forced}{code[end:]}"


def checks(words):
    """(file, number of the line, rule) of each tagged line."""
    found = []
    for source in SOURCES:
        name = str(source.relative_to(ROOT))
        if words and not any(word in name for word in words):
            continue
        for number, line in enumerate(source.read_text().splitlines()):
            if "_test.cc" not in name and TAG.search(line):
                found.append((source, number, int(TAG.search(line).group(2))))
    return found


def bazel(*words):
    startup = os.environ.get("WEFT_BAZEL_STARTUP", "").split()
    flags = os.environ.get("WEFT_BAZEL_FLAGS", "").split()
    return subprocess.run(["bazel", *startup, words[0], *words[1:], *flags], cwd=ROOT, check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout


class Tests:
    """The tests as Bazel linked them, cheapest first."""

    def __init__(self, only):
        bazel("build", *TARGETS)
        self.execution_root = bazel("info", "execution_root").strip()
        binaries = pathlib.Path(bazel("info", "bazel-bin").strip())
        core = [str(test.relative_to(ROOT).with_suffix("")) for test in
                sorted((ROOT / "services/controller/core").glob("*_test.cc"))]
        tests = [*core, *(target[2:].replace(":", "/") for target in TARGETS[1:])]
        self.links = {}
        for test in tests:
            parameters = binaries / f"{test}-2.params"
            if parameters.exists():
                self.links[test.rsplit("/", 1)[1]] = parameters.read_text().splitlines()
        if not {"histories_test", "simulation_test"} <= self.links.keys():
            raise SystemExit(f"Bazel's links of the tests are not under {binaries}")
        self.links = {name: link for name, link in self.links.items() if only in name}

    def link(self, name, source, mutant, output):
        """Links a test with the mutant in the place of its source; False if it does not use it."""
        folder = source.parent.relative_to(ROOT)
        own = re.compile(rf"{re.escape(str(folder))}/_objs/[^/]+/{source.stem}(\.pic)?\.o$")
        words = [str(mutant) if own.search(word) else word for word in self.links[name]]
        if str(mutant) not in words:
            return False
        words[words.index("-o") + 1] = str(output)
        done = subprocess.run(["g++", *words], cwd=self.execution_root, stderr=subprocess.PIPE,
                              text=True)
        if done.returncode != 0:
            raise Unmutable("does not link: " + done.stderr[-500:])
        return True


def first_failure(output):
    """The name of the first test that failed."""
    found = re.search(r"\[  FAILED  \] (\S+?)[,\s]", output)
    rule = re.search(r"^seed \d+ fails: (.*)$", output, re.MULTILINE)
    return rule.group(1)[:90] if rule else found.group(1) if found else "it ended badly"


def kill(tests, check):
    """Who notices that the check is missing; None when nobody does."""
    source, number, _ = check
    lines = source.read_text().splitlines()
    lines[number] = without(lines[number])
    environment = {**os.environ, "WEFT_SIMULATION_SECONDS": str(SIMULATION_SECONDS),
                   "WEFT_SIMULATION_THREADS": "1"}
    with tempfile.TemporaryDirectory() as scratch:
        mutated = pathlib.Path(scratch, source.name)
        mutated.write_text("\n".join(lines) + "\n")
        mutant = pathlib.Path(scratch, "mutant.o")
        done = subprocess.run(["g++", *FLAGS, f"-I{ROOT}", "-c", str(mutated), "-o", str(mutant)],
                              stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            raise Unmutable("does not compile: " + done.stderr[-500:])
        for name in tests.links:
            program = pathlib.Path(scratch, name)
            if not tests.link(name, source, mutant, program):
                continue
            try:
                done = subprocess.run([program], cwd=ROOT, text=True,
                                      env=environment, stdout=subprocess.PIPE,
                                      stderr=subprocess.STDOUT, timeout=120)
            except subprocess.TimeoutExpired:
                return f"{name}: it never ended"
            if done.returncode != 0:
                return f"{name}: {first_failure(done.stdout)}"
    return None


def main():
    began = time.monotonic()
    only = "".join(word[len("--only="):] for word in sys.argv[1:] if word.startswith("--only="))
    found = checks([word for word in sys.argv[1:] if not word.startswith("--")])
    tests = Tests(only)
    survivors = 0

    def one(check):
        try:
            return kill(tests, check)
        except Unmutable as trouble:
            return trouble

    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for check, killer in zip(found, pool.map(one, found)):
            source, number, rule = check
            where = f"{source.relative_to(ROOT)}:{number + 1} rule {rule}"
            if isinstance(killer, str):
                print(f"ok {where}: killed by {killer}", flush=True)
            else:
                survivors += 1
                why = f"cannot be mutated: {killer}" if killer else "survives: no test needs it"
                print(f"FAIL {where}: {why}", flush=True)
    print(f"{len(found) - survivors} of {len(found)} mutants killed in "
          f"{time.monotonic() - began:.0f} s")
    return 1 if survivors or not found else 0


if __name__ == "__main__":
    sys.exit(main())
