"""The applications of an episode, on a host of their own."""

import contextlib
import signal
import threading
import time

import farm as farms
from checkers import Ok
from servers import harness

STUBBORN = harness.BINARIES / "tests/workload/stubborn_main"


class Stubborn(harness.JsonProcess):
    """Clients that never follow a change of primary (tests/workload/stubborn.h). Keeps every OK."""

    name = "the stubborn clients"

    def __init__(self, farm):
        self._changed = threading.Condition()
        self._oks = []
        self.acked = 0
        app = farm.layout["app"]
        super().__init__(farm.network.command(farms.APPLICATION, [
            STUBBORN, "--servers=" + ",".join(farm.members()), f"--user={app['user']}",
            f"--password_file={app['password_file']}", f"--database={app['database']}"]))

    def _heard(self, event):
        if event["event"] != "ok":
            super()._heard(event)
            return
        ok = Ok(event["id"], event["server_uuid"], event["sent_ns"], event["ok_ns"])
        with self._changed:
            self._oks.append(ok)
            self.acked += 1
            self._changed.notify_all()

    def mark(self):
        """Every OK that was told so far is known when it returns."""
        self._say("mark")
        self.next("marked", 10)

    def oks(self):
        with self._changed:
            return list(self._oks)

    def forget(self, before):
        """Drops the OKs that arrived before that instant (nanoseconds)."""
        with self._changed:
            self._oks = [ok for ok in self._oks if ok.acknowledged >= before]

    def await_ok(self, timeout, wanted=lambda ok: True):
        """The first OK from now on that is wanted; Failed after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        begin = time.monotonic_ns()
        with self._changed:
            while True:
                for ok in reversed(self._oks):
                    if ok.acknowledged < begin:
                        break
                    if wanted(ok):
                        return ok
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    raise harness.Failed(f"no wanted OK within {timeout} s")

    def await_other_than(self, uuid, timeout):
        """The first OK of a server other than that one."""
        return self.await_ok(timeout, lambda ok: ok.server_uuid != uuid)


class Clients:
    """The writer that searches for the primary, and the stubborn ones. A context manager."""

    def __init__(self, farm, rate=100):
        self._farm = farm
        self.writer = harness.Writer(farm, rate=rate,
                                     prefix=farm.network.command(farms.APPLICATION, []))
        self.stubborn = Stubborn(farm)

    def __enter__(self):
        self.stubborn.await_ok(30)
        self.writer.moved(30)
        return self

    def __exit__(self, *_):
        self.writer.__exit__()
        self.stubborn.__exit__()

    @contextlib.contextmanager
    def still(self):
        """All of them are stopped meanwhile."""
        both = (self.writer, self.stubborn)
        for one in both:
            one.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for one in both:
                one.signal(signal.SIGCONT)

    def rows_of_stubborn(self, primary, since):
        """The ids, from `since` on, that the primary has."""
        rows = self._farm.servers[primary].query(
            f"SELECT id FROM app.weft_stubborn WHERE id >= {since}", timeout=60)
        return {int(row[0]) for row in rows}
