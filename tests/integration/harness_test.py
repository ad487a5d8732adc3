"""What drives the tests, the demo and the benchmark leaves nothing behind, however it is ended."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKLOAD = str(ROOT / "tests/workload")
sys.path.insert(0, WORKLOAD)
import by_hand  # noqa: E402
import cases  # noqa: E402
import harness  # noqa: E402

PROGRAM = f"""
import signal, sys
sys.path.insert(0, {WORKLOAD!r})
import harness
harness.end_on_sigterm()
print("begun", flush=True)
with harness.Sandbox(sys.argv[1], servers=2):
    print("up", flush=True)
    signal.pause()
"""


class HarnessTest(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory(prefix="weft-harness-")
        self.addCleanup(scratch.cleanup)
        self.directory = scratch.name + "/s"
        self.program = subprocess.Popen([sys.executable, "-B", "-c", PROGRAM, self.directory],
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                        text=True)
        self.addCleanup(self.end)

    def end(self):
        self.program.kill()
        self.program.wait()
        self.program.stdout.close()
        subprocess.run([harness.WEFT, "sandbox", "down", "--dir", self.directory],
                       capture_output=True, check=False)

    def await_word(self, word):
        for line in self.program.stdout:
            if line.strip() == word:
                return
        self.fail(f"the program ended before it said {word!r}")

    def expect_nothing_left(self):
        self.assertEqual(self.program.wait(timeout=60), 128 + signal.SIGTERM)
        self.assertEqual(by_hand.processes_of(self.directory), {})
        self.assertFalse(os.path.exists(self.directory))

    def test_a_sigterm_takes_the_sandbox_down(self):
        self.await_word("up")
        self.assertNotEqual(by_hand.processes_of(self.directory), {})
        self.program.terminate()
        self.expect_nothing_left()

    def test_a_sigterm_while_it_comes_up_leaves_no_server(self):
        self.await_word("begun")
        harness.wait_until(lambda: any("mysqld_supervisor" in line for line in
                                       by_hand.processes_of(self.directory).values()),
                           60, "a server is starting")
        self.program.terminate()
        self.expect_nothing_left()


if __name__ == "__main__":
    cases.main()
