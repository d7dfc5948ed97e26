"""What the tests stand on: the images and the upstream's storage, a folder and a cache for each test class, what a machine
must have, and the figures that are reported.

A class that needs what the machine lacks is skipped, each test by its name and with the reason.
"""

import contextlib
import dataclasses
import fcntl
import itertools
import os
import pathlib
import shutil
import tempfile
import unittest

import image
import trixie
from cache import Entrepot, Peer
from clients import Unavailable
from process import ProgramFailed, remove_tree, run, unmount_under
from upstream import Registry, push


@dataclasses.dataclass
class Settings:
    """How this run was asked for; set once, before the tests are loaded."""
    binary: pathlib.Path = pathlib.Path("build/entrepot")
    peer: bool = False
    long: bool = False
    images: dict = dataclasses.field(default_factory=dict)     # by name: an Image, or why there is none
    storage: pathlib.Path = pathlib.Path()                     # of the upstream, with those images
    debian13: pathlib.Path | str | None = None                 # a root; or why there is none; None: not asked for yet
    figures: list = dataclasses.field(default_factory=list)


SETTINGS = Settings()


def report(line):
    """A figure for the end of the run. Nothing is asserted of it."""
    SETTINGS.figures.append(line)


def prepare(*names):
    """Builds those of the images that can be built here, and an upstream's storage with them; both are kept for the next
    run."""
    cache = image.cache_folder()
    with _cache_locked():
        for name in names:
            try:
                SETTINGS.images[name] = image.image(name)
            except (ProgramFailed, OSError) as failed:
                SETTINGS.images[name] = f"cannot build the image '{name}': {failed}"
        built = [i for i in SETTINGS.images.values() if isinstance(i, image.Image)]
        SETTINGS.storage = cache / ("origin-" + "-".join(i.name for i in built))
        if not SETTINGS.storage.exists():
            push(built, SETTINGS.storage)


@contextlib.contextmanager
def _cache_locked():
    cache = image.cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# What a machine must have: functions that return why it has not, or None.

def root():
    return None if os.geteuid() == 0 else "not root"


def program(name):
    return lambda: None if shutil.which(name) else f"no {name}"


def images(*names):
    return lambda: next((found for found in (SETTINGS.images[n] for n in names) if isinstance(found, str)), None)


def overlay():
    """Whether file systems can be stacked in the folder where clients keep their images."""
    with tempfile.TemporaryDirectory(dir=base()) as work:
        for name in ("lower", "upper", "work", "merged"):
            os.mkdir(f"{work}/{name}")
        done = run(["mount", "-t", "overlay", "overlay", "-o", f"lowerdir={work}/lower,upperdir={work}/upper,workdir={work}/work",
                    f"{work}/merged"], timeout=10, check=False)
        unmount_under(work)
        return None if done.returncode == 0 else f"cannot mount an overlay: {done.stderr.strip()}"


def fuse():
    return None if os.path.exists("/dev/fuse") else "no /dev/fuse"


def debian13():
    """Debian 13's clients, made when they are first asked for."""
    if SETTINGS.debian13 is None:
        with _cache_locked():
            try:
                SETTINGS.debian13 = trixie.root()
            except (ProgramFailed, OSError) as failed:
                SETTINGS.debian13 = f"cannot make a Debian 13: {failed}"
    return SETTINGS.debian13 if isinstance(SETTINGS.debian13, str) else None


def base():
    # Not /tmp: it may be held in memory, and the clients unpack gigabytes.
    return os.environ.get("TMPDIR", "/var/tmp")


class E2ETest(unittest.TestCase):
    """A test class with an upstream and a cold cache before it, which all of its tests share in the order of their names."""

    needs = ()
    pushes = False      # the upstream is empty, and the class puts there what it wants
    maxDiff = 2000
    _lacking = None
    _client_numbers = itertools.count()

    @classmethod
    def setUpClass(cls):
        cls._lacking = next((reason for need in (program("docker-registry"), *cls.needs) if (reason := need())), None)
        if cls._lacking:
            return
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="e2e-", dir=base()))
        cls.addClassCleanup(remove_tree, cls.work)
        cls.registry = Registry(cls.work / "upstream", cls.storage())
        cls.addClassCleanup(cls.registry.stop)
        cls.registry.start()
        cls.start_cache()

    @classmethod
    def storage(cls):
        """What the upstream holds: the images of every class, which nobody may change; or a folder of the class's own."""
        return cls.work / "storage" if cls.pushes else SETTINGS.storage

    @classmethod
    def start_cache(cls):
        cls.cache = cls.new_cache(cls.registry.url)
        cls.cache.start()

    @classmethod
    def new_cache(cls, upstream_url, name="cache"):
        work = cls.work / name
        cache = Peer(work, upstream_url) if SETTINGS.peer else Entrepot(SETTINGS.binary, work, upstream_url)
        cls.addClassCleanup(cache.stop)
        return cache

    def setUp(self):
        if self._lacking:
            self.skipTest(self._lacking)

    def own_cache(self, upstream_url):
        """A cache for this test alone, not started yet. The test is of entrepot only."""
        if SETTINGS.peer:
            self.skipTest("of entrepot only")
        cache = self.new_cache(upstream_url, self._testMethodName)
        self.addCleanup(cache.stop)
        return cache

    def image(self, name):
        found = SETTINGS.images[name]
        if isinstance(found, str):
            self.skipTest(found)
        return found

    def client(self, kind, port=None, prefix=None, files=None, origin=None):
        """A client of the cache, or of what listens on another port, with nothing pulled. `files` are its sandbox's, `origin` is
        the registry itself."""
        prefix = self.cache.prefix if prefix is None else prefix
        return _SkipWhereUnavailable(self, kind(self.client_folder(), port or self.cache.port, prefix, self.client_root(), files,
                                                origin))

    @classmethod
    def maker(cls, kind):
        """A client of the upstream itself, which makes what is pulled from there."""
        return kind(cls.client_folder(), cls.registry.port, "", cls.client_root())

    @classmethod
    def client_folder(cls):
        # A short name: podman takes no run root of more than 50 characters.
        return cls.work / f"client{next(cls._client_numbers)}"

    @classmethod
    def client_root(cls):
        """The system that the clients come from; none: this machine's."""
        return SETTINGS.debian13 if debian13 in cls.needs else None


class _SkipWhereUnavailable:
    """A client, that skips the test where the machine cannot run it."""

    def __init__(self, test, client):
        self._test, self._client = test, client

    def __enter__(self):
        try:
            return self._client.__enter__()
        except Unavailable as reason:
            self._test.skipTest(str(reason).splitlines()[0])

    def __exit__(self, *raised):
        return self._client.__exit__(*raised)
