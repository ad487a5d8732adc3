"""The controller as a process: it leads, hands over, drains, rotates accounts, costs little."""

import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import cases  # noqa: E402
import harness  # noqa: E402

CONTROLLER = "services/controller/weft-controller"
PROVISIONER = "services/provisioner/weft-provisioner"
TICKS = os.sysconf("SC_CLK_TCK")
# What the issue promises for controller and monitor together, idle, with three servers.
IDLE_CPU, IDLE_MEMORY = 0.02, 150 << 20
# A new leader after a controller's death: the ttl of the lease, and what it takes to act.
TAKE_OVER = 3.0
DRAIN = 5.0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command_line(pid):
    return pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")[:-1]


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident(pid):
    pages = int(pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class OldCommandLines(unittest.TestCase):
    """Of before --mysql-ca, when --tls-ca said who vouches for MySQL."""

    @staticmethod
    def said(program, *flags):
        """What it logs until it finds that there is no store, nor such a file."""
        words = [harness.BINARIES / program, "--store=127.0.0.1:1", "--tls-ca=/nowhere/ca.pem", *flags]
        return subprocess.run(words, stderr=subprocess.PIPE, text=True, timeout=60, check=False).stderr

    def test_a_controller_takes_it_and_says_that_it_is_deprecated(self):
        self.assertIn("taken=true", self.said(CONTROLLER, "--manage=setup"))
        both = self.said(CONTROLLER, "--manage=setup", "--mysql-ca=/nowhere/mysql.pem")
        self.assertIn("--tls-ca is deprecated", both)
        self.assertIn("taken=false", both)

    def test_a_provisioner_says_that_it_verifies_no_server_by_it(self):
        warning = "give --mysql-ca"
        self.assertIn(warning, self.said(PROVISIONER, "--clone-streams=0"))
        both = self.said(PROVISIONER, "--clone-streams=0", "--mysql-ca=/nowhere/mysql.pem")
        self.assertNotIn(warning, both)


class ControllerProcess(unittest.TestCase):
    """One active, settled group of three; every case leaves it so."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="weft-ct-")
        cls.addClassCleanup(cls.folder.cleanup)
        cls.farm = harness.Sandbox(cls.folder.name + "/s")
        cls.addClassCleanup(cls.farm.__exit__)
        cls.farm.weft("group", "promote", "g1")
        cls.farm.weft("group", "activate", "g1")

    def setUp(self):
        self.farm.await_settled()

    def pid_of(self, name):
        """Of the sandbox's process `name`, found by the address it listens on."""
        listen = f"--listen={self.farm.layout[name]}"
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = command_line(entry.name)
                except OSError:
                    continue
                if words and words[0].endswith("weft-" + name) and listen in words:
                    return int(entry.name)
        self.fail(f"no process of {name}")

    def another_controller(self):
        """A second controller over the same store; returns its address and process."""
        own = command_line(self.pid_of("controller"))
        address = f"127.0.0.1:{free_port()}"
        replaced = {"--listen": address, "--metrics-listen": "", "--name": "second"}
        words = [word for word in own if word.partition("=")[0] not in replaced]
        words += [f"{flag}={value}" for flag, value in replaced.items()]
        log = open(self.folder.name + "/second.log", "a", encoding="utf-8")
        self.addCleanup(log.close)
        process = subprocess.Popen(words, stderr=log)
        self.addCleanup(self.end, process)
        harness.wait_until(lambda: (self.farm.node(address) or {}).get("groups"), 10,
                           "it knows the groups")
        return address, process

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()

    # --- leading

    def test_a_second_controller_answers_reads_and_leads_when_the_first_dies(self):
        address, process = self.another_controller()
        second = ["--controller", address]
        self.assertFalse(self.farm.node(address)["leading"])
        self.assertEqual(self.farm.weft("group", "show", "g1", *second)["id"], "g1")
        refused = self.farm.run("group", "set", "g1", "--description", "x", *second)
        self.assertEqual(harness.parse_last(refused.stdout)["error"]["reason"], "NOT_LEADING")
        term = self.farm.node()["term"]

        with harness.Standstill(self.folder.name) as machine:
            self.farm.kill_process("controller")
            died = time.monotonic()
            harness.wait_until(lambda: self.farm.node(address)["leading"], 10, "the second leads")
            self.assertLess(time.monotonic() - died - machine.since(died), TAKE_OVER)
        self.assertGreater(self.farm.node(address)["term"], term)
        self.farm.weft("group", "set", "g1", "--description", "x", *second)

        # It gives the lease up when told to end, and the first need not wait for its ttl.
        self.farm.start("controller")
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(DRAIN), 0)
        harness.wait_until(lambda: self.farm.leads(), TAKE_OVER, "the first leads")

    def test_a_sigterm_drains_and_gives_the_lease_up(self):
        pid = self.pid_of("controller")
        begin = time.monotonic()
        os.kill(pid, signal.SIGTERM)
        harness.wait_until(lambda: not pathlib.Path(f"/proc/{pid}").exists(), DRAIN, "its end")
        self.assertLess(time.monotonic() - begin, DRAIN)
        self.farm.start("controller")
        harness.wait_until(lambda: self.farm.leads(), 1, "it leads again at once")

    def test_a_controller_that_stands_still_and_wakes_finds_itself_deposed(self):
        address, process = self.another_controller()
        pid = self.pid_of("controller")
        os.kill(pid, signal.SIGSTOP)
        try:
            harness.wait_until(lambda: self.farm.node(address)["leading"], 10, "the second leads")
        finally:
            os.kill(pid, signal.SIGCONT)
        harness.wait_until(lambda: self.farm.node() is not None, 5, "the first answers")
        self.assertFalse(self.farm.node()["leading"])
        # And leads again when the second is gone.
        process.kill()
        process.wait()
        harness.wait_until(lambda: self.farm.node()["leading"], 10, "the first leads again")

    # --- accounts

    def test_passwords_are_rotated_under_a_writer_and_everything_goes_on(self):
        secrets = pathlib.Path(self.farm.directory, "secrets")
        with harness.Writer(self.farm) as writer:
            writer.moved()
            for duty in ("manage", "replicate", "backup", "restore", "monitor"):
                before = (secrets / duty).read_text()
                rotated = self.farm.weft("account", "rotate", duty)
                self.assertEqual(len(rotated["changed"]), 3, rotated)
                self.assertNotEqual((secrets / duty).read_text(), before)
                self.assertEqual((secrets / duty).stat().st_mode & 0o777, 0o600)
                self.assertFalse((secrets / (duty + ".next")).exists())
            self.farm.await_settled()
            # The new ones are used from now on.
            self.farm.weft("group", "promote", "g1")
            writer.moved()
            self.farm.await_settled()
            self.assertEqual(writer.check()["lost"], 0)

    # --- servers come and go

    def test_a_server_leaves_and_comes_back_with_its_weight(self):
        primary = self.farm.primary()
        address = next(a for a in self.farm.members() if a != primary)
        with harness.Writer(self.farm) as writer:
            writer.moved()
            self.farm.weft("group", "remove", "g1", address)
            group = self.farm.show()
            self.assertEqual(len(group["servers"]), 2)
            self.assertEqual(len(group["acknowledgers"]), 1)
            last = next(s["address"] for s in group["servers"] if s["address"] != primary)
            refused = self.farm.run("group", "remove", "g1", last)
            self.assertEqual(harness.parse_last(refused.stdout)["error"]["reason"],
                             "LAST_ACKNOWLEDGER")
            self.farm.weft("group", "add", "g1", address, "--weight", "0.5")
            self.farm.await_settled()
            server = self.farm.server(address)
            self.assertEqual((server["status"], server["mode"], server["weight"]),
                             ("SECONDARY", "READ_ONLY", 0.5))
            harness.wait_until(lambda: len(self.farm.show()["acknowledgers"]) == 2, 10,
                               "it acknowledges again")
            self.assertEqual(writer.check()["lost"], 0)

    def test_a_server_that_must_not_lead_is_passed_over_though_it_holds_most(self):
        old = self.farm.primary()
        forbidden, other = [address for address in self.farm.members() if address != old]
        self.farm.weft("server", "set", forbidden, "--promotion-rule", "must_not", "--weight", "1")
        self.farm.weft("server", "set", other, "--weight", "0.1")
        refused = self.farm.run("group", "promote", "g1", forbidden)
        error = harness.parse_last(refused.stdout)["error"]
        self.assertEqual((refused.returncode, error["reason"]), (1, "PROMOTION_FORBIDDEN"))
        self.assertIn(f"weft server set {forbidden} --promotion-rule", error["next_step"])
        with harness.Writer(self.farm) as writer:
            writer.moved()
            # It alone acknowledges for a moment.
            self.farm.signal(other, signal.SIGSTOP)
            before = writer.status()["acked"]
            harness.wait_until(lambda: writer.status()["acked"] > before + 20, 10,
                               "writes that the other has not")
            self.farm.kill(old)
            self.farm.signal(other, signal.SIGCONT)
            self.assertEqual(writer.moved()["to"], other)
            self.assertEqual(writer.check()["lost"], 0)
            self.farm.start(old)
            self.farm.heal(old)
        self.farm.weft("server", "set", forbidden, "--promotion-rule", "neutral")
        self.farm.weft("server", "set", other, "--weight", "1")

    # --- what is on record

    def test_what_is_decided_is_on_record_within_a_second(self):
        old = self.farm.primary()
        self.farm.kill(old)
        harness.wait_until(lambda: self.farm.primary() not in (None, old), 10, "another primary")
        time.sleep(1)
        texts = [event["text"] for event in
                 self.farm.weft("events", "--group", "g1")["events"]]
        for expected in ("is judged dead", "begin failover", "stop receiver", "commit primary"):
            self.assertTrue(any(expected in text for text in texts), (expected, texts))
        failover = next(o for o in self.farm.weft("operation", "list", "--group", "g1")["operations"]
                        if o["kind"] == "failover")
        self.assertEqual((failover["state"], failover["user"]), ("SUCCEEDED", "weft"))
        figures = failover["result"]
        self.assertEqual(figures["lost_transactions"], 0)
        self.assertGreater(figures["detection_ms"], 0)
        self.farm.start(old)
        self.farm.heal(old)

    # --- cost

    def test_idle_it_costs_little(self):
        pids = [self.pid_of("controller"), self.pid_of("monitor")]
        time.sleep(3)  # whatever the cases before have stirred up
        before, begin = sum(map(cpu_seconds, pids)), time.monotonic()
        time.sleep(10)
        share = (sum(map(cpu_seconds, pids)) - before) / (time.monotonic() - begin)
        self.assertLess(share, IDLE_CPU)
        self.assertLess(sum(map(resident, pids)), IDLE_MEMORY)


if __name__ == "__main__":
    cases.main()
