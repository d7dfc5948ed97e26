"""A registry of images in their folders, that answers as a test says: rightly, or with one fault.

It is the upstream that has a fault, and over TLS, under the names of Docker Hub, the origin that has none.
"""

import dataclasses
import http.server
import json
import random
import re
import ssl
import threading

from upstream import Request

HUB = ("registry-1.docker.io", "index.docker.io", "docker.io")
_PATH = re.compile(r"/v2/(?P<repository>[\w./-]+)/(?P<kind>manifests|blobs)/(?P<reference>[\w.:-]+)$")
_CODES = {404: "MANIFEST_UNKNOWN", 429: "TOOMANYREQUESTS", 503: "UNAVAILABLE"}


@dataclasses.dataclass
class Fault:
    """What is answered in place of an image."""
    manifests: int | None = None          # a status
    blobs: int | str | None = None        # a status; or "cut": they end in their middle, however often they are asked for;
                                          # or "broken": likewise, and nobody gets the other half


class ScriptedRegistry:
    def __init__(self, images, certificate=None):
        """Serves the images. With a certificate: over TLS on port 443 of a loopback address that nothing else has."""
        self.images = {image.repository: image for image in images}
        self.fault = Fault()
        self._log = []
        self._server = _listen(certificate)
        self._server.registry = self
        self.address, self.port = self._server.server_address
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def url(self):
        return f"http://{self.address}:{self.port}"

    def start(self):
        self._thread.start()
        return self

    def stop(self):
        self._server.shutdown()
        self._server.server_close()

    def requests(self):
        """The requests since the last call."""
        new, self._log = self._log, []
        return new


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        registry = self.server.registry
        path = self.path.split("?")[0]
        asked = _PATH.match(path)
        request = Request(self.command, path, range=self.headers.get("Range", ""))
        registry._log.append(request)
        image = asked and registry.images.get(asked["repository"])
        if path == "/v2/":
            self._answer(request, 200, b"{}")
        elif not image:
            self._refuse(request, 404)
        elif isinstance(status := getattr(registry.fault, asked["kind"]), int):
            self._refuse(request, status)
        elif asked["kind"] == "manifests":
            digest = image.digest if asked["reference"] == image.tag else asked["reference"]
            if digest not in image.manifests():
                return self._refuse(request, 404)
            self._answer(request, 200, image.path(digest).read_bytes(), image.document(digest)["mediaType"], digest)
        elif asked["reference"] in image.blobs():
            self._blob(request, image.path(asked["reference"]).read_bytes(), asked["reference"], registry.fault.blobs)
        else:
            self._refuse(request, 404)

    do_HEAD = do_GET

    def _blob(self, request, content, digest, fault):
        first = int(request.range.removeprefix("bytes=").split("-")[0]) if request.range else 0
        middle = len(content) // 2 if fault and len(content) > 1 << 16 else len(content)   # a config comes whole
        if fault == "broken" and first >= middle:
            return self._refuse(request, 503)
        sent = content[first:max(first, middle)]
        more = {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"} if request.range else {}
        self._answer(request, 206 if request.range else 200, sent, "application/octet-stream", digest,
                     length=len(content) - first, **more)

    def _refuse(self, request, status):
        body = json.dumps({"errors": [{"code": _CODES[status], "message": "as the test says"}]}).encode()
        self._answer(request, status, body, **({"Retry-After": "1"} if status == 429 else {}))

    def _answer(self, request, status, body, media_type="application/json", digest=None, length=None, **headers):
        length = len(body) if length is None else length
        self.send_response(status)
        headers |= {"Content-Type": media_type, "Content-Length": length, "Docker-Content-Digest": digest}
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        request.status = status
        if self.command == "GET":
            self.wfile.write(body)
            request.sent = len(body)
            self.close_connection = len(body) != length

    def log_message(self, *_):
        pass


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that has gone


def _listen(certificate):
    if not certificate:
        return _Server(("127.0.0.1", 0), _Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    while True:
        address = f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"
        try:
            server = _Server((address, 443), _Handler)
        except OSError:
            continue
        # The handshake is left to the first read, in the connection's own thread.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        return server
