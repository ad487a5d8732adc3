"""The suites: what each is, and how it is run. A suite is a function that returns a Tally."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import tally

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Tags that move a test out of the unit suite. A test carries one of them.
TAGS = ("simulation", "contract", "integration", "interop", "chaos", "browser", "bench")
# Real servers: yesterday's result says nothing about today's.
NEVER_CACHED = ("contract", "integration", "interop", "chaos", "browser")

# Bazel's codes for "tests failed" and "no such tests"; any other trouble is a failure of its own.
TESTS_FAILED, NO_TESTS = 3, 4

# What Bazel's suites look at; main.py narrows it when patterns are on the command line.
EVERYTHING = ["//..."]
targets = EVERYTHING

# What CI runs under the sanitizers: core, model, codecs and simulator; ThreadSanitizer what has
# threads, and all that the simulator plays. The rest that is tagged "sanitize" needs generated code
# of the protocol, which takes longer to compile than all of this: `tests/run sanitizers //...`.
SANITIZED = {
    "asan_ubsan": [
        "//common/fabric/...",
        "//common/model/...",
        "//common/mysql/...",
        "//services/controller:convert_test",
        "//services/controller:converge_test",
        "//services/controller/core/...",
        "//services/controller/mysql:store_rows_test",
        "//services/controller/ports:record_steps_test",
        "//services/controller/ports:stored_test",
        "//services/gateway:mysql_listener_test",
        "//services/gateway:rest_test",
        "//services/gateway/mysqlrpc/...",
        "//services/monitor:detector_test",
        "//services/provisioner/http:client_test",
        "//tests/fuzz/...",
        "//services/gateway/http:server_test",
        "//services/gateway:digest_test",
        "//services/gateway:xmlrpc_listener_test",
        "//tests/histories/...",
        "//tests/simulation/...",
    ],
    "tsan": [
        "//common/base:all",
        "//common/log/...",
        "//services/controller:converge_test",
        "//services/controller:event_journal_test",
        "//services/controller:health_table_test",
        "//services/controller:leadership_test",
        "//services/controller:operation_runner_test",
        "//services/controller:operations_board_test",
        "//services/controller:request_ledger_test",
        "//services/controller:rotating_secret_test",
        "//services/controller:work_pool_test",
        "//services/gateway:mysql_listener_test",
        "//services/gateway/http:server_test",
        "//services/provisioner/http:client_test",
        "//services/gateway:digest_test",
        "//services/gateway:xmlrpc_listener_test",
        "//tests/histories/...",
        "//tests/simulation/...",
    ],
}
# Instrumented, the simulator plays a tenth as many seeds a second.
SANITIZED_SEEDS = 1000


def bazel(command, *arguments):
    """Runs Bazel. WEFT_BAZEL_STARTUP and WEFT_BAZEL_FLAGS may hold options of its two kinds."""
    quiet = [] if sys.stderr.isatty() else ["--noshow_progress"]
    startup = os.environ.get("WEFT_BAZEL_STARTUP", "").split()
    flags = os.environ.get("WEFT_BAZEL_FLAGS", "").split()
    words = ["bazel", *startup, command, *quiet, *arguments, *flags]
    return subprocess.run(words, cwd=ROOT).returncode


def bazel_events(command, prefix, *arguments):
    """Runs Bazel and counts what it did."""
    with tempfile.TemporaryDirectory() as scratch:
        path = pathlib.Path(scratch, "events.json")
        code = bazel(command, "--keep_going", f"--build_event_json_file={path}", *arguments)
        lines = path.read_text().splitlines() if path.exists() else []
        result = tally.of_events([json.loads(line) for line in lines], prefix)
    if code not in (0, TESTS_FAILED, NO_TESTS) and not result.failures:
        result.failures.append(f"{prefix}bazel {command} (exit code {code})")
    return result


def script(suite, *command):
    """Runs a script that reports cases by line (see tally.of_lines), and shows what it says."""
    process = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(process.stdout, end="", flush=True)
    result = tally.of_lines(process.stdout, suite)
    if process.returncode != 0 and not result.failures:
        result.failures.append(f"{suite} (exit code {process.returncode})")
    return result


def build():
    """Everything compiles: also what no test needs."""
    result = bazel_events("build", "build ", *targets)
    if not result.failures:
        result.passed = 1
    return result


def tagged(name):
    """The Bazel tests of one suite."""
    if name == "unit":
        filters = ",".join("-" + tag for tag in TAGS)
    else:
        filters = name
    arguments = ["--build_tests_only", f"--test_tag_filters={filters}"]
    if name in NEVER_CACHED:
        arguments.append("--nocache_test_results")
    return bazel_events("test", "", *arguments, *targets)


def mysql():
    """Real servers are there for the suites that start them."""
    result = tally.Tally()
    for version in ("9.7", "5.6"):
        code = subprocess.run([ROOT / "deploy/mysql/obtain", version], cwd=ROOT).returncode
        if code == 0:
            result.passed += 1
        else:
            result.failures.append(f"deploy/mysql/obtain {version}")
    if not result.failures:
        result.add(script("deploy", sys.executable, "-B", "tests/deploy/obtain_test.py"))
    return result


def sanitizers():
    """Tests tagged "sanitize", built with address and undefined behaviour checks, then with thread."""
    result = tally.Tally()
    for config, usual in SANITIZED.items():
        chosen = usual if targets is EVERYTHING else targets
        arguments = [f"--config={config}", "--build_tests_only", "--test_tag_filters=sanitize",
                     f"--test_env=WEFT_SIMULATION_SEEDS={SANITIZED_SEEDS}"]
        result.add(bazel_events("test", f"{config} ", *arguments, *chosen))
    return result


def tidy():
    """The rules of the tree that no compiler knows, and their self-tests."""
    result = script("runner", sys.executable, "-B", "tests/runner/tally_test.py")
    result.add(script("tidy", sys.executable, "-B", "tests/tidy/main.py"))
    return result


def clang_tidy():
    """clang-tidy on the files changed since WEFT_TIDY_BASE (default: the branch's own changes)."""
    return script("clang-tidy", sys.executable, "-B", "tests/tidy/clang_tidy.py")


def mutation():
    """Each safety check of the core is removed in turn; a test must notice."""
    return script("mutation", sys.executable, "-B", "tests/mutation/mutate.py")


def fuzz():
    """libFuzzer on the codecs of the old wires, ten seconds each; longer: tests/fuzz/run."""
    return script("fuzz", sys.executable, "-B", "tests/fuzz/run", "--seconds", "10")


def deployments():
    """deploy/kubernetes against schemas, and its processes begun; image and composition on an engine."""
    result = tally.Tally()
    for name in ("kubernetes", "processes", "compose"):
        result.add(script("deployments", sys.executable, "-B", f"tests/deploy/{name}_test.py"))
    return result


def prometheus():
    """promtool on the scrape configuration and the alert rules."""
    return script("prometheus", sys.executable, "-B", "tests/runner/prometheus.py")


# In the order in which CI runs them: what fails fastest first. There is no browser
# test yet.
SUITES = {
    "tidy": tidy,
    "build": build,
    "unit": lambda: tagged("unit"),
    "simulation": lambda: tagged("simulation"),
    "mutation": mutation,
    "mysql": mysql,
    "contract": lambda: tagged("contract"),
    "integration": lambda: tagged("integration"),
    "interop": lambda: tagged("interop"),
    "chaos": lambda: tagged("chaos"),
    "browser": lambda: tagged("browser"),
    "deployments": deployments,
    "prometheus": prometheus,
    "sanitizers": sanitizers,
    "fuzz": fuzz,
    "clang-tidy": clang_tidy,
}
DESCRIPTIONS = {
    "unit": "Bazel tests beside the code: no server, no network",
    "simulation": "the deterministic simulator and its checkers, over many seeds",
    "contract": "one suite of promises, kept by the fakes and by the real adapters",
    "integration": "real MySQL servers and Weft's processes",
    "interop": "real clients of other projects",
    "chaos": "real servers under faults",
    "browser": "the web console in a real browser",
}
