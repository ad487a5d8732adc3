"""Faults of the servers themselves."""

import signal

from catalogue import fault
from checkers import MAY, MUST_CHANGE, MUST_NOT


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


@fault(MUST_CHANGE)
def kill_primary_appliers_stopped(scene):
    # They have received what they have not applied: the winner must apply it before it opens.
    for name in scene.replicas:
        scene.farm.servers[name].query("STOP REPLICA SQL_THREAD")
    scene.hold(0.2, 0.8)
    scene.primary_server.end()
    scene.await_failover()


@fault(MAY)
def two_deaths_in_a_row(scene):
    scene.primary_server.end()
    scene.await_failover()
    scene.hold(0, 3)
    second = scene.farm.primary()
    scene.say(f"then {second}")
    scene.farm.servers[second].end()
    scene.hold(1, 3)


@fault(MAY)
def sole_acknowledger_then_primary(scene):
    # What it acknowledged and had not applied is gone with its relay log; nobody else may have it.
    sole, other = scene.dice.sample(scene.replicas, 2)
    scene.say(f"{sole} alone acknowledged")
    scene.network.cut([other], scene.others(other))
    sole = scene.farm.servers[sole]
    sole.query("STOP REPLICA SQL_THREAD")
    scene.hold(0.5, 2)
    sole.end()
    scene.primary_server.end()
    sole.start()
    sole.await_serving()
    scene.network.heal()
    scene.hold(1, 3)


@fault(MUST_NOT)
def read_lock_on_primary(scene):
    seconds = scene.dice.uniform(3, 5)
    scene.primary_server.query(
        f"FLUSH TABLES WITH READ LOCK; SELECT SLEEP({seconds:.1f}); UNLOCK TABLES", timeout=30)


@fault(MUST_NOT)
def primary_made_read_only(scene):
    scene.primary_server.query("SET GLOBAL super_read_only = 1")
