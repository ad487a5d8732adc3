"""Runs a module's unittest cases, and tells Bazel about each of them."""

import os
import pathlib
import sys
import time
import unittest
import xml.etree.ElementTree as ElementTree

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "workload"))
import harness  # noqa: E402


class _Recorder(unittest.TextTestResult):
    """Keeps what became of each case and how long it took."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.rows = []
        self._began = 0.0

    def startTest(self, test):
        self._began = time.monotonic()
        super().startTest(test)

    def _record(self, test, kind, text=""):
        self.rows.append((test, kind, text, time.monotonic() - self._began))

    def addSuccess(self, test):
        super().addSuccess(test)
        self._record(test, "passed")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._record(test, "failure", self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._record(test, "failure", self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._record(test, "skipped", reason)


def _write_xml(rows, path):
    suite = ElementTree.Element("testsuite", name="integration", tests=str(len(rows)))
    for test, kind, text, seconds in rows:
        owner, _, name = test.id().rpartition(".")
        case = ElementTree.SubElement(suite, "testcase", name=name, classname=owner,
                                      status="run", time=f"{seconds:.3f}")
        if kind != "passed":
            ElementTree.SubElement(case, kind, message=text[:200]).text = text
    root = ElementTree.Element("testsuites")
    root.append(suite)
    ElementTree.ElementTree(root).write(path)


def main():
    # A test that runs out of time is ended by SIGTERM: what it started is taken down.
    harness.end_on_sigterm()
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=_Recorder)
    program = unittest.main(module="__main__", testRunner=runner, exit=False)
    if "XML_OUTPUT_FILE" in os.environ:
        _write_xml(program.result.rows, os.environ["XML_OUTPUT_FILE"])
    sys.exit(0 if program.result.wasSuccessful() and program.result.testsRun else 1)
