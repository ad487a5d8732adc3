"""Watches from beside Weft which servers accept writes of applications.

That is read_only: super_read_only, which also stops administrators, is on wherever Weft fences, but a
server that is being rebuilt has it off for moments, since CLONE asks for that."""

import subprocess
import threading
import time

import by_hand

# Between two rounds over all servers.
PERIOD = 0.01
QUESTION = "SELECT @@GLOBAL.read_only"


class _Server:
    """One server, asked over a session that is opened again whenever it was lost."""

    def __init__(self, address, socket):
        self.address = address
        self._socket = socket
        self._client = None

    def writable(self):
        """True: it accepts writes now. False: it refuses them, or does not answer."""
        try:
            if self._client is None:
                self._client = subprocess.Popen(
                    [*by_hand.client(self._socket), "--unbuffered"], stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, bufsize=1)
            self._client.stdin.write(QUESTION + ";\n")
            self._client.stdin.flush()
            answer = self._client.stdout.readline()
        except OSError:
            answer = ""
        if not answer:
            self.close()
        return answer.strip() == "0"

    def close(self):
        if self._client is not None:
            self._client.kill()
            self._client.communicate()
            self._client = None


class Watch:
    """A thread that looks at all servers again and again. A context manager."""

    def __init__(self, farm):
        self._servers = [_Server(server["address"], server["socket"])
                         for server in farm.members().values()]
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.rounds = 0  # with an answer of "writable"
        self.dual = []   # (instant, addresses) of two at a time

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ends.set()
        self._thread.join()
        for server in self._servers:
            server.close()

    def _look(self):
        while not self._ends.wait(PERIOD):
            found = [server for server in self._servers if server.writable()]
            self.rounds += 1 if found else 0
            # One that was writable before and after another was seen so, was so at that time too.
            if len(found) > 1 and found[0].writable():
                self.dual.append((time.monotonic(), [server.address for server in found]))


def now(farm):
    """The addresses of the servers that accept writes, asked one after the other."""
    found = []
    for server in farm.members().values():
        if server["pid"] is None:
            continue
        if by_hand.sql(server["socket"], QUESTION) == [["0"]]:
            found.append(server["address"])
    return found
