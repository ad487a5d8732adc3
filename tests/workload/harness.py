"""Drives a sandbox and a writer from outside, as any user could: by the weft command, signals and the
sandbox's own JSON. For benchmarks and the demo."""

import json
import os
import pathlib
import queue
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Where the built programs are: a build tree, or a test's runfiles.
BINARIES = pathlib.Path(os.environ.get("WEFT_BINARIES", ROOT / "bazel-bin"))
WEFT = BINARIES / "services/cli/weft"
WRITER = BINARIES / "tests/workload/writer_main"
TARGETS = ["//services/cli:weft", "//services/controller:weft-controller",
           "//services/gateway:weft-gateway", "//services/monitor:weft-monitor",
           "//services/provisioner:weft-provisioner", "//tests/workload:writer_main",
           "//common/mysqld:mysqld_supervisor"]


class Failed(Exception):
    """Something did not happen as it should; the text says what."""


def build(targets=TARGETS):
    """Builds what a sandbox needs. Quick when it is built."""
    subprocess.run(["bazel", "build", "--ui_event_filters=-info", "--noshow_progress", *targets],
                   cwd=ROOT, check=True)


def end_on_sigterm():
    """SIGTERM ends the program as Ctrl-C does: what it started is taken down."""
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))


def wait_until(condition, timeout, what):
    """The first true value of condition(); Failed after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise Failed(f"waited {timeout} s in vain: {what}")


class Standstill:
    """How long the machine itself kept programs waiting: those that only sleep and sync a small file in
    `folder`. What it took is in no promise about Weft's own time. A context manager."""

    BEAT = 0.05
    # What a beat takes beyond its sleep where nothing is wrong.
    USUAL = 0.05

    def __init__(self, folder):
        self._folder = pathlib.Path(folder)
        self._over = threading.Event()
        self._lost = []
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        if self._lost:
            print(f"the machine stood still for {self.since(0):.2f} s in all", flush=True)

    def _watch(self):
        with open(self._folder / "standstill", "wb", buffering=0) as file:
            while not self._over.is_set():
                at = time.monotonic()
                self._over.wait(self.BEAT)
                file.write(b".")
                os.fsync(file.fileno())
                lost = time.monotonic() - at - self.BEAT - self.USUAL
                if lost > 0:
                    self._lost.append((at, lost))

    def since(self, instant):
        """Seconds that were lost in beats which began after `instant`, by the monotonic clock, or in
        the one before."""
        return sum(lost for at, lost in self._lost if at + lost + self.BEAT >= instant)


class Sandbox:
    """Real servers and all Weft processes in one folder. A context manager: down at the end."""

    def __init__(self, directory, servers=3, mysql="9.7", group="g1", groups=1, controllers=1,
                 monitors=1, store_members=1, provisioners=1):
        self.directory = str(directory)
        self.group = group
        # A client of before they could be several does not know the option.
        more = ("--store-members", str(store_members)) if store_members > 1 else ()
        if provisioners != 1:
            more += ("--provisioners", str(provisioners))
        try:
            self.layout = self.weft("sandbox", "up", "--dir", self.directory, "--servers",
                                    str(servers), "--groups", str(groups), "--mysql", mysql,
                                    "--controllers", str(controllers), "--monitors", str(monitors),
                                    *more,
                                    timeout=600)
        except BaseException:
            self.down()  # what is half up
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.down()

    def down(self):
        subprocess.run([WEFT, "sandbox", "down", "--dir", self.directory],
                       stdout=subprocess.DEVNULL, check=False)

    def run(self, *arguments, timeout=120):
        """Runs the client with -o json; returns the completed process."""
        command = [str(WEFT), *arguments, "-o", "json"]
        if arguments[0] != "sandbox":
            command += ["--sandbox", self.directory]
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)

    def weft(self, *arguments, timeout=120, check=True):
        """As run; returns what it printed last, parsed. Failed when the exit code is not 0."""
        done = self.run(*arguments, timeout=timeout)
        if check and done.returncode != 0:
            raise Failed(f"weft {' '.join(arguments)} ended with {done.returncode}: "
                         f"{done.stdout.strip()[-400:]} {done.stderr.strip()[-800:]}")
        text = done.stdout.strip()
        return parse_last(text) if text else None

    def status(self):
        return self.weft("sandbox", "status", "--dir", self.directory)

    def members(self):
        """address -> {"uuid", "pid", ...} as the sandbox sees them now."""
        for group in self.status()["groups"]:
            if group["id"] == self.group:
                return {server["address"]: server for server in group["servers"]}
        raise Failed(f"the sandbox has no group {self.group}")

    def show(self):
        """The group as Weft describes it."""
        return self.weft("group", "show", self.group)

    def server(self, address):
        """The server's record in the group."""
        for server in self.show()["servers"]:
            if server["address"] == address:
                return server
        raise Failed(f"{address} is not in group {self.group}")

    def primary(self):
        """Address of the primary of record; None without one."""
        group = self.show()
        for server in group["servers"]:
            if server["name"] == group["primary"]:
                return server["address"]
        return None

    def signal(self, address, number):
        """Sends a signal to a server's mysqld; returns the instant."""
        pid = self.members()[address]["pid"]
        at = time.monotonic()
        os.kill(pid, number)
        return at

    def kill(self, address):
        """kill -9; returns the instant."""
        return self.signal(address, signal.SIGKILL)

    def await_gone(self, address):
        """Until a server's process is no more; only then it can be started again."""
        wait_until(lambda: self.members()[address]["pid"] is None, 10, f"the end of {address}")

    def start(self, which):
        """Starts a server (by address) or a process ("controller", "monitor", "store")."""
        self.weft("sandbox", "start-server", "--dir", self.directory, which)

    def take_hooks(self, text):
        """Has the controller run these programs (hooks.yaml); FOLDER in it is the sandbox's."""
        path = pathlib.Path(self.directory, "hooks.yaml")
        path.write_text(text.replace("FOLDER", self.directory), encoding="utf-8")
        self.kill_process("controller")
        self.start("controller")

    def kill_process(self, which):
        """kill -9 of a process ("controller", "monitor", "store")."""
        self.weft("sandbox", "kill-server", "--dir", self.directory, which)

    def await_settled(self, timeout=90):
        wait_until(self.settled, timeout, f"group {self.group} settled")

    def empty_store(self):
        """What a state store that was lost is replaced by."""
        self.weft("manage", "teardown", "--yes", "--abandon-machines", check=False)
        self.weft("manage", "setup", check=False)

    def node(self, controller=None):
        """What a controller says of itself; None while it does not answer."""
        where = ["--controller", controller] if controller else []
        done = self.run("manage", "status", *where)
        return parse_last(done.stdout) if done.returncode == 0 else None

    def leads(self, controller=None):
        """Whether a controller leads."""
        return (self.node(controller) or {}).get("leading", False)

    def await_leader(self, timeout=10):
        wait_until(lambda: self.weft("manage", "status", check=False)["leading"], timeout, "a leader")

    def heal(self, address, timeout=120):
        """Brings `address` back into the group, rebuilt where it has transactions of its own."""
        def back():
            server = self.server(address)
            if server["status"] == "FAULTY" and server.get("errant"):
                # Refused where it is on its way back already: what touches heartbeats alone is.
                self.weft("server", "rejoin", server["uuid"], "--rebuild", timeout=300, check=False)
            return self.settled()
        wait_until(back, timeout, f"{address} back in the group")

    def settled(self):
        """True when every server is in its place and nothing is left to do."""
        if self.show().get("pending_operation"):
            return False
        explained = self.weft("why", self.group, check=False)
        statuses = [server["status"] for server in self.show()["servers"]]
        return bool(explained and explained.get("settled")) and \
            statuses.count("PRIMARY") == 1 and "FAULTY" not in statuses and \
            "CONFIGURING" not in statuses


def parse_last(text):
    """The whole text as JSON or, where it is several lines, the last line."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return json.loads(text.splitlines()[-1])


class JsonProcess:
    """A program that says events, a line of JSON each with its kind as "event", and takes a word a
    line. A context manager; the end of its input ends it."""

    def __init__(self, argv):
        self._process = subprocess.Popen([str(word) for word in argv], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)
        self._events = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._process.stdin.close()
            self._process.wait(timeout=10)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()

    def signal(self, number):
        self._process.send_signal(number)

    def _read(self):
        for line in self._process.stdout:
            self._heard(json.loads(line))

    def _heard(self, event):
        """Called for each event, from a thread of its own."""
        self._events.put(event)

    def _say(self, word):
        self._process.stdin.write(word + "\n")
        self._process.stdin.flush()

    def next(self, kind, timeout):
        """The next event of that kind; others before it are dropped."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                event = self._events.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                raise Failed(f"{self.name} saw no '{kind}' within {timeout} s") from None
            if event["event"] == "failed":
                raise Failed(event["error"])
            if event["event"] == kind:
                return event


class Writer(JsonProcess):
    """The application under which everything happens."""

    name = "the writer"

    def __init__(self, sandbox, rate=200, statement_timeout="1s", prefix=()):
        """`sandbox`: anything with a layout's "app" and members(). `prefix`: the beginning of a
        command line that runs the rest of it elsewhere."""
        app = sandbox.layout["app"]
        super().__init__([
            *prefix, WRITER, "--servers=" + ",".join(sandbox.members()), f"--user={app['user']}",
            f"--password_file={app['password_file']}", f"--database={app['database']}",
            f"--rate={rate}", f"--statement_timeout={statement_timeout}"])

    def moved(self, timeout=60):
        return self.next("moved", timeout)

    def check(self, timeout=60):
        self._say("check")
        return self.next("checked", timeout)

    def status(self):
        self._say("status")
        return self.next("status", 10)
