"""grpcurl, which knows nothing of Weft but what reflection tells it, against every process."""

import base64
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/interop"), str(ROOT / "tests/integration")]
import cases  # noqa: E402
import clients  # noqa: E402
import harness  # noqa: E402

# A call that reads, of every service of the controller, and a field of its answer.
READS = {
    "weft.v1.Groups/GetGroup": ({"name": "g1"}, "servers"),
    "weft.v1.Servers/ListServers": ({"group": "groups/g1"}, "servers"),
    "weft.v1.Operations/ListOperations": ({"group": "groups/g1"}, "operations"),
    "weft.v1.Health/GetHealth": ({"group": "groups/g1"}, "reports"),
    "weft.v1.Topology/GetTopology": ({}, "groups"),
    "weft.v1.Node/GetNodeStatus": ({}, "version"),
    "weft.v1.Users/ListUsers": ({}, "users"),
}
# Of these every call changes something.
WRITES_ONLY = {"weft.v1.Threats"}
OF_EVERY_PROCESS = {"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


class Grpcurl(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.program = clients.obtain("grpcurl-1.8.7") / "grpcurl"
        folder = tempfile.TemporaryDirectory(prefix="weft-interop-", dir="/tmp")
        cls.addClassCleanup(folder.cleanup)
        cls.farm = clients.settled_farm(folder.name + "/s", servers=1)
        cls.addClassCleanup(cls.farm.down)
        cls.controller = cls.farm.layout["controller"]

    def grpcurl(self, *arguments, login=True, check=True):
        command = [self.program, "-plaintext", "-max-time", "20"]
        environment = {"PATH": "/usr/bin:/bin"}
        if login:
            admin = self.farm.layout["admin"]
            pair = f"{admin['user']}:{clients.read_secret(admin)}".encode()
            environment["LOGIN"] = "Basic " + base64.b64encode(pair).decode()
            command += ["-expand-headers", "-H", "authorization: ${LOGIN}"]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=60,
                              env=environment, check=False)
        if check:
            self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def services(self, address):
        return set(self.grpcurl(address, "list", login=False).stdout.split())

    def test_every_process_tells_its_services_and_its_health(self):
        processes = {"controller": self.controller, "monitor": self.farm.layout["monitor"],
                     "gateway": self.gateway_grpc()}
        for name, address in processes.items():
            with self.subTest(process=name):
                self.assertLessEqual(OF_EVERY_PROCESS, self.services(address))
                said = self.grpcurl(address, "grpc.health.v1.Health/Check", login=False).stdout
                self.assertEqual(json.loads(said), {"status": "SERVING"})

    def gateway_grpc(self):
        record = pathlib.Path(self.farm.directory, "run/weft-gateway.json").read_text()
        return record.partition("--listen=")[2].partition('"')[0]

    def test_a_call_of_every_service_of_the_controller(self):
        named = {method.partition("/")[0] for method in READS} | WRITES_ONLY
        self.assertEqual(self.services(self.controller) - OF_EVERY_PROCESS, named)
        for method, (request, field) in READS.items():
            with self.subTest(method=method):
                done = self.grpcurl("-d", json.dumps(request), self.controller, method)
                self.assertIn(field, json.loads(done.stdout))

    def test_a_call_without_a_login_is_refused(self):
        for method in READS:
            with self.subTest(method=method):
                done = self.grpcurl("-d", "{}", self.controller, method, login=False, check=False)
                self.assertIn("Unauthenticated", done.stderr)

    def test_a_token_logs_scripts_in(self):
        token = self.farm.weft("user", "token", "--lifetime", "5m")["token"]
        file = pathlib.Path(self.farm.directory, "script.token")
        file.touch(mode=0o600)
        file.write_text(token + "\n")
        method, request = "weft.v1.Node/GetNodeStatus", ["-d", "{}", self.controller]
        environment = {"PATH": "/usr/bin:/bin", "TOKEN": token}
        done = subprocess.run(
            [self.program, "-plaintext", "-expand-headers", "-H", "authorization: Bearer ${TOKEN}",
             *request, method], capture_output=True, text=True, timeout=60, env=environment,
            check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

        def weft(*login, **variables):
            return subprocess.run(
                [harness.WEFT, "node", "status", "--controller", self.controller, *login],
                capture_output=True, text=True, timeout=60, env=variables, check=False)

        for done in (weft("--token-file", file), weft(WEFT_TOKEN_FILE=str(file))):
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(weft().returncode, 0)
        file.write_text(token[:-4])
        wrong = weft("--token-file", file)
        self.assertNotEqual(wrong.returncode, 0)
        self.assertNotIn(token[:-4], wrong.stderr)

    def test_an_error_carries_its_detail(self):
        done = self.grpcurl("-d", '{"name": "nope"}', self.controller, "weft.v1.Groups/GetGroup",
                            check=False)
        self.assertIn("NotFound", done.stderr)
        self.assertIn("weft.v1.ErrorDetail", done.stderr)

    def test_the_topology_is_pushed(self):
        harness.wait_until(lambda: self.farm.primary(), 10, "a primary")
        done = self.grpcurl("-max-time", "2", self.controller, "weft.v1.Topology/WatchTopology",
                            check=False)
        self.assertIn('"complete": true', done.stdout)
        self.assertIn('"leading": true', done.stdout)


if __name__ == "__main__":
    cases.main()
