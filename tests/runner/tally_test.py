"""The counting itself: a runner that miscounts would hide what it is there to show."""

import pathlib
import tempfile
import unittest

import cases
import tally

GTEST = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="4" failures="1" disabled="1">
 <testsuite name="GtidSetTest">
  <testcase name="Merges" status="run" result="completed" classname="GtidSetTest" />
  <testcase name="Splits" status="run" result="completed" classname="GtidSetTest">
   <failure message="no" type=""></failure></testcase>
  <testcase name="NeedsServer" status="run" result="skipped" classname="GtidSetTest">
   <skipped message="no mysqld" /></testcase>
  <testcase name="DISABLED_Old" status="notrun" result="suppressed" classname="GtidSetTest" />
 </testsuite></testsuites>"""
SHELL = """<testsuites><testsuite name="a/b" tests="1">
  <testcase name="a/b" status="run" duration="1" time="1"></testcase></testsuite></testsuites>"""


class TallyTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.xml = pathlib.Path(scratch.name, "test.xml")

    def count(self, text, status):
        self.xml.write_text(text)
        return tally.of_xml(self.xml, "//a:b", status)

    def test_each_case_counts_and_skipped_is_not_passed(self):
        result = self.count(GTEST, "FAILED")
        self.assertEqual(result.summary(), "1 passed, 1 failed, 2 skipped")
        self.assertEqual(result.failures, ["//a:b GtidSetTest.Splits"])
        self.assertEqual(result.skips[0], "//a:b GtidSetTest.NeedsServer: no mysqld")

    def test_a_script_counts_as_one(self):
        self.assertEqual(self.count(SHELL, "PASSED").summary(), "1 passed, 0 failed")

    def test_a_crash_after_good_cases_is_a_failure(self):
        result = self.count(SHELL, "TIMEOUT")
        self.assertEqual(result.failures, ["//a:b (TIMEOUT)"])

    def test_no_result_file_is_a_failure_even_if_bazel_is_content(self):
        self.assertEqual(len(tally.of_xml("/dev/null", "//a:b", "PASSED").failures), 1)

    def test_only_the_last_attempt_of_a_test_counts(self):
        self.xml.write_text(SHELL)

        def event(attempt, status):
            output = [{"name": "test.xml", "uri": f"file://{self.xml}"}]
            return {
                "id": {"testResult": {"label": "//a:b", "run": 1, "shard": 1, "attempt": attempt}},
                "testResult": {"status": status, "testActionOutput": output},
            }

        result = tally.of_events([event(1, "FAILED"), event(2, "PASSED")])
        self.assertEqual(result.summary(), "1 passed, 0 failed")

    def test_a_target_that_does_not_build_is_a_failure(self):
        event = {"id": {"targetCompleted": {"label": "//a:b"}}, "completed": {}}
        self.assertEqual(tally.of_events([event]).failures, ["//a:b (not built)"])

    def test_lines_of_a_script_are_counted_by_their_first_word(self):
        result = tally.of_lines("ok one\nnoise\nFAIL two\nskip three: no go\n", "tidy")
        self.assertEqual(result.summary(), "1 passed, 1 failed, 1 skipped")

    def test_nothing_but_skips_is_nothing_run(self):
        self.assertFalse(tally.of_lines("skip three: no go\n", "tidy").ran_something)


if __name__ == "__main__":
    cases.run()
