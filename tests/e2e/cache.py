"""The cache under test: an entrepot with a store of its own, before one upstream that it calls docker.io.

With `--peer` the runner takes docker-registry's own proxy mode in its place: that shows that clients, images and counting work,
and what the peer does in the same tests.
"""

import json
import signal

from process import Program, accepts
from upstream import Registry

_LISTENING = r"\blistening address=127\.0\.0\.1:(\d+)"

_CONFIG = """\
listeners:
  - address: 127.0.0.1:{port}{tls}
admin: {admin}
storage:
  path: "{store}"
  max_size: {max_size}
  min_free: {min_free}
eviction: {eviction}
upstreams: {upstreams}
shutdown_grace: {shutdown_grace}
log: {{level: {log_level}}}
"""


class Entrepot:
    prefix = "docker.io/"  # what stands before a name where a client has no other way to say which upstream it means

    def __init__(self, binary, work, upstream_url, port=0, log_level="info"):
        """Port 0: a free one, which is read from the log and therefore wants the level info."""
        work.mkdir(parents=True, exist_ok=True)
        self._binary = binary
        self.store, self.config, self.log = work / "store", work / "entrepot.yaml", work / "entrepot.log"
        self.port = port
        # From the next start on.
        self.log_level = log_level
        self.shutdown_grace = "60s"
        self.max_size, self.min_free, self.eviction = "20GiB", "1GiB", "{}"
        self.upstreams = {"docker.io": {"url": upstream_url}}
        self.certificate = None     # a file, with its key in NAME.key: it speaks TLS
        self.client_ca = None       # a file: then only clients that show a certificate of it are served
        self.admin_port = None      # a port: it has an admin listener there
        self.environment = {}       # besides this process's
        self.sandbox = None         # where it runs
        self.program = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def admin_url(self):
        return f"http://127.0.0.1:{self.admin_port}"

    @property
    def pid(self):
        return self.program.pid

    def start(self):
        """Starts it; again, after an end of any kind, on the same port."""
        tls = self.certificate and {"certificate": str(self.certificate), "key": str(self.certificate.with_suffix(".key")),
                                    **({"client_ca": str(self.client_ca)} if self.client_ca else {})}
        self.config.write_text(_CONFIG.format(port=self.port, tls=f"\n    tls: {json.dumps(tls)}" if tls else "", store=self.store, upstreams=json.dumps(self.upstreams),
                                              log_level=self.log_level, shutdown_grace=self.shutdown_grace,
                                              max_size=self.max_size, min_free=self.min_free, eviction=self.eviction,
                                              admin=f"{{address: 127.0.0.1:{self.admin_port}}}" if self.admin_port else "null"))
        self.program = self.serve(self.config, self.log)
        if self.port:
            self.program.wait_until(lambda: accepts(self.port), timeout=20)
        else:
            self.port = int(self.program.wait_for_line(_LISTENING, timeout=20)[1])
        return self

    def serve(self, config, log):
        """`entrepot serve` with any configuration."""
        argv = [self._binary, "serve", "--config", config]
        return Program(self.sandbox.inside(argv) if self.sandbox else argv, log, self.environment)

    def stop(self):
        if self.program:
            return self.program.stop()

    def kill(self):
        self.program.signal(signal.SIGKILL)
        self.program.wait(10)


class Peer(Registry):
    prefix = ""

    def __init__(self, work, upstream_url):
        super().__init__(work, work / "storage", remote=upstream_url)

    def kill(self):
        self._program.kill()
