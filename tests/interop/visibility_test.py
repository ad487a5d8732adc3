"""How soon a gateway names a new primary, beside the stream that the controller pushes to whoever
watches: grpcurl reads the one, a client that asks all the time the other."""

import base64
import http.client
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/interop"), str(ROOT / "tests/integration")]
import cases  # noqa: E402
import clients  # noqa: E402
import harness  # noqa: E402

PROMOTIONS = 7
WITHIN_S = 0.05


class Observer(threading.Thread):
    """Remembers each primary of g1, and when it was named first."""

    def __init__(self):
        super().__init__(daemon=True)
        self.seen = []  # (UUID, time.monotonic())

    def saw(self, primary):
        if primary and (not self.seen or self.seen[-1][0] != primary):
            self.seen.append((primary, time.monotonic()))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        raise NotImplementedError

    def uuids(self):
        return [uuid for uuid, _ in self.seen]


class Watcher(Observer):
    """What the controller pushes."""

    def __init__(self, farm):
        super().__init__()
        admin = farm.layout["admin"]
        pair = f"{admin['user']}:{clients.read_secret(admin)}".encode()
        self.process = subprocess.Popen(
            [clients.obtain("grpcurl-1.8.7") / "grpcurl", "-plaintext", "-expand-headers", "-H",
             "authorization: ${LOGIN}", "-d", '{"groups": ["groups/g1"]}',
             farm.layout["controller"], "weft.v1.Topology/WatchTopology"],
            stdout=subprocess.PIPE, text=True,
            env={"PATH": "/usr/bin:/bin",
                 "LOGIN": "Basic " + base64.b64encode(pair).decode()})
        self.start()

    def run(self):
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line != "}\n":
                continue
            for group in json.loads("".join(lines)).get("groups", []):
                self.saw(group.get("primary", "").removeprefix("servers/"))
            lines.clear()

    def end(self):
        self.process.terminate()
        self.process.wait(10)
        self.join(10)
        self.process.stdout.close()


class Asker(Observer):
    """What the gateway answers."""

    def __init__(self, farm):
        super().__init__()
        self.connection = http.client.HTTPConnection(farm.layout["gateway"]["http"], timeout=10)
        self.ended = threading.Event()
        self.start()

    def run(self):
        while not self.ended.is_set():
            self.connection.request("GET", "/v1/groups/g1")
            self.saw(json.loads(self.connection.getresponse().read())["primary"])

    def end(self):
        self.ended.set()
        self.join(10)
        self.connection.close()


class Visibility(unittest.TestCase):

    def test_a_gateway_names_a_new_primary_as_soon_as_the_stream_does(self):
        with tempfile.TemporaryDirectory(prefix="weft-interop-", dir="/tmp") as folder, \
                clients.settled_farm(folder + "/s") as farm, \
                Watcher(farm) as watcher, Asker(farm) as asker:
            harness.wait_until(lambda: watcher.seen and asker.seen, 20, "both name a primary")
            for promotion in range(1, PROMOTIONS + 1):
                farm.weft("group", "promote", "g1")
                harness.wait_until(lambda: min(len(watcher.seen), len(asker.seen)) > promotion, 10,
                                   "both name the new primary")
                farm.await_settled()
        self.assertEqual(asker.uuids(), watcher.uuids())
        late = [asked - pushed for (_, asked), (_, pushed) in zip(asker.seen, watcher.seen)][1:]
        print("the gateway's answer after the stream's, in ms: "
              + ", ".join(f"{1000 * one:.1f}" for one in late))
        self.assertEqual(len(late), PROMOTIONS)
        self.assertLessEqual(statistics.median(late), WITHIN_S)


if __name__ == "__main__":
    cases.main()
