"""Faults of the network between the hosts."""

from catalogue import fault
from checkers import MAY, MUST_CHANGE, MUST_NOT
from farm import APPLICATION, MONITORS, SERVERS, STORE, WEFT


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


@fault(MUST_NOT, unexpected_refusals="a primary is judged dead without a replica's word when the"
       " controller reaches no replica at that moment either; the failover is then refused")
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


@fault(MAY)
def flapping_primary(scene):
    for _ in range(3):
        scene.cut([scene.primary], scene.others(scene.primary), 0.3, 2.5)
        scene.hold(0.3, 1.5)
