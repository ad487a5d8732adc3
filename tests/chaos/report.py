"""Results of episodes: a line each, a table, figures, and the file that a run goes on from."""

import json
import math

COUNTS = ("acked", "lost", "dual_commits", "false_failovers", "missed_failovers", "refusals",
          "unexpected_refusals")
# Any of these above zero, and the run has failed.
FAILURES = ("lost", "dual_commits", "false_failovers", "missed_failovers", "unexpected_refusals")


def percentile(values, share):
    """Nearest rank: with few values p99 is the maximum."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def is_bad(result):
    """True for an episode that fails the run."""
    return bool(result["error"]) or not result["converged"] or \
        any(result[name] for name in FAILURES)


def line(result):
    """An episode in one line; enough to repeat it alone."""
    words = [f"{'FAIL' if is_bad(result) else 'ok':4}", f"--seed {result['seed']:<6}",
             f"--only {result['kind']:32}", f"gap {result['gap_ms']:7.0f} ms",
             f"settled {result['settled_s']:5.1f} s", f"acked {result['acked']:5}",
             f"changes {result['changes']}"]
    words += [f"{name} {result[name]}" for name in COUNTS[1:] if result[name]]
    words += [f"tolerated {name} {count}" for name, count in result["tolerated"].items()]
    words += [result[name] for name in ("said", "error") if result[name]]
    return "  ".join(words)


def gaps(results):
    """kind -> percentiles of the writes' longest gap, in ms."""
    by_kind = {}
    for result in results:
        by_kind.setdefault(result["kind"], []).append(result["gap_ms"])
    return {kind: {"episodes": len(values), "p50_ms": round(percentile(values, 0.5), 1),
                   "p99_ms": round(percentile(values, 0.99), 1),
                   "max_ms": round(max(values), 1)}
            for kind, values in sorted(by_kind.items())}


def figures(results):
    """What --json prints last."""
    total = {name: sum(result[name] for result in results) for name in COUNTS}
    return {"episodes": len(results), "acked": total.pop("acked"),
            "acked_min_per_episode": min((result["acked"] for result in results), default=0),
            **total, "not_converged": sum(not result["converged"] for result in results),
            "errors": sum(bool(result["error"]) for result in results),
            "tolerated": sum(sum(result["tolerated"].values()) for result in results),
            "gaps": gaps(results)}


def table(results):
    """The kinds, a line each."""
    head = f"{'fault':34}{'expected':16}{'runs':>5}{'changes':>8}{'p50 ms':>8}{'p99 ms':>8}" \
           f"{'max ms':>8}{'acked':>8}{'lost':>5}{'dual':>5}{'refused':>8}{'failed':>7}"
    lines = [head]
    for kind, gap in gaps(results).items():
        own = [result for result in results if result["kind"] == kind]
        total = {name: sum(result[name] for result in own) for name in (*COUNTS, "changes")}
        lines.append(
            f"{kind:34}{own[0]['expected']:16}{len(own):>5}{total['changes']:>8}"
            f"{gap['p50_ms']:>8.0f}{gap['p99_ms']:>8.0f}{gap['max_ms']:>8.0f}{total['acked']:>8}"
            f"{total['lost']:>5}{total['dual_commits']:>5}{total['refusals']:>8}"
            f"{sum(map(is_bad, own)):>7}")
    return "\n".join(lines)


def read(path):
    """The results that a file has; a last line that was cut short is passed over."""
    results = []
    try:
        with open(path) as lines:
            for text in lines:
                if text.endswith("\n"):
                    results.append(json.loads(text))
    except FileNotFoundError:
        pass
    return results


def append(path, result):
    with open(path, "a") as lines:
        lines.write(json.dumps(result) + "\n")
