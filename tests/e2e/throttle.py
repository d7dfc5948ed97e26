"""A slow upstream: a proxy before a registry that holds its connections to a rate, each and all together, answers late, can
stall at a byte, and logs each request with its Range.

It runs in a thread with an event loop of its own. Every answer ends its connection, so a relay is a copy to the end.
"""

import asyncio
import socket
import threading
import time

from upstream import Request

_CHUNK = 64 * 1024
_BURST = 0.1  # seconds

# Of bytes that were sent and the peer's kernel has not taken. By default it grows to megabytes, which count as sent though a
# peer that cuts the connection never sees them.
_SEND_BUFFER = 64 * 1024


class _Bucket:
    """Tells when the next bytes may go. The rate is passed each time, since a test may change it."""

    def __init__(self):
        self._free_at = time.monotonic()

    async def take(self, count, rate):
        if not rate:
            return
        now = time.monotonic()
        # A sleep that lasted too long is made up for, by up to _BURST.
        self._free_at = max(now - _BURST, self._free_at) + count / rate
        await asyncio.sleep(max(0, self._free_at - now))


class Throttle:
    def __init__(self, registry_port, rate=None, rate_each=None, latency=0):
        """`rate` of all connections together and `rate_each` of each in bytes a second; None: as fast as it goes. `latency` in
        seconds, before the header of each answer. All of them may be changed while it runs."""
        self.port = 0
        self.rate, self.rate_each, self.latency = rate, rate_each, latency
        self.log = []             # Request, appended when it arrives, `sent` growing while it is answered
        self.blob_bytes = 0       # of all the log
        self._hold_at = None      # stalls blob bodies once blob_bytes is there
        self._all = _Bucket()
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
        listener = socket.create_server(("127.0.0.1", self.port))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)  # what it accepts inherits it
        self._server = await asyncio.start_server(self._serve, sock=listener)
        self.port = listener.getsockname()[1]

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
        request = Request(method, path, range=headers.get("range", ""), arrived=time.monotonic())
        self.log.append(request)
        writer.transport.set_write_buffer_limits(0)  # drain() waits until the kernel has all
        kept = [line for line in lines[1:] if line and not line.lower().startswith("connection:")]
        answer, up = await asyncio.open_connection("127.0.0.1", self._registry_port)
        try:
            up.write("\r\n".join([lines[0], *kept, "Connection: close", "", ""]).encode("latin-1"))
            head = await answer.readuntil(b"\r\n\r\n")
            await asyncio.sleep(self.latency)
            request.status = int(head.split(b" ", 2)[1])
            request.answered = time.monotonic()
            writer.write(head)
            bucket = _Bucket()
            while chunk := await answer.read(_CHUNK):
                await self._send(request, chunk, bucket, reader, writer)
        finally:
            up.close()

    async def _send(self, request, chunk, bucket, reader, writer):
        """What a peer that cuts the connection has not taken of the last chunk counts as sent."""
        await bucket.take(len(chunk), self.rate_each)
        await self._all.take(len(chunk), self.rate)
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
            request.sent += len(part)
            if blob:
                self.blob_bytes += len(part)
            chunk = chunk[len(part):]
            writer.write(part)
            await writer.drain()


def sent_twice(gets):
    """How many bytes of one blob were sent more than once, by its GETs."""
    twice, reached = 0, 0
    for begin, end in sorted((r.first_byte, r.first_byte + r.sent) for r in gets):
        twice += max(0, min(end, reached) - begin)
        reached = max(reached, end)
    return twice


def round_trips(log, request):
    """How many answers had to be waited for, one after the other, until that of `request` began: it counts too."""
    before = [r for r in log if r.answered and r.answered <= request.arrived]
    return 1 + max((round_trips(before, r) for r in before), default=0)
