"""Twenty episodes of tests/chaos/run, other ones each hour; and that its checkers see a farm in which
two servers do accept writes."""

import json
import os
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import cases  # noqa: E402
import clients  # noqa: E402
import episodes  # noqa: E402
import farm as farms  # noqa: E402
import faults  # noqa: E402
import network  # noqa: E402
from checkers import MAY  # noqa: E402

EPISODES = 20
RUN = pathlib.Path(__file__).resolve().parent / "run"


def open_a_replica(scene):
    """What Weft exists to prevent: a second server accepts writes, until Weft closes it again."""
    replica = scene.farm.servers[scene.replicas[0]]
    scene.astray.add(replica.uuid)
    replica.query("STOP REPLICA; SET GLOBAL super_read_only = 0; SET GLOBAL read_only = 0")
    scene.clients.stubborn.await_ok(10, lambda ok: ok.server_uuid == replica.uuid)


def kept_logs():
    """Bazel keeps what is written there."""
    outputs = os.environ.get("TEST_UNDECLARED_OUTPUTS_DIR")
    return ["--logs", outputs] if outputs else []


class ChaosTest(unittest.TestCase):
    def setUp(self):
        try:
            network.check_available()
        except network.Unavailable as reason:
            self.skipTest(str(reason))

    def test_a_short_run_of_the_hours_seeds(self):
        # Seeds in a row go through all kinds: within a few runs each comes up, also of one day.
        seed = EPISODES * int(time.time() // 3600)
        print(f"tests/chaos/run --episodes {EPISODES} --seed {seed}", flush=True)
        run = subprocess.Popen([sys.executable, "-B", RUN, "--episodes", str(EPISODES), "--seed",
                                str(seed), "--json", *kept_logs()],
                               stdout=subprocess.PIPE, text=True)
        with run:
            try:
                for line in run.stdout:
                    print(line, end="", flush=True)
            except BaseException:
                run.terminate()  # it takes its farm down
                raise
        self.assertEqual(run.returncode, 0)
        self.assertEqual(json.loads(line)["episodes"], EPISODES)

    def test_two_servers_that_accept_writes_are_seen(self):
        opened = faults.Fault("open_a_replica", MAY, open_a_replica, {})
        with farms.Farm() as farm, clients.Clients(farm) as load:
            player = episodes.Player(farm, load)
            result = player.play(opened, 1)
        print(result)
        self.assertTrue(result["converged"], result["error"])
        self.assertGreater(result["dual_commits"], 0)
        self.assertGreater(result["lost"], 0)


if __name__ == "__main__":
    cases.main()
