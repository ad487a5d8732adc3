"""Faults of the servers themselves."""

import signal
import subprocess
import threading

from catalogue import FAILOVER_DEADLINE, fault
from checkers import MAY, MUST_CHANGE, MUST_NOT
from farm import GROUP
from servers import harness

# For an old primary with transactions of its own to be back, since it woke up.
REWIND_DEADLINE = 40


@fault(MUST_CHANGE)
def kill_primary(scene):
    scene.primary_server.end()
    scene.await_failover()


@fault(MUST_CHANGE)
def kill_idle_primary(scene):
    # Nothing is under way that it could have alone: it comes back clean, or the episode never settles.
    # The gap is mostly its clients' own.
    with scene.idle_clients():
        scene.primary_server.end()
        harness.wait_until(lambda: scene.farm.primary() != scene.primary, FAILOVER_DEADLINE,
                           "another primary of record")
    scene.await_failover()


@fault(MAY, most=1)
def kill_primary_and_restart_at_once(scene):
    scene.primary_server.end()
    scene.primary_server.start()
    scene.primary_server.await_serving()


@fault(MAY, most=1)
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


@fault(MUST_CHANGE)
def hang_primary_under_rewind(scene):
    # It wakes with its clients' writes before it, commits them to itself, and has to come back
    # without anybody's help.
    since = scene.farm.last_event()
    scene.farm.weft("group", "set", GROUP, "rejoin=rewind")
    try:
        scene.hang(scene.primary_server, 6, 6.5)
        took = scene.farm.await_settled(REWIND_DEADLINE)
    finally:
        scene.farm.weft("group", "set", GROUP, "rejoin=manual")
    undone = any("are undone" in event for event in scene.farm.events(since))
    scene.say(f"{'rewound' if undone else 'clean'} and back after {took:.1f} s")


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


@fault(MAY, most=2)
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


# Some 60 MB in one transaction; and a table that takes a while to rebuild.
FILL = """DROP TABLE IF EXISTS app.bulk;
CREATE TABLE app.bulk (id BIGINT AUTO_INCREMENT PRIMARY KEY, filler VARCHAR(250));
SET SESSION cte_max_recursion_depth = 1000000;
INSERT INTO app.bulk (filler) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n
WHERE i < 250000) SELECT REPEAT('x', 200) FROM n;"""
REBUILD = FILL + "ALTER TABLE app.bulk FORCE, ALGORITHM = COPY;"


class Statement:
    """Runs on the primary meanwhile, and may end with it."""

    def __init__(self, scene, sql):
        self._scene = scene
        self._thread = threading.Thread(target=self._run, args=(scene.primary_server, sql))

    def _run(self, server, sql):
        try:
            server.query(sql, timeout=60)
            self._scene.say("the statement was done")
        except (harness.Failed, subprocess.TimeoutExpired) as trouble:
            self._scene.say(f"the statement ended with: {str(trouble)[-60:]}")

    def __enter__(self):
        self._thread.start()

    def __exit__(self, *_):
        self._thread.join()


@fault(MUST_CHANGE)
def huge_transaction_and_kill_primary(scene):
    with Statement(scene, FILL):
        scene.hold(0.3, 4)
        scene.primary_server.end()
    scene.await_failover()


@fault(MUST_CHANGE)
def ddl_and_kill_primary(scene):
    with Statement(scene, REBUILD):
        scene.hold(2, 7)
        scene.primary_server.end()
    scene.await_failover()


@fault(MAY)
def ddl_and_switchover(scene):
    # The switchover ends it, or gives up: writes must not stand still for as long as it takes.
    with Statement(scene, REBUILD):
        scene.hold(1, 5)
        scene.asked.add("promote")
        command = scene.promote()
        command.join()
        scene.say(f"promote ended with {command.codes}")
