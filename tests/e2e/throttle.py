"""A slow upstream: a proxy before a registry that holds all its connections together to a rate, can stall at a byte, and
logs each request with its Range.

It runs in a thread with an event loop of its own. Every answer ends its connection, so a relay is a copy to the end.
"""

import asyncio
import threading
import time

from upstream import Request

_CHUNK = 64 * 1024
_BURST = 0.1  # seconds


class Throttle:
    def __init__(self, registry_port, rate=None):
        """`rate` in bytes a second; None: as fast as it goes."""
        self.port = 0
        self.rate = rate
        self.log = []             # Request, appended when it arrives, `sent` growing while it is answered
        self.blob_bytes = 0       # of all the log
        self._hold_at = None      # stalls blob bodies once blob_bytes is there
        self._free_at = 0.0       # the token bucket: when the next chunk may go
        self._registry_port = registry_port
        self._loop = self._thread = self._server = None
        self._connections = set()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._call(self._listen())
        return self

    def stop(self):
        """No one is answered from here on; what is open is cut."""
        if self._thread:
            self._call(self._close())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)
            self._loop.close()
            self._thread = None

    def hold_after(self, count):
        """Stalls all blobs when `count` more bytes of blobs have been sent; None: lets them go on."""
        self._hold_at = None if count is None else self.blob_bytes + count

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(10)

    async def _listen(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self):
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            await self._relay(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def _relay(self, reader, writer):
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
        request = Request(method, path, range=headers.get("range", ""))
        self.log.append(request)
        kept = [line for line in lines[1:] if line and not line.lower().startswith("connection:")]
        answer, up = await asyncio.open_connection("127.0.0.1", self._registry_port)
        try:
            up.write("\r\n".join([lines[0], *kept, "Connection: close", "", ""]).encode("latin-1"))
            head = await answer.readuntil(b"\r\n\r\n")
            request.status = int(head.split(b" ", 2)[1])
            writer.write(head)
            while chunk := await answer.read(_CHUNK):
                await self._send(request, chunk, reader, writer)
        finally:
            up.close()

    async def _send(self, request, chunk, reader, writer):
        blob = "/blobs/" in request.path
        while chunk:
            part = chunk
            if blob and self._hold_at is not None:
                part = chunk[:max(0, self._hold_at - self.blob_bytes)]
            if not part:
                if reader.at_eof():
                    raise ConnectionResetError
                await asyncio.sleep(0.01)
                continue
            if self.rate:
                now = time.monotonic()
                # A sleep that lasted too long is made up for, by up to _BURST.
                self._free_at = max(now - _BURST, self._free_at) + len(part) / self.rate
                await asyncio.sleep(max(0, self._free_at - now))
            writer.write(part)
            await writer.drain()
            request.sent += len(part)
            if blob:
                self.blob_bytes += len(part)
            chunk = chunk[len(part):]
