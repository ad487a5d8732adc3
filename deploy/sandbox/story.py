#!/usr/bin/env python3
"""A primary dies under a running writer, and no acknowledged row is lost.

    deploy/demo [--mysql 9.7|5.6|PATH] [--rate ROWS/S] [--json]
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests/workload"))
import harness  # noqa: E402


class Story:
    """Tells what happens, with the time since the beginning."""

    def __init__(self):
        self._begin = time.monotonic()

    def tell(self, text):
        print(f"{time.monotonic() - self._begin:7.2f} s  {text}", flush=True)


def rejoin(sandbox, address, old_uuid, story, deadline=60):
    """Waits for the dead server to be a SECONDARY again; rebuilds it when it must be. Returns the
    instant, or None where this version cannot be rebuilt."""
    told = False

    def place():
        server = sandbox.server(address)
        return server if server["status"] == "SECONDARY" or server.get("set_aside") else None

    server = harness.wait_until(place, deadline, f"{address} taken back")
    if server["status"] != "SECONDARY":
        story.tell(f"{address} is set aside: {server['set_aside']}")
        if server.get("errant"):
            story.tell(f"what only it has: {server['errant']} (no client got an OK for it)"
                       if sandbox.lossless else f"what only it has: {server['errant']}")
            told = True
        answer = sandbox.weft("server", "rejoin", old_uuid, "--rebuild", timeout=300, check=False)
        if answer is None or "error" in answer:
            story.tell((answer or {}).get("error", {}).get("message", "it cannot be rebuilt"))
            story.tell((answer or {}).get("error", {}).get("next_step", ""))
            return None
        story.tell("rebuilt it with the CLONE plugin" + (", as told" if told else ""))
        harness.wait_until(lambda: sandbox.server(address)["status"] == "SECONDARY", deadline,
                           f"{address} a secondary")
    return time.monotonic()


def play(options, directory, story):
    story.tell(f"starting a state store, three MySQL {options.mysql} servers and Weft ...")
    with harness.Sandbox(directory + "/s", mysql=options.mysql) as sandbox:
        addresses = list(sandbox.members())
        story.tell(f"servers {', '.join(addresses)} are in group g1")
        sandbox.weft("group", "promote", "g1")
        sandbox.weft("group", "activate", "g1")
        group = sandbox.show()
        sandbox.lossless = group["effective_durability"] == "lossless"
        primary = sandbox.primary()
        story.tell(f"{primary} is the primary; durability: {group['effective_durability']}")

        with harness.Writer(sandbox, rate=options.rate) as writer:
            writer.moved()
            harness.wait_until(lambda: writer.status()["acked"] >= options.rate, 60,
                               "a second's worth of rows")
            old_uuid = sandbox.server(primary)["uuid"]
            story.tell(f"{writer.status()['acked']} rows acknowledged; kill -9 of {primary}")
            killed = sandbox.kill(primary)
            move = writer.moved()
            failover_ms = move["first_after_ms"] - killed * 1000
            story.tell(f"{move['to']} acknowledges writes, {failover_ms:.0f} ms after the kill")

            harness.wait_until(lambda: not sandbox.show().get("pending_operation"), 30,
                               "the failover finished")
            story.tell(f"starting {primary} again")
            started = time.monotonic()
            sandbox.start(primary)
            back = rejoin(sandbox, primary, old_uuid, story)
            rejoined_ms = None if back is None else round((back - started) * 1000)
            if back is not None:
                story.tell(f"{primary} is a SECONDARY again")
            audit = writer.check()

        reported = reported_loss(sandbox)
        story.tell(f"{audit['acked']} rows acknowledged, {audit['lost']} lost; "
                   f"the failover reported {reported} lost transactions")
        if sandbox.lossless and audit["lost"] != 0:
            raise harness.Failed(f"rows {audit['lost_ids']} were acknowledged and are gone")
        if isinstance(reported, int) and reported < audit["lost"]:
            raise harness.Failed(f"{audit['lost']} rows are gone, the operation says {reported}")
        return {"failover_ms": round(failover_ms), "acked": audit["acked"],
                "lost": audit["lost"], "rejoined_ms": rejoined_ms}


def reported_loss(sandbox):
    """What the failover's operation says was lost: a number, or a text while it is not known."""
    for operation in sandbox.weft("operation", "list", "--group", "g1")["operations"]:
        if operation["kind"] == "failover":
            return operation["result"]["lost_transactions"]
    raise harness.Failed("there is no operation of kind failover")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--mysql", default="9.7", help="9.7, 5.6, or the path of a mysqld")
    parser.add_argument("--rate", type=float, default=200, help="rows a second")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()

    harness.end_on_sigterm()
    story = Story()
    story.tell("building (minutes the first time, seconds after) ...")
    harness.build()
    directory = tempfile.mkdtemp(prefix="weft-demo-")
    try:
        result = play(options, directory, story)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if options.json:
        print(json.dumps(result))


if __name__ == "__main__":
    try:
        main()
    except harness.Failed as failure:
        print(f"demo: {failure}", file=sys.stderr)
        sys.exit(1)
