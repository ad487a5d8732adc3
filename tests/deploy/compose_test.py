"""deploy/images and deploy/compose: the image, loaded by a real Docker engine of the test's own, runs
the processes as the composition has them."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import deployed
from deployed import ROOT, run

sys.path.append(str(ROOT / "tests" / "runner"))
import cases  # noqa: E402  (the path comes first)

COMPOSE = ROOT / "deploy/compose/compose.yaml"
NO_ENGINE = 3  # docker_engine.sh: it cannot run here, and says why
PORT = 26276  # of the engine's TLS, which nobody here asks
PATIENCE = 60  # seconds


def composition():
    deployed.load_schemas()
    import yaml

    return yaml.safe_load(COMPOSE.read_text())


def weft_services(compose):
    return {name: one for name, one in compose["services"].items() if one["image"] == "weft:latest"}


class CompositionTest(unittest.TestCase):
    def test_every_flag_is_one_of_its_program_and_every_file_one_that_it_is_given(self):
        compose = composition()
        services = weft_services(compose)
        self.assertIn("controller", services)
        for name, service in services.items():
            program, *arguments = service["command"]
            flags = deployed.flags_of(program)
            for argument in arguments:
                flag, _, value = argument.removeprefix("--").partition("=")
                with self.subTest(service=name, argument=argument):
                    self.assertIn(flag.replace("-", "_"), flags)
                    if value.startswith("/run/secrets/"):
                        self.assertIn(value.removeprefix("/run/secrets/"), service["secrets"])
            for secret in service["secrets"]:
                self.assertEqual(compose["secrets"][secret], {"file": f"secrets/{secret}"})


class EngineTest(unittest.TestCase):
    """One engine for all cases."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory(prefix="weft-compose-", ignore_cleanup_errors=True)
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        log = open(cls.folder / "engine.log", "w")
        cls.addClassCleanup(log.close)
        cls.engine = subprocess.Popen(
            ["unshare", "--net", "--mount", "--propagation", "private",
             ROOT / "tests/integration/docker_engine.sh", cls.folder / "engine", str(PORT)],
            stdout=log, stderr=subprocess.STDOUT)
        cls.addClassCleanup(cls.end_engine)
        end = time.monotonic() + PATIENCE
        while cls.docker("version").returncode != 0:
            if cls.engine.poll() == NO_ENGINE:
                why = (cls.folder / "engine.log").read_text().splitlines()[-1]
                raise unittest.SkipTest(f"NO DOCKER ENGINE CAN RUN HERE, NOTHING WAS TRIED: {why}")
            if cls.engine.poll() is not None or time.monotonic() > end:
                raise RuntimeError((cls.folder / "engine.log").read_text()[-3000:])
            time.sleep(0.1)
        image = cls.folder / "weft-image.tar"
        for words in ([ROOT / "deploy/images/build", "--output", image],
                      ["docker", *cls.host(), "load", "--input", image]):
            done = run(*words)
            if done.returncode != 0:
                raise RuntimeError(done.stderr)

    @classmethod
    def end_engine(cls):
        names = cls.docker("ps", "--all", "--quiet").stdout.split()
        if names:
            cls.docker("rm", "--force", *names)
        if cls.engine.poll() is None:
            cls.engine.send_signal(signal.SIGTERM)
        try:
            cls.engine.wait(30)
        except subprocess.TimeoutExpired:
            cls.engine.kill()
            cls.engine.wait()

    @classmethod
    def host(cls):
        return ["--host", f"unix://{cls.folder}/engine/docker.sock"]

    @classmethod
    def docker(cls, *words):
        return run("docker", *cls.host(), *words)

    def awaits(self, what, done):
        end = time.monotonic() + PATIENCE
        while not done():
            self.assertLess(time.monotonic(), end, what)
            time.sleep(0.1)

    def test_every_program_of_the_image_runs_with_nothing_but_the_image(self):
        for program in ("weft", "mysqlfabric", "weft-controller", "weft-gateway", "weft-monitor",
                        "weft-provisioner"):
            with self.subTest(program):
                said = self.docker("run", "--rm", "--read-only", "--cap-drop=ALL", "--network=none",
                                   "weft:latest", program, "--version")
                self.assertEqual(said.returncode, 0, said.stderr)
        binlog = composition()["services"]["controller"]["command"][-1].partition("=")[2].split(",")
        said = self.docker("run", "--rm", "--read-only", "weft:latest", *binlog, "--version")
        self.assertIn("mysqlbinlog", said.stdout, said.stderr)

    def start(self, name, service):
        words = ["run", "--detach", "--name", name, "--read-only", "--cap-drop=ALL",
                 "--user", f"{os.getuid()}:{os.getgid()}"]
        for secret in service["secrets"]:
            words += ["--volume", f"{self.folder}/secrets/{secret}:/run/secrets/{secret}:ro"]
        if "network_mode" in service:
            words += ["--network", f"container:{service['network_mode'].partition(':')[2]}"]
        for port in service.get("ports", []):
            words += ["--publish", port]
        begun = self.docker(*words, "weft:latest", *service["command"])
        self.assertEqual(begun.returncode, 0, begun.stderr)

    def test_the_composed_processes_find_each_other_and_answer_from_outside(self):
        shutil.copy(COMPOSE, self.folder)
        made = run(ROOT / "deploy/kubernetes/make-secrets", self.folder)
        self.assertEqual(made.returncode, 0, made.stderr)
        for name, service in weft_services(composition()).items():
            self.start(name, service)

        def node():
            said = self.docker("exec", "controller", "weft", "node", "status", "--output", "json",
                               "--password-file", "/run/secrets/admin")
            return json.loads(said.stdout) if said.stdout else {}

        # There is no state store here: the controller says so, and serves.
        self.awaits("the controller answers", lambda: "storeError" in node() or "leader" in node())

        def published():
            return run("nsenter", f"--net=/proc/{self.engine.pid}/ns/net", "curl", "--silent",
                       "--output", "/dev/null", "--write-out", "%{http_code}",
                       "http://127.0.0.1:32270/").stdout

        self.awaits("the gateway answers on its published port",
                    lambda: re.fullmatch("[2-5]..", published()) is not None)
        for name in ("controller", "monitor", "gateway", "provisioner"):
            state = self.docker("inspect", "--format", "{{.State.Status}}", name).stdout.strip()
            self.assertEqual(state, "running", self.docker("logs", name).stderr[-2000:])
        # Who is asked to stop stops in order.
        for name in ("provisioner", "gateway", "monitor", "controller"):
            self.docker("stop", "--time", "20", name)
            code = self.docker("inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip()
            self.assertEqual(code, "0", self.docker("logs", name).stderr[-2000:])


if __name__ == "__main__":
    cases.run()
