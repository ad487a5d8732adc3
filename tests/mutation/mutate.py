#!/usr/bin/env python3
"""Removes each safety check of the core in turn, and expects a test to notice.

A check is a line of services/controller/core/*.cc or converge.cc that ends in one of
    // guard: rule N     it stops something: its condition is made false, or its statement removed
    // proof: rule N     it allows something: its condition is made true
with the number of the rule in the design (section 4). The files are compiled once, with every check
made removable by its number in the environment, and linked once, with all the tests as Bazel
compiled them: the unit tests of the core, the histories, and the simulator for a while. So a mutant
costs no more than the run of the tests up to the first that fails, which has killed it. A mutant
that survives, or a line that cannot be mutated, is a failure.

    tests/mutation/mutate.py                     all of them
    tests/mutation/mutate.py core/fence.cc ...   those of the files whose path has these words
    tests/mutation/mutate.py --only=Simulation*  by these tests alone: how well do they see?
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
SOURCES = [source for source in [*sorted((ROOT / "services/controller/core").glob("*.cc")),
                                 ROOT / "services/controller/converge.cc"]
           if not source.name.endswith("_test.cc")]
TAG = re.compile(r"//\s*(guard|proof): rule (\d+)\s*$")
# How long the simulator looks for what no sentence names.
SIMULATION_SECONDS = int(os.environ.get("WEFT_MUTATION_SIMULATION_SECONDS", "25"))
# What a run may take over that, until it is said never to end.
GRACE_SECONDS = 60
# In the order in which they are run: the cheapest first.
TESTS = [*sorted(f"services/controller/core/{test.stem}"
                 for test in (ROOT / "services/controller/core").glob("*_test.cc")),
         "services/controller/converge_test", "services/controller/give_way_test",
         "tests/histories/histories_test",
         "tests/simulation/simulation_test"]
FLAGS = ["-std=c++20", "-O1", "-fPIC", "-w"]
REMOVED = "WEFT_MUTATION_REMOVED"
PROLOGUE = f"""#include <cstdlib>
static const char* const weft_removed_text = std::getenv("{REMOVED}");
static const int weft_removed = weft_removed_text == nullptr ? 0 : std::atoi(weft_removed_text);
#line 1
"""


class Unmutable(Exception):
    """A line has a tag but not the shape of a check."""


class Check:
    """A tagged line. Its id is what removes it."""

    def __init__(self, identity, source, line, text):
        self.id, self.source, self.line = identity, source, line
        self.text = " ".join(text.split())
        self.kind, rule = TAG.search(text).groups()
        self.name = f"{source.relative_to(ROOT)}:{line + 1} rule {rule}"


def closing(text, opening):
    """The index of the parenthesis that closes the one at `opening`."""
    depth = 0
    for index in range(opening, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    raise Unmutable("the condition does not end on its line")


def removable(line, check):
    """The line with a check that is left out where the environment says so."""
    code = TAG.sub("", line).rstrip()
    found = re.search(r"\bif \(", code)
    if found is None:
        if check.kind == "proof" or not code.endswith(";"):
            raise Unmutable("neither an if nor a whole statement")
        return f"if (weft_removed != {check.id}) {{ {code} }}"
    start = found.end()
    end = closing(code, start - 1)
    setup, semicolon, condition = code[start:end].rpartition(";")
    forced = "true" if check.kind == "proof" else "false"
    return (f"{code[:start]}{setup}{semicolon} weft_removed == {check.id} ? {forced} : "
            f"static_cast<bool>({condition}){code[end:]}")


def find_checks():
    checks = []
    for source in SOURCES:
        for line, text in enumerate(source.read_text().splitlines()):
            if TAG.search(text):
                checks.append(Check(len(checks) + 1, source, line, text))
    return checks


def bazel(*words):
    """What Bazel says. As in tests/runner: WEFT_BAZEL_STARTUP and WEFT_BAZEL_FLAGS are for it."""
    startup = os.environ.get("WEFT_BAZEL_STARTUP", "").split()
    flags = os.environ.get("WEFT_BAZEL_FLAGS", "").split()
    done = subprocess.run(["bazel", *startup, words[0], *words[1:], *flags], cwd=ROOT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{done.stderr}bazel {words[0]} failed")
    return done.stdout


def in_parallel(work, items):
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        yield from pool.map(work, items)


def compile_removable(source, checks, scratch):
    """The object of a source whose checks can be removed."""
    lines = source.read_text().splitlines()
    for check in checks:
        try:
            lines[check.line] = removable(lines[check.line], check)
        except Unmutable as trouble:
            raise Unmutable(f"{check.name}: {trouble}") from None
    changed = pathlib.Path(scratch, source.name)
    changed.write_text(PROLOGUE + "\n".join(lines) + "\n")
    output = changed.with_suffix(".o")
    done = subprocess.run(["g++", *FLAGS, f"-I{ROOT}", "-c", str(changed), "-o", str(output)],
                          stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Unmutable(f"{source.relative_to(ROOT)}: does not compile: {done.stderr[-1000:]}")
    return output


def link_all(objects, program):
    """Links all the tests into one program, with `objects` in the place of their sources' own."""
    execution_root = bazel("info", "execution_root").strip()
    binaries = pathlib.Path(bazel("info", "bazel-bin").strip())
    own = {re.compile(rf"{re.escape(str(source.parent.relative_to(ROOT)))}/_objs/[^/]+/"
                      rf"{source.stem}(\.pic)?\.o$"): str(changed)
           for source, changed in objects.items()}
    linked = []
    libraries = []
    for test in TESTS:
        parameters = binaries / f"{test}-2.params"
        if not parameters.exists():
            raise SystemExit(f"Bazel's link of {test} is not under {binaries}")
        link = parameters.read_text().splitlines()
        del link[link.index("-o"):link.index("-o") + 2]
        for word in link:
            if word.endswith(".o"):
                linked.append(next((to for name, to in own.items() if name.search(word)), word))
            elif word not in ("-Wl,--start-lib", "-Wl,--end-lib"):
                libraries.append(word)
    if not set(own.values()) <= set(linked):
        raise SystemExit(f"no test is linked with {set(own.values()) - set(linked)}")
    # Each once, and whole: an order in which libraries could be searched is nobody's business.
    words = [*dict.fromkeys(linked), *dict.fromkeys(libraries)]
    file = program.with_suffix(".params")
    file.write_text("\n".join(words) + "\n")
    subprocess.run(["g++", f"@{file}", "-o", str(program)], cwd=execution_root, check=True)


def first_failure(output):
    """The name of the first test that failed."""
    found = re.search(r"\[  FAILED  \] (\S+?)[,\s]", output)
    rule = re.search(r"^seed \d+ fails: (.*)$", output, re.MULTILINE)
    if rule:
        return f"the simulator: {rule.group(1)[:90]}"
    running = re.findall(r"\[ RUN      \] (\S+)", output)
    return found.group(1) if found else f"{running[-1] if running else 'nobody'}: it ended badly"


def run(program, removed, only, simulation_seconds=SIMULATION_SECONDS):
    """The first test that fails without a check, None when none does; and the seconds it took."""
    began = time.monotonic()
    environment = {**os.environ, REMOVED: str(removed), "WEFT_SIMULATION_THREADS": "1",
                   "WEFT_SIMULATION_SECONDS": str(simulation_seconds)}
    killer = None
    try:
        done = subprocess.run([program, "--gtest_fail_fast", f"--gtest_filter={only}"], cwd=ROOT,
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=simulation_seconds + GRACE_SECONDS)
        if done.returncode != 0:
            killer = first_failure(done.stdout)
    except subprocess.TimeoutExpired as trouble:
        killer = first_failure((trouble.stdout or b"").decode(errors="replace")) + " (never ended)"
    return killer, time.monotonic() - began


def build(checks, program, scratch):
    """One program of all the tests, of which each check can be removed."""
    sources = sorted({check.source for check in checks})
    of = {source: [check for check in checks if check.source == source] for source in sources}
    compiled = in_parallel(lambda source: compile_removable(source, of[source], scratch), sources)
    link_all(dict(zip(sources, compiled)), program)


def main():
    began = time.monotonic()
    words = [word for word in sys.argv[1:] if not word.startswith("--")]
    only = "".join(word[len("--only="):] for word in sys.argv[1:] if word.startswith("--only="))
    checks = find_checks()
    wanted = [check for check in checks
              if not words or any(word in check.name for word in words)]
    bazel("build", *(f"//{':'.join(test.rsplit('/', 1))}" for test in TESTS))
    with tempfile.TemporaryDirectory() as scratch:
        program = pathlib.Path(scratch, "tests")
        try:
            build(wanted, program, scratch)
        except Unmutable as trouble:
            print(f"FAIL {trouble}")
            return 1
        built = time.monotonic()
        # Shortly: the simulator has a suite of its own.
        killer, seconds = run(program, 0, only or "*", simulation_seconds=2)
        if killer:
            print(f"FAIL with every check in its place: {killer}")
            return 1
        print(f"ok with every check in its place every test passes, in {seconds:.1f} s")
        survivors = 0
        spent = []
        for check, (killer, seconds) in zip(
                wanted, in_parallel(lambda check: run(program, check.id, only or "*"), wanted)):
            spent.append(seconds)
            if killer:
                print(f"ok {check.name}: killed by {killer} in {seconds:.2f} s", flush=True)
            else:
                survivors += 1
                print(f"FAIL {check.name}: survives: no test needs it", flush=True)
    print(f"{len(wanted) - survivors} of {len(wanted)} mutants killed in "
          f"{time.monotonic() - began:.0f} s, {built - began:.0f} s of them to build; a mutant took "
          f"{sum(spent) / max(1, len(spent)):.2f} s, at most {max(spent, default=0):.2f} s")
    return 1 if survivors or not wanted else 0


if __name__ == "__main__":
    sys.exit(main())
