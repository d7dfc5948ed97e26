"""One client that asks for hits at a steady pace and notes how long each takes.

As a program, so that what it measures is not its starter's own business: reads {"port", "paths"} on stdin, asks every two
milliseconds until stdin ends, prints {"hits": [seconds, ...], "misses": how many answers were none}.
"""

import contextlib
import json
import re
import select
import socket
import subprocess
import sys
import time

_EVERY = 0.002
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)\r\n(?:.*\r\n)*?\r\n")


@contextlib.contextmanager
def measured(port, paths, figures):
    """Runs the client for the time of a `with`; then `figures` is what it printed."""
    client = subprocess.Popen([sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        client.stdin.write(json.dumps({"port": port, "paths": paths}) + "\n")
        client.stdin.flush()
        yield
        figures.update(json.loads(client.communicate(timeout=60)[0]))
    finally:
        client.kill()
        client.wait()


def _main():
    work = json.loads(sys.stdin.readline())
    hits, misses = [], 0
    with socket.create_connection(("127.0.0.1", work["port"])) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while not select.select([sys.stdin], [], [], 0)[0]:
            path = work["paths"][(len(hits) + misses) % len(work["paths"])]
            begun = time.monotonic()
            client.sendall(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
            answer = client.recv(65536)
            while (length := _LENGTH.search(answer)) is None or len(answer) < length.end() + int(length[1]):
                part = client.recv(65536)  # what is no hit may come in parts
                if not part:
                    raise SystemExit(f"{path}: cut after {len(answer)} bytes")
                answer += part
            took = time.monotonic() - begun
            if not answer.startswith(b"HTTP/1.1 200"):
                raise SystemExit(repr(answer))
            if b"Cache-Status: entrepot; hit\r\n" in answer:
                hits.append(took)
            else:
                misses += 1
            time.sleep(max(0, _EVERY - took))
    json.dump({"hits": hits, "misses": misses}, sys.stdout)


if __name__ == "__main__":
    _main()
