"""Clients of other projects, and a gateway to point them at."""

import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/workload"))
sys.path.insert(0, str(ROOT / "tests/integration"))
import harness  # noqa: E402

OBTAIN = ROOT / "tests/interop/obtain"


def obtain(name):
    """The folder of a client, which is fetched where it is not there yet."""
    done = subprocess.run([OBTAIN, name], stdout=subprocess.PIPE, text=True, timeout=600, check=True)
    return pathlib.Path(done.stdout.strip())


def host_and_port(address):
    host, _, port = address.rpartition(":")
    return host, int(port)


def read_secret(login):
    """The password of a login of a sandbox's layout."""
    return pathlib.Path(login["password_file"]).read_text().strip()


def settled_farm(directory, **options):
    """A sandbox whose group g1 has a primary and is active."""
    farm = harness.Sandbox(directory, **options)
    try:
        farm.weft("group", "promote", "g1")
        farm.weft("group", "activate", "g1")
        farm.await_settled()
    except BaseException:
        farm.down()
        raise
    return farm
