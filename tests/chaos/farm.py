"""A whole Weft on hosts of its own: a state store, three servers, two controllers, three monitors,
and the host of the application."""

import json
import pathlib
import random
import shutil
import signal
import subprocess
import tempfile
import time

import network
import servers
from servers import harness

STORE = "store"
SERVERS = ("s1", "s2", "s3")
CONTROLLERS = ("c1", "c2")
MONITORS = ("m1", "m2", "m3")
APPLICATION = "app"
WEFT = CONTROLLERS + MONITORS
HOSTS = (STORE, *SERVERS, *WEFT, APPLICATION)
GROUP = "g1"
CONTROLLER_PORT, MONITOR_PORT = 32280, 32281

# Two failovers in a row are no flapping here: each episode waits for the end of the one before.
COOL_DOWN = 2

BINARIES = harness.BINARIES
CONTROLLER = BINARIES / "services/controller/weft-controller"
MONITOR = BINARIES / "services/monitor/weft-monitor"


class Daemon:
    """A process of Weft on a host."""

    def __init__(self, hosts, host, argv, log):
        self.host = host
        self._hosts = hosts
        self._argv = argv
        self._log = log
        self._process = None

    def start(self, environment=()):
        """Nothing when it runs. `environment`: NAME=VALUE beside its own."""
        if self.running():
            return
        argv = ["/usr/bin/env", *environment, *self._argv] if environment else self._argv
        with open(self._log, "a") as log:
            self._process = subprocess.Popen(self._hosts.command(self.host, argv),
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             start_new_session=True)

    def running(self):
        return self._process is not None and self._process.poll() is None

    def send(self, number):
        self._process.send_signal(number)

    def end(self, number=signal.SIGKILL, timeout=20):
        """Ends it by a signal, and waits until it is gone."""
        if self.running():
            self._process.send_signal(number)
            self._process.wait(timeout)


class Farm:
    """A context manager: everything is gone at the end. Down when it could not come up."""

    def __init__(self, root=None, keep=None, seed=0):
        """`seed` chooses which server was open before Weft came, and is the first primary."""
        root = root or tempfile.gettempdir()
        network.sweep(root)
        self.folder = pathlib.Path(root, network.own_name())
        self.network = network.Network(HOSTS)
        self.servers = {}
        self.daemons = {}
        self._keep = keep
        self._first = random.Random(f"first {seed}").choice(SERVERS)

    def __enter__(self):
        try:
            self._up()
        except BaseException:
            self._down()
            raise
        return self

    def __exit__(self, *_):
        self._down()

    def _down(self):
        self.network.down()  # and with the hosts all that runs on them
        if self._keep and (self.folder / "log").exists():
            pathlib.Path(self._keep).mkdir(parents=True, exist_ok=True)
            shutil.copytree(self.folder / "log", self._keep, dirs_exist_ok=True)
            for name, server in self.servers.items():
                if server.error_log.exists():
                    shutil.copy(server.error_log, pathlib.Path(self._keep, f"{name}.log"))
        shutil.rmtree(self.folder, ignore_errors=True)

    def _up(self):
        self.folder.mkdir(mode=0o700)
        for name in ("log", "rescue"):
            (self.folder / name).mkdir()
        servers.make_secrets(self.folder / "secrets")
        self.network.__enter__()
        self._start_servers()
        self._start_weft()
        for name in SERVERS:
            self.weft("group", "add", GROUP, self.servers[name].address)
        self.weft("group", "promote", GROUP)
        if self.primary() != self._first:
            raise harness.Failed(f"expected {self._first} to stay the primary, as it was open before "
                                 f"Weft came; found {self.primary()}")
        self.weft("group", "activate", GROUP)
        self.await_settled(60)

    def _start_servers(self):
        installation = servers.Installation()
        seed = self.folder / "seed"
        installation.initialise(seed)
        secrets = self.folder / "secrets"
        members = list(servers.member_statements(secrets))
        for name in (STORE, *SERVERS):
            server = servers.Server(installation, self.network, name, self.folder / name)
            if name == STORE:
                server.make(seed, servers.store_statements(secrets))
            else:
                server.make(seed, members, [] if name == self._first else ["super-read-only=ON"])
            server.start(first=True)
            self.servers[name] = server
        for server in self.servers.values():
            server.await_serving()
        shutil.rmtree(seed)
        self.mysqlbinlog = ",".join(map(str, installation.program("mysqlbinlog")[:-1]))

    def _secret(self, name):
        return self.folder / "secrets" / name

    def _start_weft(self):
        passwords = [f"--{duty}-password-file={self._secret(duty)}" for duty in servers.DUTIES]
        common = [f"--admin-password-file={self._secret('admin')}", "--insecure"]
        for host, address in zip(CONTROLLERS, self.controllers):
            self._add_daemon(host, [
                CONTROLLER, f"--listen={address}", f"--name={host}",
                f"--store={self.servers[STORE].address}",
                f"--store-password-file={self._secret('store')}", *passwords, *common,
                f"--mysqlbinlog={self.mysqlbinlog}", f"--rescue-dir={self.folder}/rescue",
                f"--failover-cool-down={COOL_DOWN}s"])
        for host in MONITORS:
            self._add_daemon(host, [
                MONITOR, f"--listen={self.network.address(host)}:{MONITOR_PORT}",
                f"--controller={','.join(self.controllers)}", f"--name={host}",
                f"--zone=zone-{host}",
                f"--monitor-password-file={self._secret('monitor')}", *common])
        first = self.daemons[CONTROLLERS[0]]
        subprocess.run(self.network.command(CONTROLLERS[0], [*first._argv, "--manage=setup"]),
                       check=True, timeout=60, stderr=subprocess.DEVNULL)
        for daemon in self.daemons.values():
            daemon.start()
        harness.wait_until(self.leader, 20, "a controller leads")
        harness.wait_until(
            lambda: self.run("group", "create", GROUP).returncode == 0, 20, "the group is made")

    def _add_daemon(self, host, argv):
        self.daemons[host] = Daemon(self.network, host, argv, self.folder / "log" / f"{host}.log")

    @property
    def controllers(self):
        return [f"{self.network.address(host)}:{CONTROLLER_PORT}" for host in CONTROLLERS]

    @property
    def layout(self):
        """As a sandbox's, for harness.Writer."""
        return {"app": {"user": "app", "password_file": self._secret("app"), "database": "app"}}

    def members(self):
        return [self.servers[name].address for name in SERVERS]

    # --- asking -------------------------------------------------------------------------------

    def leader(self):
        """The host of the controller that holds the lease; None without one."""
        rows = self.servers[STORE].query("SELECT holder FROM weft.lease")
        for host in CONTROLLERS:
            if rows and host in rows[0][0]:
                return host
        return None

    def leader_alive(self):
        """As leader, but only if that process runs."""
        host = self.leader()
        return host if host and self.daemons[host].running() else None

    def run(self, *words, timeout=60):
        """Runs the client on the host of the application; it knows all controllers."""
        argv = [harness.WEFT, *words, "-o", "json", "--insecure", "--controller",
                ",".join(self.controllers), "--user", "admin",
                "--password-file", self._secret("admin"), "--timeout", str(timeout)]
        return subprocess.run(self.network.command(APPLICATION, argv), capture_output=True,
                              text=True, timeout=timeout + 10, check=False)

    def weft(self, *words, timeout=60, codes=(0,)):
        """As run; what it printed, parsed. Failed when it ends with another exit code."""
        done = self.run(*words, timeout=timeout)
        if done.returncode not in codes:
            raise harness.Failed(f"weft {' '.join(words)} ended with {done.returncode}: "
                                 f"{done.stdout.strip()[-400:]} {done.stderr.strip()[-400:]}")
        return harness.parse_last(done.stdout.strip())

    def tenures(self):
        """[(epoch, server uuid)] of every epoch of the group, in order, from the state store."""
        rows = self.servers[STORE].query(
            f"SELECT number, primary_uuid FROM weft.epoch WHERE group_id = '{GROUP}'"
            " ORDER BY number")
        return [(int(row[0]), row[1]) for row in rows]

    def acknowledgers(self):
        """uuids of those who may acknowledge, from the state store."""
        return [row[0] for row in self.servers[STORE].query(
            f"SELECT server_uuid FROM weft.acknowledger WHERE group_id = '{GROUP}'")]

    def primary(self):
        """The server that is the primary of record."""
        uuid = self.tenures()[-1][1]
        for name in SERVERS:
            if self.servers[name].uuid == uuid:
                return name
        raise harness.Failed(f"the group has no primary: {uuid!r}")

    def refusals(self, since):
        """[(kind of its operation or "", text)] of the refusals recorded after event number
        `since`."""
        rows = self.servers[STORE].query(
            "SELECT COALESCE(o.kind, ''), REPLACE(e.text, '\\n', ' ') FROM weft.event e"
            " LEFT JOIN weft.operation o ON o.id = e.operation"
            f" WHERE e.kind = 'refusal' AND e.sequence > {since} ORDER BY e.sequence")
        return [(row[0], row[1]) for row in rows]

    def events(self, since):
        """Lines of what was recorded after event number `since`."""
        rows = self.servers[STORE].query(
            "SELECT happened, kind, REPLACE(text, '\\n', ' ') FROM weft.event"
            f" WHERE sequence > {since} ORDER BY sequence")
        return [" ".join(row) for row in rows]

    def last_event(self):
        return int(self.servers[STORE].query(
            "SELECT COALESCE(MAX(sequence), 0) FROM weft.event")[0][0])

    # --- converging ---------------------------------------------------------------------------

    def unsettled(self):
        """What is not yet as it should be; empty when the group has settled: to Weft, and to
        somebody who asks the servers themselves."""
        shown = self.run("group", "show", GROUP, timeout=10)
        if shown.returncode != 0:
            return f"group show: {(shown.stderr.strip() or 'no answer')[-300:]}"
        group = harness.parse_last(shown.stdout)
        if group.get("pending_operation"):
            return f"operation {group['pending_operation']} is under way"
        wrong = [f"{one['address']} is {one['status']}"
                 + (f", errant {one['errant']}" if one.get("errant") else "")
                 for one in group["servers"] if one["status"] not in ("PRIMARY", "SECONDARY")]
        if wrong:
            return "; ".join(wrong)
        return self._unsettled_servers(group) or self._unsettled_why()

    def _unsettled_why(self):
        why = harness.parse_last(self.run("why", GROUP, timeout=10).stdout or "{}")
        return "" if why.get("settled") else f"why: {json.dumps(why)[:500]}"

    def _unsettled_servers(self, group):
        primary = [one for one in group["servers"] if one["name"] == group["primary"]]
        if len(primary) != 1:
            return f"the primary of record is {group['primary']!r}"
        host = primary[0]["address"].rpartition(":")[0]
        for name in SERVERS:
            server = self.servers[name]
            try:
                read_only = server.query("SELECT @@super_read_only")[0][0]
                replicating = server.query(
                    "SELECT c.HOST, s.SERVICE_STATE, a.SERVICE_STATE"
                    " FROM performance_schema.replication_connection_configuration c"
                    " JOIN performance_schema.replication_connection_status s USING (CHANNEL_NAME)"
                    " JOIN performance_schema.replication_applier_status a USING (CHANNEL_NAME)")
            except (harness.Failed, subprocess.TimeoutExpired) as trouble:
                return str(trouble)
            leads = server.address == primary[0]["address"]
            if leads != (read_only == "0"):
                return f"{name}: super_read_only is {read_only}"
            if not leads and replicating != [[host, "ON", "ON"]]:
                return f"{name} replicates {replicating}, expected {host}"
        return ""

    def errant(self):
        """[(uuid, GTID set)] of the servers that were set aside with transactions of their own."""
        group = self.weft("group", "show", GROUP, timeout=10)
        return [(one["uuid"], one["errant"]) for one in group["servers"]
                if one["status"] == "FAULTY" and one.get("errant")]

    def await_settled(self, timeout, on_errant=None):
        """Waits; returns how long it took. A server that was set aside with transactions of its own
        is rebuilt if on_errant(uuid, set), which is told of it, is true; else it stays where it is,
        unless Weft brings it back unasked."""
        began = time.monotonic()
        last = [""]

        def settled():
            try:
                last[0] = self.unsettled()
                if last[0] and on_errant:
                    self._rebuild_errant(on_errant)
            except (harness.Failed, subprocess.TimeoutExpired) as trouble:
                last[0] = str(trouble)
            return not last[0]
        try:
            harness.wait_until(settled, timeout, "the group settles")
        except harness.Failed:
            raise harness.Failed(f"not settled after {timeout} s: {last[0]}") from None
        return time.monotonic() - began

    def _rebuild_errant(self, on_errant):
        for uuid, extra in self.errant():
            if not on_errant(uuid, extra):
                continue
            # Refused where it is on its way back already: what touches heartbeats alone is undone
            # unasked. Who does not come back is told as not settled.
            self.run("server", "rejoin", uuid, "--rebuild", timeout=120)

    def restart_what_ended(self):
        """Starts every server and process that does not run."""
        for part in (*self.servers.values(), *self.daemons.values()):
            part.start()
        for server in self.servers.values():
            server.await_serving()

