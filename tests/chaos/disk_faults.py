"""Faults of the servers' disks, by the shim that is preloaded into each (disk_shim/disk_shim.c)."""

from catalogue import fault
from checkers import MAY, MUST_CHANGE, MUST_NOT
from servers import harness


def hinder(scene, server, mode, shortest, longest):
    """The server's disk is so for a while. The server may end by it."""
    server.disk(mode)
    try:
        scene.hold(shortest, longest)
    finally:
        server.disk("ok")


@fault(MAY)
def disk_of_primary_stalls(scene):
    # It answers and streams, and cannot commit: by the group's policy it stays or is replaced.
    hinder(scene, scene.primary_server, "stall", 3, 8)


@fault(MUST_NOT)
def disk_of_primary_is_slow(scene):
    hinder(scene, scene.primary_server, "slow 150", 4, 6)


@fault(MAY)
def disk_of_primary_is_full(scene):
    # mysqld waits for room where it writes its binary log, and ends elsewhere. It looks again after
    # a minute.
    hinder(scene, scene.primary_server, "full", 3, 8)
    scene.clients.stubborn.await_ok(75)


@fault(MUST_CHANGE)
def fsync_fails_on_primary(scene):
    # It cannot say any more what is on disk: mysqld ends at once.
    scene.primary_server.disk("fsync_error")
    try:
        scene.await_failover()
    finally:
        scene.primary_server.disk("ok")


@fault(MUST_NOT)
def disk_of_replica_stalls(scene):
    hinder(scene, scene.replica(), "stall", 3, 6)


@fault(MUST_NOT)
def disk_of_replica_is_full(scene):
    # As above: until its receiver looks for room again it cannot be stopped either.
    replica = scene.replica()
    hinder(scene, replica, "full", 3, 6)
    written = scene.primary_server.query("SELECT REPLACE(@@gtid_executed, '\\n', '')")[0][0]
    harness.wait_until(
        lambda: replica.query(f"SELECT GTID_SUBSET('{written}', @@gtid_executed)") == [["1"]],
        75, f"{replica.host} has what {scene.primary} had written")


@fault(MAY)
def disk_of_primary_stalls_and_it_may_be_replaced(scene):
    # By the group's policy. It cannot hand over, for it cannot even be made read-only. Another that is
    # committed opens beside it, which takes the monitors some 10 s to ask for: the disk may be back.
    with scene.policy("primary_sick", "failover", "alert"):
        hinder(scene, scene.primary_server, "stall", 12, 15)
        scene.clients.stubborn.await_ok(30)


@fault(MAY)
def disk_of_primary_stalls_and_its_successor_dies(scene):
    # What cannot be fenced keeps nobody from replacing the next one, too. The disk may be back before
    # the first change, which takes the monitors some 10 s to ask for.
    with scene.policy("primary_sick", "failover", "alert"), scene.policy("cool_down", "0s", "auto"):
        scene.primary_server.disk("stall")
        try:
            heir = scene.await_failover()
            successor = next(name for name, server in scene.farm.servers.items()
                             if server.uuid == heir.server_uuid)
            # It has forgotten its source by then, and does not follow it again once it is started.
            scene.hold(1, 2)
            scene.farm.servers[successor].end()
            # Its commits wait until there is somebody who acknowledges them.
            harness.wait_until(
                lambda: scene.farm.primary() not in (scene.primary, successor, None), 10,
                "a third primary")
        finally:
            scene.primary_server.disk("ok")


@fault(MUST_CHANGE)
def primary_loses_power(scene):
    # Whatever it had not synced is gone with it: what it acknowledged was, and is elsewhere too.
    scene.primary_server.disk("record")
    scene.hold(0.5, 2)
    scene.say(f"{scene.primary_server.lose_power()} writes taken back")
    scene.await_failover()


@fault(MUST_NOT)
def replica_loses_power(scene):
    replica = scene.replica()
    replica.disk("record")
    scene.hold(0.5, 2)
    scene.say(f"{replica.lose_power()} writes taken back")
    scene.hold(0, 2)
