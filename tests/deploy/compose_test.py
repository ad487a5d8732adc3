"""deploy/images and deploy/compose: the image, loaded by a real Docker engine of the test's own, runs
the processes as the composition has them."""

import json
import os
import pathlib
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
FOUND_AGAIN = 10  # seconds, by a name that has another address
# Who runs the composition: nobody in particular, and not root.
OWNER = 23765
# What stands for the store's image, which is not on this machine: as that one makes it, a server with one database
# and an account that may do anything there.
STORE_ENTRYPOINT = ["/usr/sbin/mysqld", "--no-defaults", "--datadir=/var/lib/mysql", "--socket=/tmp/mysql.sock",
                    "--pid-file=/tmp/mysql.pid", "--innodb-buffer-pool-size=32M", "--innodb-use-native-aio=OFF",
                    "--mysqlx=OFF", "--secure-file-priv=NULL",
                    "--init-file=/docker-entrypoint-initdb.d/user-data.sql"]
STORE_SQL = """CREATE DATABASE IF NOT EXISTS weft;
CREATE USER IF NOT EXISTS weft_store@'%' IDENTIFIED BY '{password}';
GRANT ALL ON weft.* TO weft_store@'%';
"""


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


    def test_no_service_lives_in_the_network_of_another(self):
        # When that one's container is begun again, it is left behind in a network that is no more.
        for name, service in weft_services(composition()).items():
            self.assertNotIn("network_mode", service, name)


class EngineTest(unittest.TestCase):
    """One engine for all cases."""

    refusal = ""  # what `weft` said last on its standard error

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
        image, store = cls.folder / "weft-image.tar", cls.folder / "store.tar"
        changes = ["--change", "USER mysql", "--change", f"ENTRYPOINT {json.dumps(STORE_ENTRYPOINT)}"]
        for words in ([ROOT / "deploy/images/build", "--output", image],
                      ["docker", *cls.host(), "load", "--input", image],
                      [ROOT / "tests/integration/docker_image.sh", store],
                      ["docker", *cls.host(), "import", *changes, store, composition()["services"]["store"]["image"]]):
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

    def awaits(self, what, done, patience=PATIENCE):
        end = time.monotonic() + patience
        while not done():
            self.assertLess(time.monotonic(), end, f"{what}: {self.refusal}")
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

    def begin(self, name, *words):
        """A container of that name, which the others find by it, as those of a composition."""
        begun = self.docker("run", "--detach", "--name", name, "--network", "node", *words)
        self.assertEqual(begun.returncode, 0, begun.stderr)

    def start_store(self, service):
        data = self.node / "store.sql"
        data.write_text(STORE_SQL.format(password=(self.node / "secrets/store").read_text().strip()))
        data.chmod(0o644)
        self.begin("store", "--volume", f"{data}:/docker-entrypoint-initdb.d/user-data.sql:ro", service["image"],
                   *service["command"])

    def start(self, name, service):
        words = ["--read-only", "--cap-drop=ALL", "--user", f"{OWNER}:{OWNER}"]
        for secret in service["secrets"]:
            words += ["--volume", f"{self.node}/secrets/{secret}:/run/secrets/{secret}:ro"]
        for volume in service.get("volumes", []):
            words += ["--volume", volume.replace("./", f"{self.node}/")]
        for variable, value in service.get("environment", {}).items():
            words += ["--env", f"{variable}={value}"]
        for port in service.get("ports", []):
            words += ["--publish", port]
        self.begin(name, *words, service["image"], *service["command"])

    def make_node(self):
        """The folder of the composition, made by who runs it."""
        self.folder.chmod(0o711)
        self.node = self.folder / "node"
        self.node.mkdir()
        for path in (COMPOSE, ROOT / "deploy/kubernetes/make-secrets"):
            shutil.copy(path, self.node)
        os.chown(self.node, OWNER, OWNER)
        made = run(self.node / "make-secrets", self.node, user=OWNER, group=OWNER, extra_groups=[])
        self.assertEqual(made.returncode, 0, made.stderr)

    def weft(self, *words):
        """As `docker compose exec controller weft ...`; None while that fails."""
        said = self.docker("exec", "controller", "weft", *words, "--output", "json")
        self.refusal = said.stderr
        return json.loads(said.stdout) if said.returncode == 0 else None

    def from_outside(self, path):
        """(HTTP code, body) of the gateway at its published port."""
        said = run("nsenter", f"--net=/proc/{self.engine.pid}/ns/net", "curl", "--silent", "--write-out",
                   "\n%{http_code}", f"http://127.0.0.1:32270{path}").stdout
        body, _, code = said.rpartition("\n")
        return code, body

    def address(self, name):
        return self.docker("inspect", "--format", "{{.NetworkSettings.Networks.node.IPAddress}}", name).stdout.strip()

    def move(self, name, image):
        """It is begun again, and meanwhile its address has been given to another container, of `image`."""
        before = self.address(name)
        self.docker("stop", name)
        self.begin("squatter", image)
        self.assertEqual(self.address("squatter"), before)
        self.assertEqual(self.docker("start", name).returncode, 0)
        self.assertNotEqual(self.address(name), before)

    def await_whole(self, group, patience=PATIENCE):
        """A group that is made now is seen by all: monitor, provisioner and gateway reach the controller."""
        self.awaits("a controller leads", lambda: (self.weft("manage", "status") or {}).get("leading"))
        self.assertIsNotNone(self.weft("group", "create", group))
        self.awaits("the monitor reports", lambda: self.weft("manage", "status").get("monitors") == 1,
                    patience)
        self.awaits("the provisioner answers", lambda: self.weft("provider", "list") is not None)
        self.awaits("the gateway shows it", lambda: group in self.from_outside("/v1/groups")[1])

    def test_the_composed_processes_find_each_other_and_answer_from_outside(self):
        self.make_node()
        self.assertEqual(self.docker("network", "create", "node").returncode, 0)
        services = composition()["services"]
        self.start_store(services["store"])
        for name, service in weft_services(composition()).items():
            self.start(name, service)
        self.awaits("the store is set up", lambda: self.weft("manage", "setup") is not None)
        self.await_whole("before")
        for name in ("controller", "provisioner"):
            self.assertEqual(self.docker("restart", name).returncode, 0)
            self.await_whole(f"after-{name}")
        self.move("controller", services["store"]["image"])
        self.await_whole("moved", FOUND_AGAIN)
        self.save_into_rescue(services["controller"])
        # Who is asked to stop stops in order.
        for name in ("provisioner", "gateway", "monitor", "controller"):
            self.docker("stop", "--time", "20", name)
            code = self.docker("inspect", "--format", "{{.State.ExitCode}}", name).stdout.strip()
            self.assertEqual(code, "0", self.docker("logs", name).stderr[-2000:])

    def save_into_rescue(self, service):
        """The controller's mysqlbinlog may write where rescues go."""
        binlog = service["command"][-1].partition("=")[2].split(",")
        said = self.docker("exec", "controller", *binlog, "--result-file=/var/lib/weft/proof", "/dev/null")
        self.assertTrue((self.node / "rescue/proof").exists(), said.stdout + said.stderr)


if __name__ == "__main__":
    cases.run()
