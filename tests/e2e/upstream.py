"""The upstream: Debian's docker-registry over the test images, with its access log to count by."""

import collections
import dataclasses
import re
import shutil
import time

from process import Program, accepts, free_port, run

_CONFIG = """\
version: 0.1
log: {{accesslog: {{disabled: {quiet}}}, level: {level}}}
storage: {{filesystem: {{rootdirectory: "{storage}"}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
_PROXY = """\
proxy: {{remoteurl: "{url}"}}
"""


@dataclasses.dataclass
class Request:
    """One request that an upstream answered. `sent` counts bytes of the body."""
    method: str
    path: str
    status: int = 0
    sent: int = 0
    # Known to the throttle only.
    range: str = ""
    arrived: float = 0.0   # seconds; so is the next
    answered: float = 0.0  # when its header was sent; 0: not yet

    @property
    def first_byte(self):
        """Where in its object the body began."""
        return int(self.range.removeprefix("bytes=").split("-")[0]) if self.status == 206 else 0


def gets_of(requests, digest):
    """The GETs of one blob or manifest."""
    return [r for r in requests if r.method == "GET" and r.path.split("?")[0].endswith("/" + digest)]


def content_gets(requests):
    """How often each manifest and blob was asked for by GET: {path: count}."""
    return dict(collections.Counter(r.path for r in requests
                                    if r.method == "GET" and ("/manifests/" in r.path or "/blobs/" in r.path)))


class Registry:
    """A docker-registry; with `remote`, as a pull-through cache of the registry at that URL. It can be started again, and
    has the same port then."""

    _ACCESS = re.compile(r'^\S+ - - \[.*?\] "([A-Z]+) (\S+) HTTP/[\d.]+" (\d+) (\d+)', re.MULTILINE)

    def __init__(self, work, storage, remote=None, quiet=False):
        """Quiet: it logs neither requests nor answers."""
        work.mkdir(parents=True, exist_ok=True)
        self._config, self._log = work / "registry.yml", work / "registry.log"
        self._storage, self._remote, self._quiet = storage, remote, quiet
        self._program = None
        self._seen = 0
        self.port = free_port() if quiet else 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self._program.pid

    def start(self):
        text = _CONFIG + (_PROXY if self._remote else "")
        self._config.write_text(text.format(storage=self._storage, port=self.port, url=self._remote,
                                            quiet=str(self._quiet).lower(), level="error" if self._quiet else "info"))
        self._program = Program(["docker-registry", "serve", self._config], self._log)
        if self.port:
            self._program.wait_until(lambda: accepts(self.port), timeout=20)
        else:
            self.port = int(self._program.wait_for_line(r"listening on [\d.]+:(\d+)", timeout=20)[1])
        return self

    def stop(self):
        if self._program:
            self._program.stop(grace=5)

    def push(self, image):
        run(["skopeo", "copy", "--all", "--preserve-digests", "--dest-tls-verify=false", f"oci:{image.layout}:e2e",
             f"docker://127.0.0.1:{self.port}/{image.repository}:{image.tag}"], timeout=300)

    def requests(self):
        """The requests answered since the last call. A line is written when its answer has ended, which may be just after
        the client has seen that: waits until the log is quiet."""
        size = -1
        while size != (size := self._log.stat().st_size):
            time.sleep(0.2)
        text = self._log.read_text(errors="replace")
        new, self._seen = text[self._seen:], len(text)
        return [Request(m[1], m[2], int(m[3]), int(m[4])) for m in self._ACCESS.finditer(new)]


def push(images, storage):
    """Puts the images into a registry's storage folder, which is made."""
    part = storage.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    registry = Registry(part, part / "storage").start()
    try:
        for image in images:
            registry.push(image)
    finally:
        registry.stop()
    (part / "storage").rename(storage)
    shutil.rmtree(part)
