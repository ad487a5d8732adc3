"""Runs unittest and reports each case as one line: "ok NAME", "FAIL NAME", "skip NAME: reason"."""

import sys
import unittest


class _Lines(unittest.TestResult):
    def _name(self, test):
        return test.id().removeprefix("__main__.")

    def addSuccess(self, test):
        print(f"ok {self._name(test)}")

    def addSkip(self, test, reason):
        print(f"skip {self._name(test)}: {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        print(self.failures[-1][1])
        print(f"FAIL {self._name(test)}")

    def addError(self, test, err):
        super().addError(test, err)
        print(self.errors[-1][1])
        print(f"FAIL {self._name(test)}")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            print((self.failures + self.errors)[-1][1])
            print(f"FAIL {self._name(subtest)}")


def run():
    """Runs the cases of the calling script; ends the process with 1 if one failed."""
    result = _Lines()
    unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"]).run(result)
    sys.exit(0 if result.wasSuccessful() else 1)
