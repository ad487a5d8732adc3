"""Hosts in network namespaces of their own, joined by one bridge, and what can go wrong between them.

The bridge lives in a namespace too, and each cable is laid straight between two namespaces: nothing
of the machine's own network is touched or can be reached, and the addresses need not be free on it.
Names carry the process that owns them, so that runs do not collide, and a later run removes what a
killed one left (sweep).
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess

PREFIX = "weft-chaos"
SUBNET = "10.86.0"
SWITCH = "switch"
NAMESPACES = pathlib.Path("/run/netns")
# Administrators' programs, also where PATH is that of a test.
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
IP, FILTER = (shutil.which(name, path=PATH) for name in ("ip", "iptables-restore"))


class Unavailable(Exception):
    """This machine or this user cannot make network namespaces; the text says why."""


def start_time(pid):
    """When the process began, in the kernel's ticks; None when there is none. A pid alone may be
    another process by now."""
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[19])


def own_name():
    """The beginning of the names of everything that this process makes."""
    return f"{PREFIX}-{os.getpid()}-{start_time(os.getpid())}"


def is_orphan(name):
    """True for the name of something made by a run whose process is gone."""
    match = re.match(PREFIX + r"-(\d+)-(\d+)(-|$)", name)
    return bool(match) and start_time(int(match[1])) != int(match[2])


def ip(*words, check=True, text=None):
    done = subprocess.run([IP, *words], capture_output=True, text=True, input=text, check=False)
    if check and done.returncode != 0:
        raise Unavailable(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def check_available():
    """Unavailable unless namespaces and packet filters can be made here."""
    if not IP or not FILTER:
        raise Unavailable("iproute2 or iptables is not installed: deploy/setup --dev")
    if os.geteuid() != 0:
        raise Unavailable("network namespaces need root")
    probe = own_name() + "-probe"
    try:
        ip("netns", "add", probe)
        rules = "*filter\n-A INPUT -m statistic --mode random --probability 0.5 -j DROP\nCOMMIT\n"
        ip("netns", "exec", probe, FILTER, text=rules)
    finally:
        ip("netns", "del", probe, check=False)


def remove_namespace(name):
    """Kills what runs in it, and removes it."""
    for pid in ip("netns", "pids", name, check=False).split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    ip("netns", "del", name, check=False)


def sweep(folder):
    """Removes namespaces and folders (of `folder`) of runs whose process is gone."""
    names = [path.name for path in NAMESPACES.glob(PREFIX + "-*")] if NAMESPACES.exists() else []
    for name in filter(is_orphan, names):
        remove_namespace(name)
    for path in pathlib.Path(folder).glob(PREFIX + "-*"):
        if is_orphan(path.name):
            shutil.rmtree(path, ignore_errors=True)


class Network:
    """A context manager: everything is gone at the end, also the processes on the hosts."""

    def __init__(self, hosts):
        self.hosts = list(hosts)
        self._cuts = set()     # pairs of hosts; the first one's packet filter keeps them apart
        self._one_way = set()  # (from, to); the receiver's packet filter drops
        self._losses = {}      # pair, as of _cuts -> share of the packets lost in each direction

    def __enter__(self):
        try:
            self._up()
        except BaseException:
            self.down()
            raise
        return self

    def __exit__(self, *_):
        self.down()

    def down(self):
        for host in [*self.hosts, SWITCH]:
            remove_namespace(self.namespace(host))

    def _up(self):
        switch = self.namespace(SWITCH)
        ip("netns", "add", switch)
        ip("-n", switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", switch, "link", "set", "bridge", "up")
        for host in self.hosts:
            name = self.namespace(host)
            ip("netns", "add", name)
            ip("link", "add", "eth0", "netns", name, "type", "veth",
               "peer", "name", host, "netns", switch)
            ip("-n", switch, "link", "set", host, "master", "bridge", "up")
            ip("-n", name, "address", "add", self.address(host) + "/24", "dev", "eth0")
            ip("-n", name, "link", "set", "eth0", "up")
            ip("-n", name, "link", "set", "lo", "up")

    def namespace(self, host):
        return f"{own_name()}-{host}"

    def address(self, host):
        return f"{SUBNET}.{self.hosts.index(host) + 1}"

    def command(self, host, argv):
        """The command line that runs argv on the host. It is replaced by argv: same pid."""
        return [IP, "netns", "exec", self.namespace(host), *map(str, argv)]

    def cut(self, some, others):
        """No packet passes any more between any of `some` and any of `others`. For each of `some`
        it happens at once to all."""
        self._cuts |= _pairs(some, others)
        self._apply(some)

    def cut_one_way(self, senders, receivers):
        """No packet of any of `senders` arrives any more at any of `receivers`."""
        self._one_way |= _pairs(senders, receivers)
        self._apply(receivers)

    def lose(self, some, others, share):
        """That share of the packets between them is lost, in each direction."""
        self._losses.update((pair, share) for pair in _pairs(some, others))
        self._apply(some)

    def heal(self):
        """Every packet passes again."""
        hosts = {pair[0] for pair in (*self._cuts, *self._losses)} | {to for _, to in self._one_way}
        self._cuts, self._one_way, self._losses = set(), set(), {}
        self._apply(hosts)

    def rules(self, host):
        """The packet filter of a host, as iptables-restore takes it."""
        lines = [f"-A INPUT -s {self.address(sender)} -j DROP"
                 for sender, receiver in sorted(self._one_way) if receiver == host]
        drops = [(pair, "") for pair in sorted(self._cuts)]
        drops += [(pair, f"-m statistic --mode random --probability {share} ")
                  for pair, share in sorted(self._losses.items())]
        for pair, condition in drops:
            if pair[0] == host:
                peer = self.address(pair[1])
                lines += [f"-A INPUT -s {peer} {condition}-j DROP",
                          f"-A OUTPUT -d {peer} {condition}-j DROP"]
        return "\n".join(["*filter", *lines, "COMMIT", ""])

    def _apply(self, hosts):
        for host in sorted(hosts):
            ip("netns", "exec", self.namespace(host), FILTER, text=self.rules(host))


def _pairs(some, others):
    return {(a, b) for a in some for b in others if a != b}
