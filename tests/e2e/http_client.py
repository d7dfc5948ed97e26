"""Plain HTTP requests, and a download that can be watched while it runs."""

import http.client
import threading
import urllib.parse

from image import ACCEPT


def get(url, path, method="GET", headers=None, timeout=60):
    """One request on a connection of its own: the status, the headers and the body."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=timeout)
    try:
        connection.request(method, path, headers={"Accept": ACCEPT, **(headers or {})})
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


class Download(threading.Thread):
    """GETs a path in the background and compares every byte with a file's."""

    def __init__(self, url, path, expected_file):
        super().__init__(daemon=True)
        self._url, self._path, self._expected = url, path, expected_file
        self.received = 0
        self.error = None   # None when it is done: the whole of the file came, and nothing else
        self.start()

    def run(self):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self._url).netloc, timeout=120)
        try:
            connection.request("GET", self._path)
            response = connection.getresponse()
            if response.status != 200:
                self.error = f"status {response.status}: {response.read(500)!r}"
                return
            with open(self._expected, "rb") as expected:
                while chunk := response.read1(1 << 18):
                    if chunk != expected.read(len(chunk)):
                        self.error = f"wrong bytes after {self.received}"
                        return
                    self.received += len(chunk)
                if expected.read(1):
                    self.error = f"ended short, after {self.received} bytes"
        except (OSError, http.client.HTTPException) as failed:
            self.error = f"{type(failed).__name__} after {self.received} bytes: {failed}"
        finally:
            connection.close()
