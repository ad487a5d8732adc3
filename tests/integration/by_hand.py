"""What an operator does beside Weft: SQL by the mysql client, a look at what runs."""

import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def _client():
    """The mysql client of the machine's MySQL 9.7, as the beginning of an argument list."""
    done = subprocess.run([ROOT / "deploy/mysql/obtain", "9.7", "--json"], check=True,
                          capture_output=True, text=True)
    layout = json.loads(done.stdout)
    return [*layout["client_loader"], layout["client"], "--no-defaults",
            f"--plugin-dir={layout['client_plugin_dir']}", "--batch", "--skip-column-names"]


_CLIENT = []


def tcp_client():
    """The command of a mysql client without a server; its caller names one, and a login."""
    if not _CLIENT:
        _CLIENT.extend(_client())
    return list(_CLIENT)


def client(socket):
    """The command of a mysql client that is root over a server's socket."""
    return [*tcp_client(), "--user=root", f"--socket={socket}"]


def sql(socket, *statements):
    """Runs SQL as root over a server's socket; returns the rows as lists of texts."""
    done = subprocess.run(client(socket),
                          input=";\n".join(statements) + ";\n", capture_output=True, text=True,
                          timeout=60, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{'; '.join(statements)}: {done.stderr.strip()}")
    return [line.split("\t") for line in done.stdout.splitlines()]


def controller_pid(folder, address):
    """pid of the sandbox's controller that listens on `address`."""
    for pid, line in processes_of(folder).items():
        if "weft-controller" in line and f"--listen={address} " in line:
            return pid
    raise LookupError(f"no controller of {folder} runs at {address}")


def processes_of(folder):
    """pid -> command line of everything that runs with that folder on its command line."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if str(folder) in line and state != "Z":
            found[int(entry.name)] = line.strip()
    return found
