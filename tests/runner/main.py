"""Runs the suites named on the command line, or all; see tests/run."""

import sys
import time

import suites
import tally

REAL_SERVERS = suites.NEVER_CACHED


def main(names):
    if names == ["--list"]:
        for name, run in suites.SUITES.items():
            print(f"{name:12} {suites.DESCRIPTIONS.get(name) or run.__doc__.splitlines()[0]}")
        return 0
    suites.targets = [name for name in names if name.startswith("//")] or suites.targets
    names = [name for name in names if not name.startswith("//")]
    unknown = [name for name in names if name not in suites.SUITES]
    if unknown:
        known = " ".join(suites.SUITES)
        print(f"tests/run: expected suites ({known}), found '{unknown[0]}'", file=sys.stderr)
        return 2
    if names and any(name in REAL_SERVERS for name in names) and "mysql" not in names:
        names = ["mysql", *names]

    total = tally.Tally()
    for name in names or suites.SUITES:
        started = time.monotonic()
        print(f"== {name}", flush=True)
        result = suites.SUITES[name]()
        print(f"== {name}: {result.summary()} in {time.monotonic() - started:.0f} s", flush=True)
        total.add(result)

    for name in total.skips:
        print(f"skipped: {name}")
    for name in total.failures:
        print(f"failed: {name}")
    print(total.summary())
    return 0 if total.ran_something and not total.failures else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        print("tests/run: interrupted; nothing is said about the tests", file=sys.stderr)
        sys.exit(130)
