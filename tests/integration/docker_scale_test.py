"""`weft group scale` with a real Docker engine: a group of containers grows by one and shrinks again. Where no
engine can run this is said loudly, and counts as skipped."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import by_hand  # noqa: E402
import cases  # noqa: E402
import harness  # noqa: E402

PORT = "26278"
INSIDE = "WEFT_TEST_NAMESPACE"
ENTRYPOINT = ('ENTRYPOINT ["/usr/sbin/mysqld", "--no-defaults", "--datadir=/var/lib/mysql", '
              '"--socket=/tmp/mysql.sock", "--pid-file=/tmp/mysql.pid", "--secure-file-priv=NULL", '
              '"--innodb-buffer-pool-size=32M", "--innodb-use-native-aio=OFF", "--mysqlx=OFF", '
              '"--init-file=/docker-entrypoint-initdb.d/user-data.sql"]')
MEMBER = ("--gtid-mode=ON --enforce-gtid-consistency=ON --log-bin=binlog --relay-log-recovery=ON "
          "--skip-name-resolve --plugin-load-add=mysql_clone.so")
APP = "of.the.App1"


def enter_namespaces():
    """Begins this program anew in a network and mounts of its own, where it may; says whether it is there."""
    if INSIDE in os.environ:
        subprocess.run(["mount", "--make-rprivate", "/"], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return True
    if os.geteuid() == 0 and shutil.which("unshare"):
        os.execvpe("unshare", ["unshare", "--net", "--mount", sys.executable, "-B", *sys.argv],
                   {**os.environ, INSIDE: "1"})
    return False


class Engine:
    """A Docker engine of the test's own, with an image weft/mysql; RuntimeError says why none can run."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.socket = self.folder / "docker.sock"
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen([ROOT / "tests/integration/docker_engine.sh", self.folder, PORT],
                                            stdout=log, stderr=log)
        try:
            harness.wait_until(self._is_up, 60, "the engine")
        except BaseException:
            self.stop()
            raise

    def _is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError((self.folder / "log").read_text(errors="replace").splitlines()[-1])
        return self.socket.exists() and self.ask("version").returncode == 0

    def ask(self, path, *options):
        return subprocess.run(["curl", "--silent", "--fail", "--unix-socket", self.socket, *options,
                               f"http://localhost/v1.41/{path}"], capture_output=True, text=True, timeout=180,
                              check=False)

    def take_image(self):
        archive = self.folder / "image.tar"
        subprocess.run([ROOT / "tests/integration/docker_image.sh", archive], check=True, timeout=180,
                       stdout=subprocess.DEVNULL)
        changes = "".join(f"&changes={urllib.parse.quote(one)}" for one in ("USER mysql", ENTRYPOINT))
        done = self.ask(f"images/create?fromSrc=-&repo=weft/mysql&tag=9.7{changes}", "--request", "POST",
                        "--header", "Content-Type: application/x-tar", "--upload-file", archive)
        archive.unlink()
        if done.returncode != 0:
            raise harness.Failed(f"the image was not taken: {done.stdout} {done.stderr}")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)
        for controller in pathlib.Path("/sys/fs/cgroup").iterdir():
            shutil.rmtree(controller / f"weft-{self.folder.name}", ignore_errors=True)


class DockerScale(unittest.TestCase):
    """A Weft without servers of its own, and an engine as provider of machines."""

    why_not = ""  # it cannot run here

    def setUp(self):
        if self.why_not:
            self.skipTest(f"NOT RUN: {self.why_not}")

    @classmethod
    def setUpClass(cls):
        if INSIDE not in os.environ:
            cls.give_up("namespaces of network and mounts need root")
            return
        folder = tempfile.TemporaryDirectory(prefix="weft-ds-", ignore_cleanup_errors=True)
        cls.addClassCleanup(folder.cleanup)
        try:
            cls.engine = Engine(folder.name)
        except RuntimeError as error:
            cls.give_up(str(error))
            return
        cls.addClassCleanup(cls.engine.stop)
        cls.engine.take_image()
        cls.farm = harness.Sandbox(folder.name + "/s", servers=1)
        cls.addClassCleanup(cls.farm.__exit__)
        # Each machine is reached at its container's own address, by its peers as by Weft.
        cls.farm.weft("provider", "register", "engine", "--type", "docker", "--url", f"unix://{cls.engine.socket}",
                      "--image", "weft/mysql")
        accounts = pathlib.Path(folder.name, "accounts.sql")
        accounts.write_text(cls.accounts(), encoding="utf-8")
        cls.order = ["--meta", f"command={MEMBER}", "--flavor", "memory=1g", "--user-data-file", str(accounts)]

    @classmethod
    def give_up(cls, why):
        cls.why_not = why
        print(f"\n*** NOT RUN: no Docker engine can run here, so groups are not scaled on a real one.\n"
              f"*** Why: {why}\n", flush=True)

    @classmethod
    def accounts(cls):
        """Weft's accounts and one of the application, as SQL that runs at each start of a server."""
        lines = ["SET SESSION sql_log_bin = 0", "SET GLOBAL server_id = CRC32(@@server_uuid)",
                 f"CREATE USER IF NOT EXISTS app@'%' IDENTIFIED BY '{APP}'", "GRANT ALL ON *.* TO app@'%'"]
        for account in cls.farm.weft("account", "list", "--mysql", "9.7")["accounts"]:
            password = pathlib.Path(cls.farm.directory, "secrets", account["duty"]).read_text().strip()
            user = f"{account['user']}@'%'"
            lines.append(f"CREATE USER IF NOT EXISTS {user} IDENTIFIED BY '{password}'")
            lines += [f"GRANT {one['name']} ON {one['scope']} TO {user}" for one in account["privileges"]]
        return "".join(f"{line};\n" for line in lines)

    def sql(self, address, *statements):
        host, _, port = address.rpartition(":")
        done = subprocess.run([*by_hand.tcp_client(), "--user=app", f"--host={host}", f"--port={port}"],
                              input=";\n".join(statements) + ";\n", capture_output=True, text=True, timeout=60,
                              env={**os.environ, "MYSQL_PWD": APP}, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def members(self):
        return {server["address"]: server for server in self.farm.weft("group", "show", "d")["servers"]}

    def live(self):
        listed = self.farm.weft("machine", "list", "--provider", "engine", "--live").get("machines", [])
        return {f"{one['addresses'][0]['host']}:{one['addresses'][0]['port']}" for one in listed}

    def test_a_group_of_containers_grows_and_shrinks_again(self):
        self.farm.weft("machine", "create", "engine", "--count", "2", *self.order, timeout=300)
        first = sorted(self.live())
        self.assertEqual(len(first), 2)
        self.farm.weft("group", "create", "d")
        for address in first:
            self.farm.weft("group", "add", "d", address)
        self.farm.weft("group", "promote", "d")
        primary = next(one["address"] for one in self.members().values() if one["status"] == "PRIMARY")
        self.sql(primary, "CREATE DATABASE app", "CREATE TABLE app.words (id INT PRIMARY KEY, word TEXT)",
                 "INSERT INTO app.words VALUES (1, 'weft'), (2, 'warp')")

        self.farm.weft("group", "scale", "d", "--servers", "3", "--provider", "engine", *self.order, timeout=400)
        members = self.members()
        self.assertEqual(set(members), self.live())
        added = next(address for address in members if address not in first)
        self.assertEqual((members[added]["status"], members[added]["mode"]), ("SECONDARY", "READ_ONLY"))
        self.assertEqual(self.sql(added, "SELECT word FROM app.words ORDER BY id"), ["weft", "warp"])

        self.farm.weft("group", "scale", "d", "--servers", "2", "--yes", timeout=300)
        self.assertEqual(set(self.members()), self.live())
        self.assertEqual(len(self.live()), 2)
        self.assertIn(primary, self.live())


if __name__ == "__main__":
    enter_namespaces()
    cases.main()
