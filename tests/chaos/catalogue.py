"""What a fault is: something that is done to a farm, and what Weft must make of it.

A fault is a function of a Scene; it returns when the fault is over: what hung goes on, every cable is
mended. What it killed may still be down: the episode starts it again. `expected` says what the
change of primary must be (checkers.py).
"""

import contextlib
import dataclasses
import signal
import threading
import time
import typing


from farm import GROUP, HOSTS, SERVERS
from servers import harness

# For the first OK of another primary; what is promised is far less, and is measured.
FAILOVER_DEADLINE = 30


@dataclasses.dataclass(frozen=True)
class Fault:
    kind: str
    expected: str
    inject: typing.Callable
    # What is known to go wrong and does not fail a run: a count of checkers.py -> why. It is shown.
    tolerated: dict
    # Changes of primary that are right; None: as many as `expected` says.
    most: typing.Optional[int] = None


FAULTS = {}


def fault(expected, most=None, **tolerated):
    def register(function):
        kind = function.__name__
        FAULTS[kind] = Fault(kind, expected, function, tolerated, most)
        return function
    return register


class Scene:
    """A settled farm under load, and the dice."""

    def __init__(self, farm, clients, dice):
        self.farm = farm
        self.network = farm.network
        self.clients = clients
        self.dice = dice
        self.primary = farm.primary()
        self.replicas = [name for name in SERVERS if name != self.primary]
        self.leader = harness.wait_until(farm.leader, 20, "a controller leads")
        self.said = []
        self.asked = set()  # kinds of the operations asked for while something else went wrong
        self.astray = set()  # uuids of servers that took writes as somebody else than the primary
        self.idle = False  # nothing was being written when a server went

    @property
    def primary_server(self):
        return self.farm.servers[self.primary]

    def say(self, text):
        """Something to be told in the episode's line."""
        self.said.append(text)

    def hold(self, shortest, longest):
        """The fault lasts: this is its duration, not a wait for anything."""
        time.sleep(self.dice.uniform(shortest, longest))

    def await_failover(self):
        """The first OK of another server."""
        return self.clients.stubborn.await_other_than(self.primary_server.uuid, FAILOVER_DEADLINE)

    def replica(self):
        name = self.dice.choice(self.replicas)
        self.say(name)
        return self.farm.servers[name]

    def hang(self, what, shortest, longest):
        what.send(signal.SIGSTOP)
        try:
            self.hold(shortest, longest)
        finally:
            what.send(signal.SIGCONT)

    @contextlib.contextmanager
    def idle_clients(self):
        """The clients stand still, between two statements."""
        self.idle = True
        with self.clients.still():
            self.hold(1, 2)  # what was under way has ended
            yield

    def others(self, host):
        return [other for other in HOSTS if other != host]

    def cut(self, some, others, shortest, longest):
        self.network.cut(some, others)
        self.hold(shortest, longest)
        self.network.heal()

    @contextlib.contextmanager
    def policy(self, name, during, after):
        """The group's setting is another one meanwhile."""
        self.farm.weft("group", "set", GROUP, f"{name}={during}")
        try:
            yield
        finally:
            self.farm.weft("group", "set", GROUP, f"{name}={after}")

    def promote(self, *target):
        """A switchover in a thread of its own; join it. Its exit code is in .codes."""
        def run():
            thread.codes.append(self.farm.run("group", "promote", GROUP, *target).returncode)
        thread = threading.Thread(target=run)
        thread.codes = []
        thread.start()
        return thread

    def promote_and(self, strike, *target):
        """A switchover, and something else at a random moment of it."""
        self.asked.add("promote")
        command = self.promote(*target)
        # The client itself takes some 100 ms to ask, the switchover some 100 more.
        self.hold(0.0, 0.4)
        strike()
        command.join()
        self.say(f"promote ended with {command.codes}")
