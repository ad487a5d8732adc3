"""An episode: one fault on a settled farm under load, and everything that is checked after it."""

import random
import subprocess
import time

import checkers
import faults
import report
from servers import harness

CONVERGENCE_DEADLINE = 60


def kind_of(seed, kinds):
    """Seeds in a row go through all kinds, in another order each time."""
    kinds = sorted(kinds)
    deck = random.Random(f"deck {seed // len(kinds)}").sample(kinds, len(kinds))
    return deck[seed % len(kinds)]


class Player:
    """Plays episodes on a farm, one after the other."""

    def __init__(self, farm, clients):
        self._farm = farm
        self._last_event = 0
        self._clients = clients
        self._ids = set()  # of every OK that a stubborn client ever got, less what was lost
        self._writer_acked = clients.writer.status()["acked"]
        self._writer_lost = 0

    def play(self, fault, seed):
        """The episode's result, as report.py takes it."""
        result = {"seed": seed, "kind": fault.kind, "expected": fault.expected,
                  "tolerated": {}, "converged": False, "settled_s": 0.0, "gap_ms": 0.0,
                  "acked": 0, "changes": 0, "lost": 0, "dual_commits": 0,
                  "false_failovers": 0, "missed_failovers": 0, "refusals": 0,
                  "unexpected_refusals": 0, "said": "", "error": ""}
        try:
            self._play(fault, seed, result)
        except (harness.Failed, subprocess.SubprocessError, OSError, ValueError) as trouble:
            result["error"] = f"{type(trouble).__name__}: {trouble}"[:1500]
        if report.is_bad(result):
            result["timeline"] = self._timeline()
        return result

    def _timeline(self):
        """What the controllers recorded since the episode began."""
        try:
            return self._farm.events(self._last_event)
        except (harness.Failed, subprocess.SubprocessError) as trouble:
            return [f"the state store cannot be read: {trouble}"]

    def _play(self, fault, seed, result):
        tenures = self._farm.tenures()
        self._last_event = self._farm.last_event()
        scene = faults.Scene(self._farm, self._clients, random.Random(seed))
        self._clients.stubborn.await_ok(20)
        scene.hold(0.2, 0.5)  # the load is in its stride, and the moment is any
        begin = time.monotonic_ns()
        trouble = None
        try:
            fault.inject(scene)
        except harness.Failed as failed:
            trouble = failed  # it is judged all the same: what follows says more
        finally:
            scene.network.heal()
        errant = {}

        def may_be_errant(uuid, extra):
            errant[uuid] = f"{uuid} was errant: {extra}"
            own = [primary for _, primary in self._farm.tenures()[len(tenures) - 1:]]
            return checkers.may_be_errant(uuid, own, scene.astray, scene.idle)
        self._farm.restart_what_ended()
        result["settled_s"] = self._farm.await_settled(CONVERGENCE_DEADLINE, may_be_errant)
        self._clients.stubborn.await_ok(20)
        end = time.monotonic_ns()
        result["converged"] = True
        result["said"] = "; ".join([f"primary {scene.primary}, leader {scene.leader}",
                                    *scene.said, *errant.values()])
        self._judge(fault, scene, result, tenures, begin, end)
        if trouble and not result["missed_failovers"]:
            raise trouble

    def _judge(self, fault, scene, result, tenures_before, begin, end):
        tenures = self._farm.tenures()
        result["changes"] = tenures[-1][0] - tenures_before[-1][0]
        result["false_failovers"], result["missed_failovers"] = checkers.judge_change(
            fault.expected, result["changes"], fault.most)
        refusals = self._farm.refusals(self._last_event)
        unexpected = checkers.unexpected_refusals(fault.expected, refusals, scene.asked)
        result["refusals"], result["unexpected_refusals"] = len(refusals), len(unexpected)
        if refusals:
            result["said"] += "; refused: " + " | ".join(text[:300] for _, text in refusals)
        self._judge_ledger(result)
        self._judge_stubborn(result, tenures, len(tenures_before) - 1, begin, end)
        for name in fault.tolerated:
            if result[name]:
                result["tolerated"][name], result[name] = result[name], 0

    def _judge_ledger(self, result):
        audit = self._clients.writer.check(60)
        result["lost"] += audit["lost"] - self._writer_lost
        result["acked"] += audit["acked"] - self._writer_acked
        self._writer_acked, self._writer_lost = audit["acked"], audit["lost"]
        if audit["lost"]:
            result["said"] += f"; ledger lost {audit['lost_ids']} on {audit['server']}"

    def _judge_stubborn(self, result, tenures, settled_tenure, begin, end):
        stubborn = self._clients.stubborn
        stubborn.mark()
        oks = stubborn.oks()
        new = [ok for ok in oks if ok.id not in self._ids]
        self._ids.update(ok.id for ok in new)
        found = self._clients.rows_of_stubborn(self._farm.primary(), min(self._ids, default=0))
        missing = [ok for ok in checkers.lost(oks, found) if ok in new]
        gone = len(self._ids - found)
        self._ids &= found  # what is lost is counted once
        dual = {*checkers.dual_commits(oks, [uuid for _, uuid in tenures], begin, settled_tenure),
                *checkers.released_late(oks, missing)}
        result["lost"] += gone
        result["dual_commits"] = len(dual)
        result["acked"] += len(new)
        result["gap_ms"] = checkers.longest_gap(oks, begin, end) / 1e6
        if gone or dual:
            examples = [*missing[:3], *list(dual)[:3]]
            result["said"] += f"; stubborn lost or dual: {examples}"
        stubborn.forget(begin)
