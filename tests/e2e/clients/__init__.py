"""The clients that people pull with, each as a context manager: `with Podman(work, port, prefix) as client`.

Every one starts with nothing and leaves nothing: its data root is a folder of its own, so that a pull really pulls. `pull`
gives back what the client itself says that it has, in a form that `expected` knows from the image.
"""

import pathlib

from process import Program, ProgramFailed, listens, remove_tree, run
from sandbox import Sandbox

_EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "deploy" / "examples"


class Unavailable(Exception):
    """This machine cannot run the client; the message says why."""


class Client:
    def __init__(self, work, port, prefix, root=None, files=None, origin=None):
        """`port` is where the mirror of docker.io listens; `prefix` goes before a name where the client cannot say that
        it means docker.io. With a root or files it runs in a sandbox. `origin` is the URL of the registry itself, where the
        client's own settings can say where that is."""
        self.work = work
        self.mirror = f"127.0.0.1:{port}"
        self.prefix = prefix
        self.origin = origin
        self._root, self._files = root, files
        self.sandbox = None
        self._daemons = []

    def __enter__(self):
        self.work.mkdir(parents=True)
        try:
            if self._root or self._files:
                self.sandbox = Sandbox(self._root or "/", self.work, self._files)
                self.sandbox.start()
            self.start()
        except BaseException:
            self._clean()
            raise
        return self

    def __exit__(self, *_):
        self._clean()

    def _clean(self):
        try:
            self.stop()
        finally:
            if self.sandbox:
                self.sandbox.stop()
            remove_tree(self.work)

    def command(self, argv, timeout, env=None):
        """run() where the client is."""
        return run(self.sandbox.inside(argv) if self.sandbox else argv, timeout, env)

    def daemon(self, argv, log, ready, env=None):
        """A Program where the client is, which has printed the line `ready`; or listens on that socket, where it is a path."""
        program = Program(self.sandbox.inside(argv) if self.sandbox else argv, self.work / log, env)
        self._daemons.append(program)
        try:
            if isinstance(ready, pathlib.Path):
                program.wait_until(lambda: listens(ready), timeout=60, what=f"listening on {ready.name}")
            else:
                program.wait_for_line(ready, timeout=60)
        except ProgramFailed as failed:
            raise Unavailable(f"{argv[0]} does not start here: {failed}") from failed

    def example(self, name):
        """A file of deploy/examples, for this client's mirror."""
        text = (_EXAMPLES / name).read_text()
        assert "entrepot:5000" in text, name
        return text.replace("entrepot:5000", self.mirror)

    def start(self):
        pass

    def stop(self):
        for daemon in reversed(self._daemons):
            daemon.stop()

    def pull(self, image):
        """Pulls an image and returns its identity."""
        raise NotImplementedError

    def expected(self, image):
        """The identity that a right pull of the image has."""
        raise NotImplementedError

    def run(self, image, *command):
        """Runs a command in a container of an image that was pulled; its output."""
        raise NotImplementedError
