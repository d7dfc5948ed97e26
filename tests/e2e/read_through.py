"""A front that makes one registry of two: reads go to a cache, writes to the upstream behind it.

So a program that pushes before it pulls can be used on a cache that takes no pushes.
"""

import http.client
import urllib.parse

from small_server import SmallServer


class ReadThrough(SmallServer):
    def __init__(self, cache_port, upstream_port, prefix=""):
        """`prefix` stands before names that mean the upstream; it is the cache's way to find it, and is not the upstream's."""
        self._cache, self._upstream, self._prefix = cache_port, upstream_port, prefix
        super().__init__()

    def respond(self, request):
        # An upload in progress is known to the upstream only, and a push that has ended says by its Location where to read.
        reads = request.method in ("GET", "HEAD") and "/blobs/uploads/" not in request.path
        target = request.target if reads else self._without_prefix(request.target)
        headers = {name: value for name, value in request.headers.items() if name.lower() != "transfer-encoding"}
        connection = http.client.HTTPConnection("127.0.0.1", self._cache if reads else self._upstream, timeout=60)
        try:
            connection.request(request.method, target, request.body or None, headers)
            answer = connection.getresponse()
            body = answer.read()
            kept = [(name, value) for name, value in answer.getheaders() if name.lower() not in ("transfer-encoding", "connection")]
            return answer.status, kept, body
        finally:
            connection.close()

    def _without_prefix(self, target):
        mounted_from = "from=" + urllib.parse.quote(self._prefix, safe="")
        return target.replace(f"/v2/{self._prefix}", "/v2/", 1).replace(mounted_from, "from=")
