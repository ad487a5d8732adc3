"""A TCP proxy on loopback that delays what goes through it: a link that is slow, or says nothing."""

import asyncio
import threading
import time


class SlowLink:
    """Listens on a port of its own for `address` ("host:port"). Each piece of data, either way, is
    passed on `delay` seconds after it came; the delay may change at any time, also for what is on its
    way. A context manager."""

    def __init__(self, address):
        host, port = address.rsplit(":", 1)
        self._target = (host, int(port))
        self.delay = 0.0
        self._loop = asyncio.new_event_loop()
        self._server = None
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def address(self):
        return f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._server = self._loop.run_until_complete(
            asyncio.start_server(self._serve, "127.0.0.1", 0))
        self._ready.set()
        self._loop.run_forever()
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    async def _serve(self, reader, writer):
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, reader, writer):
        pieces = asyncio.Queue()

        async def take():
            while True:
                try:
                    data = await reader.read(65536)
                except OSError:
                    data = b""
                await pieces.put((time.monotonic(), data))
                if not data:
                    return

        async def give():
            while True:
                came, data = await pieces.get()
                while time.monotonic() < came + self.delay:
                    await asyncio.sleep(min(0.01, max(0.0, came + self.delay - time.monotonic())))
                if not data:
                    writer.close()
                    return
                try:
                    writer.write(data)
                    await writer.drain()
                except OSError:
                    return

        await asyncio.gather(take(), give())
