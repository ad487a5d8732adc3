"""Counts test cases. A case passed, failed, or was skipped; a skipped case never counts as passed."""

import dataclasses
import os
import xml.etree.ElementTree as ElementTree


@dataclasses.dataclass
class Tally:
    """What became of the cases counted so far. Failures and skips are kept by name."""

    passed: int = 0
    failures: list = dataclasses.field(default_factory=list)
    skips: list = dataclasses.field(default_factory=list)

    @property
    def ran_something(self):
        return bool(self.passed or self.failures)

    def add(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.skips += other.skips

    def summary(self):
        text = f"{self.passed} passed, {len(self.failures)} failed"
        return text + (f", {len(self.skips)} skipped" if self.skips else "")


def of_xml(path, label, status):
    """The cases of one test.xml, as GoogleTest or (for scripts) Bazel writes it.

    `status` is Bazel's word on the whole test. When it is not PASSED and the file names no failed
    case (a crash, a timeout, a leak found at exit), the test itself counts as one failure.
    """
    tally = Tally()
    try:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        cases = []
    for case in cases:
        name = case.get("name", "")
        if case.get("classname"):
            name = f"{case.get('classname')}.{name}"
        name = label if name in ("", label.lstrip("/").replace(":", "/")) else f"{label} {name}"
        if case.find("failure") is not None or case.find("error") is not None:
            tally.failures.append(name)
        elif case.find("skipped") is not None or case.get("result") in ("skipped", "suppressed"):
            reason = case.find("skipped")
            message = reason.get("message") if reason is not None else "disabled"
            tally.skips.append(f"{name}: {message or 'no reason given'}")
        elif case.get("status") == "notrun":
            tally.skips.append(f"{name}: disabled")
        else:
            tally.passed += 1
    if status != "PASSED" and not tally.failures:
        tally.failures.append(f"{label} ({status})")
    elif status == "PASSED" and not cases:
        tally.failures.append(f"{label} (passed without a single test case)")
    return tally


def of_lines(text, suite):
    """The cases a script reports: lines "ok NAME", "FAIL NAME", "skip NAME: reason"."""
    tally = Tally()
    for line in text.splitlines():
        word, _, name = line.partition(" ")
        if word == "ok":
            tally.passed += 1
        elif word == "FAIL":
            tally.failures.append(f"{suite} {name}")
        elif word == "skip":
            tally.skips.append(f"{suite} {name}")
    return tally


def of_events(events, prefix=""):
    """The cases of one `bazel test`, from its build events (see --build_event_json_file).

    Counts every test of the invocation, also those whose result came from a cache, and one failure
    for every target that could not be built.
    """
    tally = Tally()
    last_attempts = {}
    for event in events:
        identity = event.get("id", {})
        if "testResult" in identity and "testResult" in event:
            key = identity["testResult"]
            last_attempts[key["label"], key.get("run"), key.get("shard")] = event["testResult"]
        elif "targetCompleted" in identity:
            if not event.get("completed", {}).get("success", False):
                tally.failures.append(f"{prefix}{identity['targetCompleted']['label']} (not built)")
    for (label, _, _), result in last_attempts.items():
        outputs = {o["name"]: o.get("uri", "") for o in result.get("testActionOutput", [])}
        path = outputs.get("test.xml", "").removeprefix("file://")
        tally.add(of_xml(path or os.devnull, prefix + label, result.get("status", "NO_STATUS")))
    return tally
