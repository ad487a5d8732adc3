"""Faults of the network between the hosts."""

from catalogue import fault
from checkers import MAY, MUST_CHANGE, MUST_NOT
from farm import APPLICATION, HOSTS, MONITORS, SERVERS, STORE, WEFT
from servers import harness


@fault(MUST_CHANGE)
def isolate_primary(scene):
    scene.network.cut([scene.primary], scene.others(scene.primary))
    scene.await_failover()
    scene.hold(0.5, 2)  # and the old one still believes
    scene.network.heal()


@fault(MUST_CHANGE)
def isolate_primary_with_its_clients(scene):
    # They go on asking both primaries, and only one may say OK.
    apart = [host for host in scene.others(scene.primary) if host != APPLICATION]
    scene.network.cut([scene.primary], apart)
    scene.await_failover()
    scene.hold(1, 4)
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


@fault(MUST_CHANGE)
def lose_zone(scene):
    # A place with the primary, the leader and a monitor in it is cut off from everything else.
    lost = [scene.primary, scene.leader, scene.dice.choice(MONITORS)]
    scene.say("lost " + ", ".join(lost))
    scene.network.cut(lost, [host for host in HOSTS if host not in lost])
    scene.await_failover()
    scene.hold(0.5, 2)
    scene.network.heal()


@fault(MUST_NOT)
def probes_lossy(scene):
    scene.network.lose(WEFT, SERVERS, 0.2)
    scene.hold(8, 12)
    scene.network.heal()


@fault(MUST_NOT)
def leader_cut_from_store(scene):
    scene.cut([scene.leader], [STORE], 4, 6)


@fault(MUST_NOT)
def primary_not_heard_by_weft(scene):
    # One way: what Weft says arrives, what the primary says does not.
    scene.network.cut_one_way([scene.primary], WEFT)
    scene.hold(4, 6)
    scene.network.heal()


@fault(MUST_NOT)
def replicas_cut_from_weft(scene):
    scene.cut(scene.replicas, WEFT, 4, 6)


@fault(MUST_NOT)
def acknowledgers_hidden_from_weft(scene):
    # They acknowledge all the while, and only Weft does not see it: nothing is given up.
    with scene.policy("on_last_acknowledger_lost", "continue", "wait"):
        scene.network.cut(scene.replicas, WEFT)
        scene.hold(8, 10)
        left = scene.farm.acknowledgers()
        scene.network.heal()
        if sorted(left) != sorted(scene.farm.servers[name].uuid for name in scene.replicas):
            raise harness.Failed(f"expected both replicas among the acknowledgers, found {left}")


@fault(MAY)
def flapping_primary(scene):
    for _ in range(3):
        scene.cut([scene.primary], scene.others(scene.primary), 0.3, 2.5)
        scene.hold(0.3, 1.5)


@fault(MAY)
def cut_replication_and_it_may_be_replaced(scene):
    # Its clients reach it, and no commit is acknowledged: by the group's policy it is replaced, if
    # the controller reaches it in each look. Replicas that cannot connect may take a look's time.
    with scene.policy("primary_sick", "failover", "alert"):
        scene.cut([scene.primary], scene.replicas, 10, 14)


@fault(MAY)
def flapping_zone(scene):
    # A place with the primary, the leader and a monitor in it comes and goes.
    zone = [scene.primary, scene.leader, scene.dice.choice(MONITORS)]
    scene.say("flaps: " + ", ".join(zone))
    for _ in range(3):
        scene.cut(zone, [host for host in HOSTS if host not in zone], 0.3, 4)
        scene.hold(0.3, 2)
