"""Removes each safety check of the core, one at a time, and expects a test to fail.

A check is a line of services/controller that ends in `// guard: rule N`, N being the rule of the
design it stands for. A check whose removal no test notices is not tested: that is a failure.

    tests/run mutation
    python3 tests/mutation/main.py [TEXT]   only guards whose "file:line" holds TEXT
"""

import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
GUARD = re.compile(r"// guard: rule (\d+)")
# The cheapest first: what fails in a unit test need not be simulated.
TESTS = ["//services/controller/core:all", "//tests/histories:all",
         "//tests/simulation:simulation_test"]
SIMULATED = "SimulationTest.*:ScenarioTest.*"
SIMULATION_SECONDS = "40"
COMPILE = ["g++", "-std=c++20", "-O1", "-w", "-I", str(ROOT)]
LIBRARIES = ["absl_status", "absl_statusor", "absl_strings", "absl_str_format", "absl_time",
             "absl_cord"]


def sources():
    """Every .cc that the tests are made of."""
    query = "+".join(f"tests({test})" for test in TESTS)
    done = subprocess.run(
        ["bazel", "query", "--keep_going", "--noshow_progress",
         f'filter("\\.cc$", kind("source file", deps({query})))'],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    labels = [label for label in done.stdout.split() if label.startswith("//")]
    return [label[2:].replace(":", "/") for label in labels]


def end_of_condition(text, start):
    """Where the parenthesis that opens at `start` closes; where the last `;` at its top level is."""
    depth, semicolon = 0, None
    for at in range(start, len(text)):
        if text[at] == "(":
            depth += 1
        elif text[at] == ")":
            depth -= 1
            if depth == 0:
                return at, semicolon
        elif text[at] == ";" and depth == 1:
            semicolon = at
    raise ValueError("unbalanced parentheses")


def without_guard(lines, number):
    """The file with the check at line `number` (from 0) made to hold never, or its statement
    removed."""
    first = number
    while not lines[first].lstrip().startswith("if (") and number - first < 3:
        first -= 1
    text = "".join(lines[first:])
    is_condition = text.lstrip().startswith("if (")
    if is_condition:
        opening = text.index("if (") + len("if ")
        closing, semicolon = end_of_condition(text, opening)
        is_condition = text.count("\n", 0, closing) >= number - first
    if is_condition:
        begin = opening + 1 if semicolon is None else semicolon + 1
        mutated = f"{text[:begin]} false && ({text[begin:closing]}){text[closing:]}"
        return "".join(lines[:first]) + mutated
    return "".join(lines[:number]) + "\n" + "".join(lines[number + 1:])


class Workshop:
    """Compiled sources in a scratch folder, linked anew with one of them exchanged."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        libraries = subprocess.run(["pkg-config", "--libs", *LIBRARIES], check=True,
                                   stdout=subprocess.PIPE, text=True)
        self.link = ["-lgtest_main", "-lgmock", "-lgtest", *libraries.stdout.split(), "-lpthread"]
        self.objects = {}

    def object_of(self, source):
        return self.folder / (source.replace("/", "_") + ".o")

    def compile(self, source, text=None, out=None):
        """Compiles a source, or `text` in its place. False when it does not compile."""
        out = out or self.object_of(source)
        given = [str(ROOT / source)] if text is None else ["-x", "c++", "-"]
        done = subprocess.run([*COMPILE, "-I", str((ROOT / source).parent), "-c", *given, "-o", out],
                              input=text, text=True, stderr=subprocess.PIPE)
        if done.returncode != 0 and text is None:
            print(done.stderr[-2000:])
        return done.returncode == 0

    def compile_all(self, pool, files):
        self.objects = {file: self.object_of(file) for file in files}
        return all(pool.map(self.compile, files))

    def link_with(self, source, replacement, out):
        objects = [replacement if file == source else path for file, path in self.objects.items()]
        subprocess.run(["g++", "-o", out, *objects, *self.link], check=True)

    def run(self, program, chosen):
        environment = dict(os.environ, WEFT_SIMULATION_SECONDS=SIMULATION_SECONDS,
                           WEFT_SIMULATION_THREADS="1", TEST_SRCDIR=str(ROOT.parent),
                           TEST_WORKSPACE=ROOT.name)
        try:
            done = subprocess.run([program, f"--gtest_filter={chosen}", "--gtest_brief=1",
                                   "--gtest_fail_fast"], cwd=ROOT, env=environment, timeout=300,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        except subprocess.TimeoutExpired:
            return "a test that does not end"
        if done.returncode == 0:
            return None
        failed = re.search(r"\[  FAILED  \] (\S+)", done.stdout)
        return failed.group(1).rstrip(",") if failed else f"exit code {done.returncode}"

    def killer_of(self, source, number):
        """Which test notices that the guard is gone; None when none does."""
        lines = (ROOT / source).read_text().splitlines(keepends=True)
        name = f"{source.replace('/', '_')}.{number + 1}"
        mutant, program = self.folder / (name + ".o"), self.folder / name
        if not self.compile(source, without_guard(lines, number), mutant):
            return "the compiler"
        self.link_with(source, mutant, program)
        killer = self.run(program, f"-{SIMULATED}") or self.run(program, SIMULATED)
        program.unlink()
        return killer


def guards(files):
    """(source, line from 0, rule) of every guard."""
    found = []
    for file in files:
        if file.endswith("_test.cc"):
            continue
        for number, line in enumerate((ROOT / file).read_text().splitlines()):
            match = GUARD.search(line)
            if match:
                found.append((file, number, match.group(1)))
    return found


def main():
    files = sources()
    chosen = sys.argv[1] if len(sys.argv) > 1 else ""
    found = [one for one in guards(files) if chosen in f"{one[0]}:{one[1] + 1}"]
    if not found:
        print("FAIL mutation: there are no guards to remove")
        return 1
    failed = False
    with tempfile.TemporaryDirectory() as folder, \
            concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        workshop = Workshop(folder)
        if not workshop.compile_all(pool, files):
            print("FAIL mutation: the tests do not compile as they are")
            return 1
        killers = pool.map(lambda one: workshop.killer_of(one[0], one[1]), found)
        for (source, number, rule), killer in zip(found, killers):
            where = f"rule {rule} at {source}:{number + 1}"
            if killer:
                print(f"ok mutation: {where} is guarded by {killer}", flush=True)
            else:
                failed = True
                print(f"FAIL mutation: {where}: no test notices its removal", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
