"""A registry that serves one image, or fails in the way that it is told to.

`fails` says what happens to each request of `fails_at`: a status, or "cut", where a body ends in its middle; None: it
serves. It runs in threads, and is for few requests.
"""

import http.server
import threading

from upstream import Request

_MANIFESTS, _BLOBS = "manifests", "blobs"
EVERYTHING = (_MANIFESTS, _BLOBS)
ONLY_BLOBS = (_BLOBS,)

RETRY_AFTER = 1   # seconds, with 429 and 503


class FailingUpstream:
    def __init__(self, image):
        self.fails = None
        self.fails_at = EVERYTHING
        self.log = []     # Request, appended when it is answered
        self._image = image
        self._server = self._thread = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def start(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"upstream": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def stop(self):
        if self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(10)
            self._thread = None

    def content(self, kind, reference):
        """The file and the media type of a manifest or a blob that is there."""
        image = self._image
        digest = image.digest if reference == image.tag else reference
        known = image.manifests() if kind == _MANIFESTS else image.blobs()
        if digest not in known:
            return None
        media_type = "application/octet-stream"
        if kind == _MANIFESTS:
            media_type = image.media_type if digest == image.digest else image.document(digest)["mediaType"]
        return image.path(digest), digest, media_type


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    upstream = None

    def do_GET(self):
        request = Request(self.command, self.path, range=self.headers.get("Range", ""))
        try:
            self._answer(request)
        except ConnectionError:
            self.close_connection = True
        self.upstream.log.append(request)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass

    def _answer(self, request):
        path = self.path.split("?")[0]
        if path == "/v2/":
            return self._say(request, 200, b"{}")
        *_, kind, reference = path.split("/")
        fails = self.upstream.fails if kind in self.upstream.fails_at else None
        if isinstance(fails, int):
            return self._say(request, fails, b'{"errors":[{"code":"UNKNOWN","message":"as told"}]}',
                             {"Retry-After": RETRY_AFTER} if fails in (429, 503) else {})
        found = self.upstream.content(kind, reference) if kind in EVERYTHING else None
        if not found:
            return self._say(request, 404, b'{"errors":[{"code":"NAME_UNKNOWN","message":"not here"}]}')
        file, digest, media_type = found
        content = file.read_bytes()
        first = self._first_byte(request)
        status, more = 200, {"Docker-Content-Digest": digest}
        if first:
            status, more["Content-Range"] = 206, f"bytes {first}-{len(content) - 1}/{len(content)}"
        # Always in the middle of the whole, so that who goes on from there gets no further.
        sent = content[first:len(content) // 2] if fails == "cut" else content[first:]
        self._say(request, status, sent, {"Content-Length": len(content) - first, "Content-Type": media_type, **more})
        self.close_connection = len(sent) < len(content) - first

    @staticmethod
    def _first_byte(request):
        return int(request.range.removeprefix("bytes=").split("-")[0]) if request.range else 0

    def _say(self, request, status, body, headers=None):
        request.status = status
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
            request.sent = len(body)
