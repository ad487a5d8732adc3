"""Faults of Weft's own processes and of its state store, and of what is asked of it."""

import contextlib
import pathlib
import signal
import time

from catalogue import fault
from checkers import MAY, MUST_CHANGE, MUST_NOT
from farm import MONITORS, STORE, WEFT
from servers import harness


@fault(MUST_NOT)
def kill_leader(scene):
    scene.farm.daemons[scene.leader].end()
    began = time.monotonic()
    harness.wait_until(scene.farm.leader_alive, 10, "another controller leads")
    scene.say(f"another leads after {time.monotonic() - began:.1f} s")
    scene.hold(0, 2)


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
def kill_all_monitors(scene):
    for host in MONITORS:
        scene.farm.daemons[host].end()
    scene.hold(3, 6)


@fault(MUST_NOT)
def kill_all_weft(scene):
    for host in WEFT:
        scene.farm.daemons[host].end()
    scene.hold(2, 4)


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


@fault(MUST_CHANGE)
def switchover(scene):
    command = scene.promote()
    command.join()
    if command.codes != [0]:
        raise harness.Failed(f"weft group promote ended with {command.codes}")


# The primary may have died before it was asked for: then it hands over once more.
@fault(MUST_CHANGE, most=2)
def switchover_and_kill_primary(scene):
    scene.promote_and(scene.primary_server.end)
    scene.await_failover()


@fault(MAY)
def switchover_and_kill_target(scene):
    target = scene.replica()
    scene.promote_and(target.end, target.uuid)


@fault(MAY)
def switchover_and_hang_target(scene):
    target = scene.replica()
    scene.promote_and(lambda: scene.hang(target, 6, 8), target.uuid)


@fault(MAY)
def switchover_and_kill_leader(scene):
    scene.promote_and(scene.farm.daemons[scene.leader].end)


# Of Debian's package libfaketime.
FAKETIME = pathlib.Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1")


@contextlib.contextmanager
def jumping_clocks(scene):
    """Every process of Weft runs with a clock of its own that can be set: jump(host, hours). Only
    the time of day: no machine's monotonic clock jumps."""
    if not FAKETIME.exists():
        raise harness.Failed("libfaketime is not installed: deploy/setup --dev")
    files = {host: scene.farm.folder / f"clock-{host}" for host in WEFT}

    def jump(host, hours):
        draft = files[host].with_suffix(".new")
        draft.write_text(f"{hours:+.2f}h\n")
        draft.replace(files[host])
    for host in WEFT:
        jump(host, 0)
        scene.farm.daemons[host].end(signal.SIGTERM)
        scene.farm.daemons[host].start([
            f"LD_PRELOAD={FAKETIME}", f"FAKETIME_TIMESTAMP_FILE={files[host]}",
            "FAKETIME_CACHE_DURATION=1", "FAKETIME_DONT_FAKE_MONOTONIC=1"])
    harness.wait_until(scene.farm.leader_alive, 20, "a controller leads")
    harness.wait_until(lambda: not scene.farm.unsettled(), 30, "the group is settled")
    try:
        yield jump
    finally:
        for host in WEFT:  # the episode starts them with the machine's clock
            scene.farm.daemons[host].end(signal.SIGTERM)


@fault(MUST_NOT)
def clocks_jump(scene):
    with jumping_clocks(scene) as jump:
        for _ in range(2):
            for host in WEFT:
                jump(host, scene.dice.uniform(-30, 30))
            scene.hold(2, 4)


@fault(MUST_CHANGE)
def clocks_jump_and_kill_primary(scene):
    with jumping_clocks(scene) as jump:
        for host in WEFT:
            jump(host, scene.dice.uniform(-30, 30))
        scene.hold(1, 3)
        scene.primary_server.end()
        scene.hold(0, 1)
        for host in WEFT:
            jump(host, scene.dice.uniform(-30, 30))
        scene.await_failover()


@fault(MUST_CHANGE)
def same_request_from_two_places(scene):
    # A request that is sent again while the first is under way, and once more after it: one change.
    words = ("--request-id", f"twice-{scene.dice.getrandbits(40)}")
    before = len(scene.farm.tenures())
    first = scene.promote(*words)
    scene.hold(0, 0.1)
    second = scene.promote(*words)
    first.join()
    second.join()
    third = scene.promote(*words)
    third.join()
    scene.say(f"promote ended with {[*first.codes, *second.codes, *third.codes]}")
    changes = len(scene.farm.tenures()) - before
    if changes != 1:
        raise harness.Failed(f"expected one change of primary, found {changes}")
