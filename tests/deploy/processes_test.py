"""The processes of deploy/kubernetes, each begun with the arguments of its manifest, over a state store and servers
that have the certificates which mysqld makes for itself."""

import json
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import urllib.request
import xmlrpc.client

import deployed
from deployed import ROOT, run

sys.path += [str(ROOT / "tests" / folder) for folder in ("runner", "workload", "integration")]
import by_hand  # noqa: E402  (the paths come first)
import cases  # noqa: E402
import harness  # noqa: E402

NAMES = ("controller", "monitor", "provisioner", "gateway")
# A gRPC message of no bytes, and one of the health service that says SERVING.
ASKED, SERVING = b"\0\0\0\0\0", b"\0\0\0\0\2\x08\1"
PATIENCE = 60  # seconds
# As deploy/images/build puts it there.
IMAGE_BINLOG = ("/opt/mysql/lib/ld-linux-x86-64.so.2,--inhibit-cache,--library-path,/opt/mysql/lib,"
                "/opt/mysql/bin/mysqlbinlog")
# Where it may be done a process finds no shell, as in the image.
WITHOUT_SHELL = ["unshare", "--mount", "/bin/sh", "-c",
                 'mount --bind /dev/null "$(readlink -f /bin/sh)" && exec "$@"', "sh"]


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def mysqlbinlog():
    """This machine's, as the words of --mysqlbinlog."""
    layout = json.loads(run(ROOT / "deploy/mysql/obtain", "9.7", "--json").stdout)
    return ",".join([*layout["client_loader"], f"{layout['bin_dir']}/mysqlbinlog"])


class Node:
    """One process of each kind with folders and ports of this machine in the place of the pods'."""

    def __init__(self, folder, resources, sandbox):
        self.folder = folder
        self.containers = {pod["metadata"]["labels"]["app.kubernetes.io/name"].removeprefix("weft-"): container
                           for _, pod, container in deployed.workloads(resources)}
        self.data = next(one for one in resources if one["kind"] == "ConfigMap")["data"]
        self.data = {**self.data, "store": sandbox["store"]["address"]}
        self.ports = {name: {} for name in NAMES}
        for name in NAMES:
            for argument in self.containers[name]["args"]:
                listens = re.fullmatch(r"--([a-z-]*listen)=[\d.]+:\d+", argument)
                if listens:
                    self.ports[name][listens.group(1)] = free_port()
        self.data["controllers"] = self.address("controller")
        self.replaced = {
            "/etc/weft/": f"{folder}/etc/weft/",
            "/var/lib/weft/": f"{folder}/var/lib/weft/",
            IMAGE_BINLOG: mysqlbinlog(),
            "weft-provisioner.weft.svc:32282": self.address("provisioner"),
        }
        self.processes = {}

    def address(self, name, listen="listen"):
        return f"127.0.0.1:{self.ports[name][listen]}"

    def environment(self, name):
        """What its container has, with all references followed."""
        known = {}
        fields = {"metadata.name": f"weft-{name}-0", "metadata.namespace": "weft"}
        for one in self.containers[name]["env"]:
            source = one.get("valueFrom", {})
            if "fieldRef" in source:
                value = fields[source["fieldRef"]["fieldPath"]]
            elif "configMapKeyRef" in source:
                value = self.data[source["configMapKeyRef"]["key"]]
            else:
                value = one["value"]
            known[one["name"]] = self.here(self.expanded(value, known))
        return known

    @staticmethod
    def expanded(text, known):
        return re.sub(r"\$\((\w+)\)", lambda match: known[match.group(1)], text)

    def here(self, text):
        for there, value in self.replaced.items():
            text = text.replace(there, value)
        return text

    def arguments(self, name):
        known = self.environment(name)
        for argument in self.containers[name]["args"]:
            flag, _, value = self.here(self.expanded(argument, known)).partition("=")
            listen = flag.removeprefix("--")
            if listen in self.ports[name]:
                value = f"{value.partition(':')[0]}:{self.ports[name][listen]}"
            yield f"{flag}={value}"

    def start(self, name, *more):
        program = harness.BINARIES / f"services/{name}/weft-{name}"
        prefix = WITHOUT_SHELL if os.geteuid() == 0 else []
        with open(self.folder / f"{name}.log", "w") as log:
            self.processes[name] = subprocess.Popen([*prefix, program, *self.arguments(name), *more],
                                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def start_again(self, name, *more):
        self.processes[name].send_signal(signal.SIGTERM)
        self.processes[name].wait(30)
        self.start(name, *more)

    def end(self):
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            process.wait(30)

    def said(self, name):
        return (self.folder / f"{name}.log").read_text()[-2000:]

    def probed(self, name):
        """As kubelet does it."""
        done = subprocess.run(
            ["curl", "--silent", "--http2-prior-knowledge", "--header", "content-type: application/grpc",
             "--header", "te: trailers", "--data-binary", "@-",
             f"http://{self.address(name, 'health-listen')}/grpc.health.v1.Health/Check"],
            input=ASKED, stdout=subprocess.PIPE, timeout=10)
        return done.stdout == SERVING

    def run(self, *words):
        """As in the pod of a controller."""
        return run(harness.WEFT, *words, "-o", "json", env={**os.environ, **self.environment("controller")})

    def weft(self, *words):
        """As run; what it printed, parsed."""
        done = self.run(*words)
        if done.returncode != 0:
            raise AssertionError(f"weft {' '.join(words)}: {done.stdout} {done.stderr}")
        return harness.parse_last(done.stdout)


class ProcessesTest(unittest.TestCase):
    """One node for all cases, which go on from each other."""

    @classmethod
    def setUpClass(cls):
        if "WEFT_BINARIES" not in os.environ:
            harness.build()
        scratch = tempfile.TemporaryDirectory(prefix="weft-pods-")
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = pathlib.Path(scratch.name)
        resources, _ = deployed.example_in(cls.folder)
        where = cls.folder / "s"
        cls.addClassCleanup(run, harness.WEFT, "sandbox", "down", "--dir", where)
        up = run(harness.WEFT, "sandbox", "up", "--dir", where, "--bare", "--servers", "3", "-o", "json")
        if up.returncode != 0:
            raise RuntimeError(up.stderr)
        cls.sandbox = harness.parse_last(up.stdout)
        cls.mount("secrets", where / "secrets", ["*"])
        cls.mount("tls", cls.folder / "example/secrets", ["ca.crt", "tls.*"])
        (cls.folder / "var/lib/weft").mkdir(parents=True)
        cls.node = Node(cls.folder, resources, cls.sandbox)
        cls.addClassCleanup(cls.node.end)
        for name in NAMES:
            cls.node.start(name)

    @classmethod
    def mount(cls, name, source, patterns):
        """Files as a Secret is seen in a pod, with the mode that the manifests give them."""
        target = cls.folder / "etc/weft" / name
        target.mkdir(parents=True)
        for pattern in patterns:
            for path in source.glob(pattern):
                (target / path.name).write_bytes(path.read_bytes())
                (target / path.name).chmod(0o440)

    def servers(self):
        return [server["address"] for server in self.sandbox["groups"][0]["servers"]]

    def test_1_each_answers_its_probe(self):
        for name in NAMES:
            with self.subTest(name):
                harness.wait_until(lambda: self.node.probed(name) or self.node.processes[name].poll() is not None,
                                   PATIENCE, self.node.said(name))
                self.assertIsNone(self.node.processes[name].poll(), self.node.said(name))

    def test_2_controller_and_monitor_reach_store_and_servers(self):
        self.node.weft("manage", "setup")
        harness.wait_until(lambda: self.node.weft("manage", "status").get("leading"), PATIENCE, "a leader")
        self.node.weft("group", "create", "g1")
        for address in self.servers()[:2]:
            self.node.weft("group", "add", "g1", address)
        self.node.weft("group", "promote", "g1")
        self.node.weft("group", "activate", "g1")

        self.await_reports("ANSWERED")

    def await_reports(self, contact):
        """Until the monitor says of each server of the group that it is so."""
        def reports():
            told = json.loads(self.node.run("health", "g1").stdout or "{}").get("reports", [])
            return [(one["observer"], one["report"]["contact"]) for one in told]

        harness.wait_until(lambda: reports() == [("weft-monitor-0", contact)] * 2, PATIENCE,
                           f"{contact}: {self.node.said('monitor')}")

    def test_3_the_provisioner_reaches_store_controllers_and_servers(self):
        self.node.weft("provider", "register", "nobody", "--type", "null")
        copied = self.node.weft("server", "clone", "g1", self.servers()[2], "--surrender")
        self.assertEqual(copied["operation"]["state"], "SUCCEEDED")

    def test_4_the_gateway_reaches_controllers_and_provisioners(self):
        secret = self.folder / "connector"
        secret.write_text("of.the.Connector1")
        secret.chmod(0o600)
        self.node.weft("user", "create", "connector", "--roles", "superadmin", "--new-password-file", str(secret))
        url = f"https://{self.node.address('gateway', 'xmlrpc-listen')}/RPC2"
        logins = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        logins.add_password(None, url, "connector", "of.the.Connector1")
        tls = ssl.create_default_context(cafile=self.folder / "etc/weft/tls/ca.crt")
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=tls),
                                             urllib.request.HTTPDigestAuthHandler(logins))

        def rows(method):
            request = urllib.request.Request(url, xmlrpc.client.dumps((), method).encode(),
                                             {"Content-Type": "text/xml"})
            try:
                with opener.open(request, timeout=30) as answer:
                    ((_, _, _, error, sets),), _ = xmlrpc.client.loads(answer.read())
            except OSError as failure:  # it has not heard of the user yet
                return [str(failure)]
            return [row[0] for row in sets[0]["rows"]] if not error else [error]

        harness.wait_until(lambda: rows("group.lookup_groups") == ["g1"], PATIENCE, self.node.said("gateway"))
        self.assertEqual(rows("provider.list"), ["nobody"])

    def sockets(self):
        """(of the primary, of the secondary), and the secondary's address."""
        group = self.node.weft("group", "show", "g1")
        known = {server["address"]: server["socket"] for server in self.sandbox["groups"][0]["servers"]}
        primary = next(one["address"] for one in group["servers"] if one["name"] == group["primary"])
        secondary = next(one["address"] for one in group["servers"] if one["name"] != group["primary"])
        return known[primary], known[secondary], secondary

    def status(self, address):
        return next(one["status"] for one in self.node.weft("group", "show", "g1")["servers"]
                    if one["address"] == address)

    def test_5_changes_that_only_one_server_has_are_saved_and_undone(self):
        primary, secondary, address = self.sockets()
        by_hand.sql(primary, "CREATE TABLE app.kept (id INT PRIMARY KEY)")
        done = by_hand.sql(primary, "SELECT @@GLOBAL.gtid_executed")[0][0].replace("\\n", "")
        by_hand.sql(secondary, f"DO WAIT_FOR_EXECUTED_GTID_SET('{done}', 20)", "SET GLOBAL super_read_only = OFF",
                    "INSERT INTO app.kept VALUES (1)")
        harness.wait_until(lambda: self.status(address) == "FAULTY", PATIENCE, "it is set aside")
        self.node.weft("server", "rejoin", address, "--rewind")
        [saved] = (self.folder / "var/lib/weft/rescue").glob("*.sql")
        self.assertIn("INSERT INTO `app`.`kept`", saved.read_text())
        self.assertEqual(by_hand.sql(secondary, "SELECT COUNT(*) FROM app.kept"), [["0"]])

    def test_6_what_they_say_to_mysql_is_encrypted(self):
        server = self.sandbox["groups"][0]["servers"][0]
        spoken = by_hand.sql(server["socket"], "SELECT DISTINCT processlist_user, connection_type"
                             " FROM performance_schema.threads WHERE connection_type IS NOT NULL"
                             " AND processlist_user IN ('weft_manage', 'weft_monitor') ORDER BY 1")
        self.assertEqual(spoken, [["weft_manage", "SSL/TLS"], ["weft_monitor", "SSL/TLS"]])

    def begin_again(self, names, authority):
        for name in names:
            self.node.start_again(name, f"--mysql-ca={authority}")
            harness.wait_until(lambda: self.node.probed(name), PATIENCE, self.node.said(name))

    def test_7_a_named_authority_must_vouch_for_store_and_servers(self):
        theirs, ours = self.folder / "theirs.pem", self.folder / "etc/weft/tls/ca.crt"
        theirs.write_text("".join(path.read_text() for path in (self.folder / "s").glob("**/ca.pem")))
        self.begin_again(("controller", "monitor", "provisioner"), theirs)
        harness.wait_until(lambda: self.node.weft("manage", "status")["leading"], PATIENCE, "a leader")
        self.await_reports("ANSWERED")
        self.node.weft("provider", "list")
        self.begin_again(("monitor", "provisioner"), ours)
        self.await_reports("REJECTED")
        self.assertIn("certificate", self.node.run("provider", "list").stderr)
        self.begin_again(("controller",), ours)
        self.assertIn("certificate", self.node.run("manage", "status").stdout)


if __name__ == "__main__":
    cases.run()
