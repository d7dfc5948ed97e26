"""The base of the servers that tests write themselves: HTTP/1.1 on a free port of 127.0.0.1, a thread for each connection."""

import http.server
import threading
import urllib.parse


class SmallServer:
    """Answers every request with what `respond` returns. Started when it is made."""

    def __init__(self):
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        if self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._thread = None

    def respond(self, request):
        """The answer to a Request: status, a list of headers (name, value), body. Called by many threads at once."""
        raise NotImplementedError


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, query = target.partition("?")
        self.query = urllib.parse.parse_qs(query)

    def parameter(self, name):
        return self.query.get(name, [""])[0]


def _handler_of(server):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 64 * 1024  # head and body in one packet: two would wait for each other (Nagle, delayed acknowledgements)

        def __getattr__(self, name):
            if name.startswith("do_"):
                return self._answer
            raise AttributeError(name)

        def _answer(self):
            status, headers, body = server.respond(Request(self.command, self.path, self.headers, self._body()))
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            if not any(name.lower() == "content-length" for name, _ in headers) and status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def _body(self):
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def log_message(self, *_):
            pass

    return Handler
