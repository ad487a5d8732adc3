"""The checkers, the choice of episodes and the report: each is shown what it must see."""

import json
import os
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))
import cases  # noqa: E402
import checkers  # noqa: E402
import episodes  # noqa: E402
import faults  # noqa: E402
import network  # noqa: E402
import power  # noqa: E402
import report  # noqa: E402
from checkers import MAY, MUST_CHANGE, MUST_NOT, Ok  # noqa: E402


def history(*words):
    """OKs of "SERVER SENT ARRIVED" each."""
    return [Ok(number, server, int(sent), int(arrived))
            for number, (server, sent, arrived) in enumerate(word.split() for word in words)]


def undo_record(kind, inode, offset, size=0, old=b""):
    return power.RECORD.pack(kind, 1, inode, offset, size, len(old)) + old


class PowerTest(unittest.TestCase):
    def test_what_was_synced_stays_and_the_rest_is_taken_back_last_first(self):
        data = (undo_record(b"w", 7, 0, 0) + undo_record(b"w", 8, 0, 3, b"abc")
                + undo_record(b"s", 7, 2) + undo_record(b"w", 7, 4, 4)
                + undo_record(b"w", 7, 1, 9, b"x") + b"torn")
        self.assertEqual(power.unsynced(data), [((1, 7), 1, 9, b"x"), ((1, 7), 4, 4, b""),
                                                ((1, 8), 0, 3, b"abc")])

    def test_a_sync_covers_what_was_written_before_it_began(self):
        data = undo_record(b"w", 7, 0) + undo_record(b"w", 7, 5) + undo_record(b"s", 7, 1)
        self.assertEqual([offset for _, offset, _, _ in power.unsynced(data)], [5])

    def test_files_are_as_they_were(self):
        with tempfile.TemporaryDirectory() as folder:
            file, undo = pathlib.Path(folder, "data"), pathlib.Path(folder, "undo")
            file.write_bytes(b"new content")
            status = file.stat()
            undo.write_bytes(power.RECORD.pack(b"w", status.st_dev, status.st_ino, 0, 3, 3)
                             + b"old")
            self.assertEqual(power.take_back(folder, undo), 1)
            self.assertEqual(file.read_bytes(), b"old")
            self.assertEqual(power.take_back(folder, undo), 0)


class DualCommitsTest(unittest.TestCase):
    def test_one_after_the_other_is_right(self):
        oks = history("a 0 10", "a 20 30", "b 40 50", "b 60 70")
        self.assertEqual(checkers.dual_commits(oks, ["a", "b"]), [])

    def test_there_and_back_needs_an_epoch_each(self):
        oks = history("a 0 10", "b 20 30", "a 40 50")
        self.assertEqual(checkers.dual_commits(oks, ["a", "b", "a"]), [])
        self.assertEqual(checkers.dual_commits(oks, ["a", "b"]), [oks[2]])

    def test_an_old_primary_that_acknowledges_after_the_new_one_is_seen(self):
        oks = history("a 0 10", "b 20 30", "a 31 35", "b 40 50", "a 51 60")
        self.assertEqual(checkers.dual_commits(oks, ["a", "b"]), [oks[2], oks[4]])

    def test_a_single_nanosecond_tells(self):
        tenures = ["a", "b"]
        self.assertEqual(checkers.dual_commits(history("b 0 10", "a 10 20"), tenures), [])
        self.assertEqual(len(checkers.dual_commits(history("b 0 10", "a 11 20"), tenures)), 1)

    def test_an_ok_under_way_during_the_take_over_is_no_proof(self):
        oks = history("a 0 10", "a 12 99", "b 20 30")
        self.assertEqual(checkers.dual_commits(oks, ["a", "b"]), [])

    def test_a_server_that_never_was_primary_is_seen(self):
        oks = history("a 0 10", "c 20 30")
        self.assertEqual(checkers.dual_commits(oks, ["a", "b"]), [oks[1]])

    def test_an_earlier_epoch_counts_no_more_once_all_had_settled(self):
        oks = history("a 100 110")
        self.assertEqual(checkers.dual_commits(oks, ["a", "b"], settled_at=50, settled_tenure=1),
                         oks)
        self.assertEqual(checkers.dual_commits(oks, ["a", "b"], settled_at=105, settled_tenure=1),
                         [])

    def test_it_sees_one_stray_in_a_long_rightful_history(self):
        dice = random.Random(1)
        tenures = [dice.choice("abc") for _ in range(40)]
        oks, now = [], 0
        for server in tenures:
            for _ in range(dice.randrange(1, 30)):
                oks.append(Ok(now, server, now + 1, now + 5))
                now += 10
        self.assertEqual(checkers.dual_commits(oks, tenures), [])
        stray = Ok(-1, next(one for one in "abc" if one != tenures[-1]), now + 1, now + 5)
        self.assertEqual(checkers.dual_commits([*oks, stray], tenures), [stray])


class LossTest(unittest.TestCase):
    def test_a_row_that_is_not_there_is_lost(self):
        oks = history("a 0 10", "a 20 30")
        self.assertEqual(checkers.lost(oks, {0, 1}), [])
        self.assertEqual(checkers.lost(oks, {0}), [oks[1]])

    def test_an_ok_let_go_after_the_take_over_is_a_dual_commit_if_its_row_is_lost(self):
        oks = history("a 0 99", "b 20 30")
        self.assertEqual(checkers.released_late(oks, [oks[0]]), [oks[0]])
        self.assertEqual(checkers.released_late(oks[:1], [oks[0]]), [])


class GapTest(unittest.TestCase):
    def test_it_is_the_longest_pause_between_oks_of_any_server(self):
        oks = history("a 0 10", "a 0 20", "b 0 90", "b 0 95")
        self.assertEqual(checkers.longest_gap(oks, 10, 95), 70)

    def test_writes_that_have_not_begun_again_count(self):
        self.assertEqual(checkers.longest_gap(history("a 0 10"), 5, 500), 490)
        self.assertEqual(checkers.longest_gap([], 5, 500), 495)


class ExpectationTest(unittest.TestCase):
    def test_a_change_where_none_may_be_is_false(self):
        self.assertEqual(checkers.judge_change(MUST_NOT, 2), (2, 0))
        self.assertEqual(checkers.judge_change(MUST_NOT, 0), (0, 0))

    def test_none_where_one_must_be_is_missed(self):
        self.assertEqual(checkers.judge_change(MUST_CHANGE, 0), (0, 1))
        self.assertEqual(checkers.judge_change(MUST_CHANGE, 1), (0, 0))

    def test_a_second_change_is_false(self):
        self.assertEqual(checkers.judge_change(MUST_CHANGE, 2), (1, 0))
        self.assertEqual(checkers.judge_change(MUST_CHANGE, 2, most=2), (0, 0))
        self.assertEqual(checkers.judge_change(MAY, 2, most=1), (1, 0))

    def test_either_may_be(self):
        self.assertEqual(checkers.judge_change(MAY, 0), (0, 0))
        self.assertEqual(checkers.judge_change(MAY, 3), (0, 0))

    def test_only_who_took_writes_may_have_transactions_of_its_own(self):
        self.assertTrue(checkers.may_be_errant("a", ["a", "b"]))
        self.assertFalse(checkers.may_be_errant("c", ["a", "b"]))
        self.assertFalse(checkers.may_be_errant("a", ["a", "b"], idle=True))
        self.assertTrue(checkers.may_be_errant("c", ["a", "b"], astray={"c"}))

    def test_a_refusal_is_expected_only_of_faults_that_may_refuse(self):
        for expected, count in ((MAY, 0), (MUST_NOT, 1), (MUST_CHANGE, 1)):
            self.assertEqual(len(checkers.unexpected_refusals(expected, [("", "no")])), count)

    def test_a_refused_request_is_an_answer_but_a_refused_failover_is_not(self):
        refusals = [("promote", "not now"), ("failover", "cannot"), ("", "cannot")]
        self.assertEqual(checkers.unexpected_refusals(MUST_CHANGE, refusals, {"promote"}),
                         ["cannot", "cannot"])


class EpisodesTest(unittest.TestCase):
    def test_seeds_in_a_row_go_through_every_kind(self):
        kinds = set(faults.FAULTS)
        for first in (0, 7 * len(kinds), 20 * 739577):
            seeds = range(first, first + 2 * len(kinds) - 1)
            self.assertEqual({episodes.kind_of(seed, kinds) for seed in seeds}, kinds)

    def test_a_seed_alone_names_its_kind(self):
        kinds = sorted(faults.FAULTS)
        self.assertEqual(episodes.kind_of(5, kinds), episodes.kind_of(5, reversed(kinds)))
        self.assertEqual(episodes.kind_of(5, ["kill_primary"]), "kill_primary")

    def test_every_kind_says_what_is_expected(self):
        for fault in faults.FAULTS.values():
            self.assertIn(fault.expected, (MAY, MUST_CHANGE, MUST_NOT), fault.kind)

    def test_what_is_tolerated_has_a_reason_and_is_never_a_loss(self):
        for fault in faults.FAULTS.values():
            for name, reason in fault.tolerated.items():
                self.assertIn(name, ("unexpected_refusals", "missed_failovers"), fault.kind)
                self.assertGreater(len(reason), 20, fault.kind)


def result(**others):
    return {"seed": 1, "kind": "kill_primary", "expected": MUST_CHANGE, "converged": True,
            "settled_s": 1.0, "gap_ms": 100.0, "acked": 10, "changes": 1, "lost": 0,
            "dual_commits": 0, "false_failovers": 0, "missed_failovers": 0, "refusals": 0,
            "unexpected_refusals": 0, "tolerated": {}, "said": "", "error": "", **others}


class ReportTest(unittest.TestCase):
    def test_each_defect_fails_a_run(self):
        self.assertFalse(report.is_bad(result(refusals=1)))
        for defect in ({name: 1} for name in report.FAILURES):
            self.assertTrue(report.is_bad(result(**defect)), defect)
        self.assertTrue(report.is_bad(result(converged=False)))
        self.assertTrue(report.is_bad(result(error="writer died")))

    def test_figures_add_up(self):
        sums = report.figures([result(), result(acked=3, lost=2, gap_ms=500.0)])
        self.assertEqual((sums["episodes"], sums["acked"], sums["acked_min_per_episode"],
                          sums["lost"]), (2, 13, 3, 2))
        self.assertEqual(sums["gaps"]["kill_primary"]["p50_ms"], 100.0)
        self.assertEqual(sums["gaps"]["kill_primary"]["p99_ms"], 500.0)

    def test_percentiles_are_nearest_ranks(self):
        self.assertEqual(report.percentile(range(1, 101), 0.99), 99)
        self.assertEqual(report.percentile([7], 0.5), 7)

    def test_the_table_has_a_line_of_each_kind(self):
        text = report.table([result(), result(kind="switchover", lost=4)])
        self.assertEqual(len(text.splitlines()), 3)
        self.assertIn("4", text.splitlines()[2])

    def test_a_line_names_what_repeats_it(self):
        self.assertRegex(report.line(result(seed=17)), r"--seed 17 +--only kill_primary")

    def test_a_run_goes_on_after_whole_lines_only(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results")
            self.assertEqual(report.read(path), [])
            report.append(path, result(seed=4))
            with open(path, "a") as lines:
                lines.write(json.dumps(result(seed=5))[:30])
            self.assertEqual([one["seed"] for one in report.read(path)], [4])


class NetworkTest(unittest.TestCase):
    def test_a_pair_that_is_cut_hears_nothing_of_each_other(self):
        hosts = network.Network(["a", "b", "c"])
        hosts._cuts.add(("a", "b"))
        hosts._losses[("b", "c")] = 0.2
        hosts._one_way.add(("c", "a"))
        self.assertIn(f"-A INPUT -s {hosts.address('b')} -j DROP\n", hosts.rules("a"))
        self.assertIn(f"-A OUTPUT -d {hosts.address('b')} -j DROP\n", hosts.rules("a"))
        self.assertIn(f"-A INPUT -s {hosts.address('c')} -j DROP\n", hosts.rules("a"))
        self.assertNotIn(f"-d {hosts.address('c')}", hosts.rules("a"))
        self.assertIn(f"-s {hosts.address('c')} -m statistic --mode random --probability 0.2 "
                      "-j DROP\n", hosts.rules("b"))

    def test_only_what_a_gone_process_made_is_an_orphan(self):
        self.assertFalse(network.is_orphan(network.own_name() + "-s1"))
        self.assertTrue(network.is_orphan(f"{network.PREFIX}-{os.getpid()}-1-s1"))
        self.assertFalse(network.is_orphan("somebody-elses"))


if __name__ == "__main__":
    cases.main()
