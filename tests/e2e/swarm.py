"""Many clients at once, in one process and one loop, so that they take little from the machine that serves them.

As a program: reads {"port", "requests": [{"path", "file"}], "clients": [[index, ...], ...]} on stdin. Each client sends its
requests, which these indexes name, one after the other on one connection and compares every byte of each body with the file.
Prints, for each client, {"first_byte", "end", "error", "done": [[index, start, end], ...]}: seconds since the start, and what
went wrong or null.
"""

import json
import mmap
import pathlib
import re
import selectors
import socket
import subprocess
import sys
import time

from image import ACCEPT
from process import ProgramFailed

_CHUNK = 1 << 18


def swarm(port, clients, requests, timeout):
    """That many clients, each with all the requests."""
    return swarm_of(port, [list(range(len(requests)))] * clients, requests, timeout)


def swarm_of(port, clients, requests, timeout):
    """Runs the program: (path, file) pairs and each client's indexes in, one dict for each client out."""
    work = {"port": port, "clients": clients, "requests": [{"path": path, "file": str(file)} for path, file in requests]}
    try:
        done = subprocess.run([sys.executable, __file__], input=json.dumps(work), capture_output=True, text=True,
                              timeout=timeout, check=True, cwd=pathlib.Path(__file__).parent)
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as failed:
        raise ProgramFailed(f"{len(clients)} clients: {failed}; {failed.stderr}") from failed
    return json.loads(done.stdout)


class _Client:
    def __init__(self, port, requests, indexes, selector, start):
        self._port, self._requests, self._indexes, self._selector, self._start = port, requests, iter(indexes), selector, start
        self._socket = None
        self._done = []
        self.first_byte = self.end = self.error = None
        self._next_request()

    def result(self):
        return {"first_byte": self.first_byte, "end": self.end, "error": self.error, "done": self._done}

    def readable(self):
        try:
            data = self._socket.recv(_CHUNK)
            if not data:
                return self._finish(f"{self._path}: ended after {self._offset} of {self._length} bytes")
            if self._length is None:
                data = self._take_head(data)
            if data and not self._compare(data):
                return self._finish(f"{self._path}: wrong bytes near {self._offset}")
            if self._length is not None and self._offset == self._length:
                self._done.append([self._index, self._asked, time.monotonic() - self._start])
                self._next_request()
        except (OSError, ValueError) as failed:
            self._finish(f"{self._path}: {failed}")

    def _next_request(self):
        self._index = next(self._indexes, None)
        if self._index is None:
            return self._finish(None)
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port))
            self._selector.register(self._socket, selectors.EVENT_READ, self)
        self._path, self._expected = self._requests[self._index]
        self._asked = time.monotonic() - self._start
        self._head, self._length, self._offset = b"", None, 0
        self._socket.sendall(f"GET {self._path} HTTP/1.1\r\nHost: swarm\r\nAccept: {ACCEPT}\r\n\r\n".encode())

    def _take_head(self, data):
        """What of the data belongs to the body."""
        self._head += data
        head, end, body = self._head.partition(b"\r\n\r\n")
        if not end:
            return b""
        if not head.startswith(b"HTTP/1.1 200"):
            raise ValueError(self._head[:300])
        self._length = int(re.search(rb"\r\ncontent-length: *(\d+)", head, re.IGNORECASE)[1])
        if self._length != len(self._expected):
            raise ValueError(f"Content-Length {self._length}, not {len(self._expected)}")
        return body

    def _compare(self, data):
        if self.first_byte is None:
            self.first_byte = time.monotonic() - self._start
        same = self._expected[self._offset:self._offset + len(data)] == data
        self._offset += len(data)
        return same

    def _finish(self, error):
        self.error = error
        self.end = time.monotonic() - self._start
        self._selector.unregister(self._socket)
        self._socket.close()


def _main():
    work = json.load(sys.stdin)
    requests = []
    for request in work["requests"]:
        with open(request["file"], "rb") as file:
            requests.append((request["path"], mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
    selector = selectors.DefaultSelector()
    start = time.monotonic()
    clients = [_Client(work["port"], requests, indexes, selector, start) for indexes in work["clients"]]
    while selector.get_map():
        for key, _ in selector.select():
            key.data.readable()
    json.dump([client.result() for client in clients], sys.stdout)


if __name__ == "__main__":
    _main()
