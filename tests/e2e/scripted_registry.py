"""A registry of images in their folders, that answers as a test says: rightly, or with one fault.

It is the upstream that has a fault, and the registry itself that has none: over TLS under the names of Docker Hub, or plain.
"""

import dataclasses
import json
import re

from small_server import SmallServer
from upstream import Request

HUB = ("registry-1.docker.io", "index.docker.io", "docker.io")
_PATH = re.compile(r"/v2/(?P<repository>[\w./-]+)/(?P<kind>manifests|blobs)/(?P<reference>[\w.:-]+)$")
_CODES = {404: "MANIFEST_UNKNOWN", 429: "TOOMANYREQUESTS", 503: "UNAVAILABLE"}
RETRY_AFTER = 1   # seconds, with 429 and 503


@dataclasses.dataclass
class Fault:
    """What is answered in place of an image, and of what it has not as well."""
    manifests: int | None = None          # a status
    blobs: int | str | None = None        # a status; or "cut": they end in their middle, however often they are asked for;
                                          # or "broken": likewise, and nobody gets the other half


class ScriptedRegistry(SmallServer):
    def __init__(self, images, **where):
        """Serves the images. `where` is for SmallServer."""
        self.images = {image.repository: image for image in images}
        self.fault = Fault()
        self._asked = []
        super().__init__(**where)

    def requests(self):
        """The requests since the last call."""
        new, self._asked = self._asked, []
        return new

    def respond(self, request):
        self._asked.append(Request(request.method, request.path))
        if request.path == "/v2/":
            return 200, [], b"{}"
        asked = _PATH.match(request.path)
        if not asked:
            return _error(404)
        fault = getattr(self.fault, asked["kind"])
        if isinstance(fault, int):
            return _error(fault)
        image = self.images.get(asked["repository"])
        if not image:
            return _error(404)
        if asked["kind"] == "blobs":
            return _blob(image, asked["reference"], request.headers.get("Range"), fault)
        return _manifest(image, image.digest if asked["reference"] == image.tag else asked["reference"])


def _manifest(image, digest):
    if digest not in image.manifests():
        return _error(404)
    content = image.path(digest).read_bytes()
    return 200, [*_headers(image.document(digest)["mediaType"], digest), ("Content-Length", str(len(content)))], content


def _blob(image, digest, asked_range, fault):
    if digest not in image.blobs():
        return _error(404)
    content = image.path(digest).read_bytes()
    first = int(asked_range.removeprefix("bytes=").split("-")[0]) if asked_range else 0
    # Always the middle of the whole, so that who goes on from there gets no further. A config comes whole.
    end = len(content) // 2 if fault and len(content) > 1 << 16 else len(content)
    if fault == "broken" and first >= end:
        return _error(503)
    headers = [*_headers("application/octet-stream", digest), ("Content-Length", str(len(content) - first))]
    if asked_range:
        headers.append(("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}"))
    return 206 if asked_range else 200, headers, content[first:max(first, end)]


def _headers(media_type, digest):
    return [("Content-Type", media_type), ("Docker-Content-Digest", digest)]


def _error(status):
    headers = [("Content-Type", "application/json")] + ([("Retry-After", str(RETRY_AFTER))] if status in (429, 503) else [])
    return status, headers, json.dumps({"errors": [{"code": _CODES[status], "message": "as told"}]}).encode()
