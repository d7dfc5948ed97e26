"""The base of the servers that tests write themselves: HTTP/1.1 on the loopback, a thread for each connection."""

import http.server
import random
import socket
import ssl
import sys
import threading
import urllib.parse


class SmallServer:
    """Answers every request with what `respond` returns. Started when it is made."""

    def __init__(self, certificate=None, port=0):
        """On 127.0.0.1, port 0: a free one. With a certificate: over TLS on port 443 of a loopback address that nothing else
        has."""
        self._server = _over_tls(certificate, _handler_of(self)) if certificate else _Server(("127.0.0.1", port), _handler_of(self))
        self.address, self.port = self._server.server_address
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://{self.address}:{self.port}"

    def stop(self):
        if self._thread:
            self._server.shutdown()
            self._server.server_close()
            self._server.hang_up()
            self._thread = None

    def respond(self, request):
        """The answer to a Request: status, a list of headers (name, value), body. A body that is shorter than a Content-Length
        among the headers is cut there. Called by many threads at once."""
        raise NotImplementedError


class Request:
    def __init__(self, method, target, headers, body):
        self.method, self.target, self.headers, self.body = method, target, headers, body
        self.path, _, query = target.partition("?")
        self.query = urllib.parse.parse_qs(query)

    def parameter(self, name):
        return self.query.get(name, [""])[0]


class _Server(http.server.ThreadingHTTPServer):
    def __init__(self, *arguments):
        self._connections = set()
        super().__init__(*arguments)

    def process_request(self, request, client_address):
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._connections.discard(request)
        super().shutdown_request(request)

    def hang_up(self):
        """Ends the connections too that clients keep for later."""
        for connection in list(self._connections):
            try:
                socket.socket.shutdown(connection, socket.SHUT_RDWR)    # under a TLS that its thread is reading
            except OSError:
                pass    # it has ended by itself

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], OSError):      # a client that has gone, or does not trust the certificate
            super().handle_error(request, client_address)


def _over_tls(certificate, handler):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    while True:
        address = f"127.{random.randrange(1, 255)}.{random.randrange(256)}.{random.randrange(1, 255)}"
        try:
            server = _Server((address, 443), handler)
        except OSError:
            continue
        # The handshake is left to the first read, in the connection's own thread.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        return server


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
            length = next((int(value) for name, value in headers if name.lower() == "content-length"), None)
            if length is None and status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)
                if length is not None and len(body) < length:
                    self.close_connection = True

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
