"""The fault catalogue: what is done to a farm, and what Weft must make of it.

A fault is a function of a Scene; it returns when the fault is over: what hung goes on, every cable is
mended. What it killed may still be down: the episode starts it again. `expected` says what the
change of primary must be (checkers.py).
"""

import dataclasses
import signal
import threading
import time
import typing


from checkers import MAY, MUST_CHANGE, MUST_NOT
from farm import GROUP, HOSTS, MONITORS, SERVERS, STORE, WEFT
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


FAULTS = {}


def fault(expected, **tolerated):
    def register(function):
        kind = function.__name__
        FAULTS[kind] = Fault(kind, expected, function, tolerated)
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
        self.clients.stubborn.await_other_than(self.primary_server.uuid, FAILOVER_DEADLINE)

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

    def others(self, host):
        return [other for other in HOSTS if other != host]

    def cut(self, some, others, shortest, longest):
        self.network.cut(some, others)
        self.hold(shortest, longest)
        self.network.heal()

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
        command = self.promote(*target)
        # The client itself takes some 100 ms to ask, the switchover some 100 more.
        self.hold(0.0, 0.4)
        strike()
        command.join()
        self.say(f"promote ended with {command.codes}")


# --- servers ----------------------------------------------------------------------------------

@fault(MUST_CHANGE)
def kill_primary(scene):
    scene.primary_server.end()
    scene.await_failover()


@fault(MAY)
def kill_primary_and_restart_at_once(scene):
    scene.primary_server.end()
    scene.primary_server.start()
    scene.primary_server.await_serving()


@fault(MAY)
def restart_primary_cleanly(scene):
    scene.primary_server.end(signal.SIGTERM)
    scene.primary_server.start()
    scene.primary_server.await_serving()


@fault(MUST_CHANGE)
def hang_primary(scene):
    scene.hang(scene.primary_server, 6, 6.5)


@fault(MUST_NOT)
def kill_replica(scene):
    scene.replica().end()
    scene.hold(1, 4)


@fault(MUST_NOT)
def hang_replica(scene):
    scene.hang(scene.replica(), 3, 5)


@fault(MUST_NOT)
def connections_exhausted(scene):
    # One session does it all: no other could come in to undo it.
    seconds = scene.dice.uniform(4, 6)
    scene.primary_server.query(
        "SET GLOBAL max_connections = 5;"
        f" SELECT SLEEP({seconds:.1f}); SET GLOBAL max_connections = 100", timeout=30)


# --- networks ---------------------------------------------------------------------------------

@fault(MUST_CHANGE)
def isolate_primary(scene):
    scene.network.cut([scene.primary], scene.others(scene.primary))
    scene.await_failover()
    scene.hold(0.5, 2)  # and the old one still believes
    scene.network.heal()


@fault(MUST_NOT)
def isolate_primary_from_weft(scene):
    scene.cut([scene.primary], WEFT, 5, 7)


@fault(MUST_NOT)
def cut_replication(scene):
    scene.cut([scene.primary], scene.replicas, 4, 6)


@fault(MUST_NOT)
def cut_one_replica(scene):
    name = scene.replica().host
    scene.cut([name], scene.others(name), 3, 6)


@fault(MUST_NOT)
def one_monitor_cut_from_primary(scene):
    scene.cut([scene.dice.choice(MONITORS)], [scene.primary], 4, 6)


@fault(MUST_NOT, unexpected_refusals="a primary is judged dead without a replica's word when the"
       " controller reaches no replica at that moment either; the failover is then refused")
def probes_lossy(scene):
    scene.network.lose(WEFT, SERVERS, 0.2)
    scene.hold(8, 12)
    scene.network.heal()


@fault(MUST_NOT)
def leader_cut_from_store(scene):
    scene.cut([scene.leader], [STORE], 4, 6)


# --- Weft's own -------------------------------------------------------------------------------

@fault(MUST_NOT)
def kill_leader(scene):
    scene.farm.daemons[scene.leader].end()
    scene.hold(2, 4)


@fault(MUST_NOT)
def hang_leader(scene):
    scene.hang(scene.farm.daemons[scene.leader], 5, 5.5)


@fault(MUST_CHANGE)
def kill_primary_and_leader(scene):
    victims = [scene.primary_server, scene.farm.daemons[scene.leader]]
    for victim in scene.dice.sample(victims, 2):
        victim.send(signal.SIGKILL)  # without waiting for its end: the other one would act on it
    for victim in victims:
        victim.end()
    scene.await_failover()


@fault(MUST_NOT)
def kill_monitor(scene):
    scene.farm.daemons[scene.dice.choice(MONITORS)].end()
    scene.hold(2, 5)


@fault(MUST_NOT)
def restart_all_weft(scene):
    for host in scene.dice.sample(WEFT, len(WEFT)):
        daemon = scene.farm.daemons[host]
        daemon.end(signal.SIGTERM)
        daemon.start()
        harness.wait_until(scene.farm.leader_alive, 20, "a controller leads")


@fault(MUST_NOT)
def store_killed_and_started(scene):
    store = scene.farm.servers[STORE]
    store.end()
    scene.hold(0, 3)
    store.start()
    store.await_serving()


@fault(MUST_NOT)
def store_hangs(scene):
    scene.hang(scene.farm.servers[STORE], 4, 6)


@fault(MUST_CHANGE)
def kill_primary_while_store_hangs(scene):
    store = scene.farm.servers[STORE]
    store.send(signal.SIGSTOP)
    try:
        scene.hold(0, 1)
        scene.primary_server.end()
        scene.hold(2, 4)
    finally:
        store.send(signal.SIGCONT)
    scene.await_failover()


# --- switchovers ------------------------------------------------------------------------------

@fault(MUST_CHANGE)
def switchover(scene):
    command = scene.promote()
    command.join()
    if command.codes != [0]:
        raise harness.Failed(f"weft group promote ended with {command.codes}")


@fault(MUST_CHANGE)
def switchover_and_kill_primary(scene):
    scene.promote_and(scene.primary_server.end)
    scene.await_failover()


@fault(MAY)
def switchover_and_kill_target(scene):
    target = scene.replica()
    scene.promote_and(target.end, target.uuid)


@fault(MAY)
def switchover_and_kill_leader(scene):
    scene.promote_and(scene.farm.daemons[scene.leader].end)


