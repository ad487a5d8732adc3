"""What must hold after an episode. Pure: histories in, verdicts out.

Two servers that both accept writes
-----------------------------------
Each stubborn client tells, of every OK, when its statement was sent and when the OK arrived, by one
monotonic clock of the machine. The server accepted that commit at some instant between the two.

One OK is *certainly before* another if it arrived before the other's statement was sent. The store
has the group's tenures: which server was primary in which epoch. A history is right if every OK can be
given a tenure of its own server such that tenures never fall from an OK to one certainly after it. An
OK for which there is none is a dual commit: its server accepted a statement that was sent after
another server, of a later epoch, had already acknowledged. No allowance is made, none is needed: with
one clock no rightful history looks so.

An OK whose statement was under way while another server took over (sent before that server's first OK
arrived, told after it) may have been accepted before the take-over, and only its OK been late: a cut
network does that. If it was, the new primary has its row, for the acknowledgement needed a replica and
no replica acknowledges an old primary once the new one can. If the new primary does not have the row,
it is lost, and also a dual commit (let go after the take-over).
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Ok:
    """A commit that a client was told of. Nanoseconds of the monotonic clock."""

    id: int
    server_uuid: str
    sent: int
    acknowledged: int


def lost(oks, found):
    """The OKs whose rows are not among the ids `found` on the final primary."""
    return [ok for ok in oks if ok.id not in found]


def dual_commits(oks, tenures, settled_at=0, settled_tenure=0):
    """The OKs that fit no tenure. `tenures`: the servers' uuids in the order of their epochs. An OK
    sent after `settled_at` can be of no tenure before number `settled_tenure`."""
    by_arrival = sorted(oks, key=lambda ok: ok.acknowledged)
    tenure_of = {}
    wrong = []
    latest, arrived = 0, 0
    # In the order of sending, what arrived before has been given its tenure: it was sent earlier.
    for ok in sorted(oks, key=lambda ok: (ok.sent, ok.acknowledged)):
        while arrived < len(by_arrival) and by_arrival[arrived].acknowledged < ok.sent:
            latest = max(latest, tenure_of.get(by_arrival[arrived], 0))
            arrived += 1
        first = max(latest, settled_tenure if ok.sent >= settled_at else 0)
        own = [number for number in range(first, len(tenures))
               if tenures[number] == ok.server_uuid]
        if own:
            tenure_of[ok] = own[0]
        else:
            wrong.append(ok)
    return wrong


def released_late(oks, missing):
    """Of the lost OKs `missing`, those told after another server had told one."""
    return [ok for ok in missing
            if any(other.server_uuid != ok.server_uuid and other.acknowledged < ok.acknowledged
                   and other.sent > ok.sent for other in oks)]


def longest_gap(oks, begin, end):
    """Nanoseconds that passed between two OKs in a row, of whatever server, within [begin, end]."""
    instants = sorted(ok.acknowledged for ok in oks if begin <= ok.acknowledged <= end)
    edges = [begin, *instants, end]
    return max(after - before for before, after in zip(edges, edges[1:]))


# What a fault may lead to.
MUST_CHANGE = "must_fail_over"  # another primary is the only right end
MAY = "may_refuse"              # another primary, the same, or a refusal with its reason
MUST_NOT = "must_not"           # a change of primary is a defect


def judge_change(expected, changes, most=None):
    """(false failovers, missed failovers) of an episode in which the epoch rose by `changes`. `most`:
    how often it may; None: once where it must, never where it must not, else as often as it likes."""
    if most is None:
        most = {MUST_CHANGE: 1, MUST_NOT: 0}.get(expected, changes)
    return max(0, changes - most), int(expected == MUST_CHANGE and changes == 0)


def may_be_errant(uuid, tenures, astray=(), idle=False):
    """Whether transactions that only that server has are what the fault leaves: its clients wrote to
    it, as the primary of one of `tenures` (uuids) or because the fault had it so (`astray`), unless
    they were idle when it went."""
    return uuid in astray or (uuid in tenures and not idle)


def unexpected_refusals(expected, refusals, asked=()):
    """Of [(kind of the operation or "", text)] those where the fault leaves Weft all that it needs to
    act, or nothing to do. Where somebody asked for an operation of a kind in `asked` while the fault
    was done, its refusal is an answer; what Weft does of itself must come all the same."""
    return [] if expected == MAY else [text for kind, text in refusals if kind not in asked]
