"""A registry of images in their folders, that answers as a test says: rightly, or with one fault.

It is the upstream that has a fault, and the registry itself that has none: over TLS under the names of Docker Hub, or plain.
"""

import dataclasses
import json
import re

from http_client import get
from small_server import SmallServer
from upstream import Request

HUB = ("registry-1.docker.io", "index.docker.io", "docker.io")
_PATH = re.compile(r"/v2/(?P<repository>[\w./-]+)/(?P<kind>manifests|blobs)/(?P<reference>[\w.:-]+)$")
_RANGE = re.compile(r"bytes=(?P<first>\d+)-(?P<last>\d*)$")
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
        found = self.find(**asked.groupdict())
        if not found:
            return _error(404)
        if asked["kind"] == "blobs":
            return _blob(*found, request.headers.get("Range"), fault)
        media_type, digest, content = found
        return 200, [*_headers(media_type, digest), ("Content-Length", str(len(content)))], content

    def find(self, repository, kind, reference):
        """The media type, the digest and the content of a manifest or a blob; or None."""
        return find(self.images.get(repository), kind, reference)


class FaultyFront(ScriptedRegistry):
    """Likewise, of all that another registry has: what clients have pushed there."""

    def __init__(self, url, **where):
        self._url = url
        super().__init__((), **where)

    def find(self, repository, kind, reference):
        status, headers, content = get(self._url, f"/v2/{repository}/{kind}/{reference}")
        return (headers["Content-Type"], headers["Docker-Content-Digest"], content) if status == 200 else None


def find(image, kind, reference):
    """The media type, the digest and the content of a manifest or a blob of an image; None, where there is no image too."""
    if not image:
        return None
    digest = image.digest if reference == image.tag else reference
    if digest not in (image.blobs() if kind == "blobs" else image.manifests()):
        return None
    media_type = "application/octet-stream" if kind == "blobs" else image.document(digest)["mediaType"]
    return media_type, digest, image.path(digest).read_bytes()


def part_of(content, asked_range):
    """What a Range asks for: the status, headers, the first and the last byte."""
    part = _RANGE.match(asked_range or "")     # what else is asked for is answered with the whole, as anybody may
    first = int(part["first"]) if part else 0
    last = min(int(part["last"]), len(content) - 1) if part and part["last"] else len(content) - 1
    headers = [("Content-Length", str(last + 1 - first))]
    if part:
        headers.append(("Content-Range", f"bytes {first}-{last}/{len(content)}"))
    return 206 if part else 200, headers, first, last


def _blob(media_type, digest, content, asked_range, fault):
    status, headers, first, last = part_of(content, asked_range)
    # Always the middle of the whole, so that who goes on from there gets no further. A config comes whole.
    end = len(content) // 2 if fault and len(content) > 1 << 16 else len(content)
    if fault == "broken" and first >= end:
        return _error(503)
    return status, [*_headers(media_type, digest), *headers], content[first:max(first, min(end, last + 1))]


def _headers(media_type, digest):
    return [("Content-Type", media_type), ("Docker-Content-Digest", digest)]


def _error(status):
    headers = [("Content-Type", "application/json")] + ([("Retry-After", str(RETRY_AFTER))] if status in (429, 503) else [])
    return status, headers, json.dumps({"errors": [{"code": _CODES[status], "message": "as told"}]}).encode()
