"""What each client does when entrepot answers with an error, ends bodies in their middle, or is not there: whether it goes on to
Docker Hub, which it also knows.

entrepot hands on what is wrong with its upstream. Docker Hub is a registry of this test, by its names and over TLS, with the same
images; the client is in a sandbox that finds it there, and trusts it.
"""

import time

from cache import Entrepot
from certificate import make_certificate
from clients import Unavailable
from clients.containerd import Containerd
from clients.dockerd import BuildKitOfAnything, Dockerd, DockerdWithContainerd
from clients.oras import Oras
from clients.podman import Podman
from clients.skopeo import SkopeoByMirror
from harness import E2ETest, SETTINGS, debian13, overlay, program, report, root
from image import small
from process import ProgramFailed
from scripted_registry import HUB, Fault, ScriptedRegistry
from upstream import content_gets

_FAULTS = {"404": Fault(404, 404), "429": Fault(429, 429), "503": Fault(503, 503), "blobs404": Fault(blobs=404),
           "blobs503": Fault(blobs=503), "cut": Fault(blobs="cut"), "broken": Fault(blobs="broken"), "dead": Fault()}

_BLOBS = ("blobs404", "blobs503", "cut", "broken")    # for who takes all blobs from where the manifest was


class _FallsBack:
    client_type = None
    needs = (root, overlay, program("openssl"))
    fails = ()      # at these faults the pull fails; at all others it goes on to Docker Hub

    @classmethod
    def start_cache(cls):
        if SETTINGS.peer:
            cls._lacking = "of entrepot only"
            return
        images = [small(f"small{fault}", cls.work / "images") for fault in _FAULTS]
        cls.images = dict(zip(_FAULTS, images))
        certificate = make_certificate(cls.work / "hub.crt", *HUB)
        cls.upstream, cls.hub = ScriptedRegistry(images).start(), ScriptedRegistry(images, certificate).start()
        cls.addClassCleanup(cls.upstream.stop)
        cls.addClassCleanup(cls.hub.stop)
        # Where the client finds entrepot: each test starts one there, with nothing in its store.
        cls.cache = Entrepot(SETTINGS.binary, cls.work / "cache", cls.upstream.url)
        cls.cache.start().stop()
        files = {"etc/hosts": f"127.0.0.1 localhost\n{cls.hub.address} {' '.join(HUB)}\n",
                 "etc/ssl/certs/ca-certificates.crt": certificate.read_text()}
        try:
            cls.puller = cls.enterClassContext(cls.client_type(cls.client_folder(), cls.cache.port, cls.cache.prefix,
                                                               cls.client_root(), files))
        except Unavailable as reason:
            cls._lacking = str(reason).splitlines()[0]

    def check(self, fault):
        image = self.images[fault]
        self.upstream.fault = _FAULTS[fault]
        self.upstream.requests(), self.hub.requests()
        cache = Entrepot(SETTINGS.binary, self.work / fault, self.upstream.url, port=self.cache.port)
        if fault != "dead":
            self.addCleanup(cache.stop)
            cache.start()
        start = time.monotonic()
        try:
            pulled = self.puller.pull(image)
            last = ""
        except ProgramFailed as failed:
            pulled, last = None, str(failed)
        seconds = time.monotonic() - start
        asked = cache.log.read_text().count(" request id=") if cache.log.exists() else 0
        ended = "failed" if pulled is None else "pulled"
        report(f"{type(self).__name__:38} {fault:8} {ended} {seconds:6.2f} s, {asked:2} requests")
        self.assertEqual(bool(self.upstream.requests()), fault != "dead", "whether entrepot was asked")
        if fault in self.fails:
            self.assertIsNone(pulled)
        else:
            self.assertIsNotNone(pulled, last)
            self.assertEqual(pulled, self.puller.expected(image))
            self.assertTrue(content_gets(self.hub.requests()), "Docker Hub was not asked")

    def test_404(self):
        self.check("404")

    def test_429(self):
        self.check("429")

    def test_503(self):
        self.check("503")

    def test_404_for_blobs_alone(self):
        self.check("blobs404")

    def test_503_for_blobs_alone(self):
        self.check("blobs503")

    def test_bodies_cut_in_their_middle(self):
        self.check("cut")

    def test_bodies_cut_and_503_for_the_rest(self):
        self.check("broken")

    def test_dead(self):
        self.check("dead")


class _TriesOnce:
    """dockerd tries a layer five times, and waits 5 s, 10 s, 15 s and 20 s between: nothing that a test need sit through."""
    options = {**Dockerd.options, "max-download-attempts": 1}


class _Dockerd(_TriesOnce, Dockerd):
    pass


class _BuildKit(_TriesOnce, BuildKitOfAnything):
    pass


class DockerdFallsBack(_FallsBack, E2ETest):
    client_type = _Dockerd
    needs = (*_FallsBack.needs, program("dockerd"))


class BuildKitFallsBack(_FallsBack, E2ETest):
    client_type = _BuildKit
    needs = (*_FallsBack.needs, program("dockerd"))
    fails = ("cut",)


class ContainerdFallsBack(_FallsBack, E2ETest):
    client_type = Containerd
    needs = (*_FallsBack.needs, program("containerd"), program("ctr"))
    fails = ("cut",)


class PodmanFallsBack(_FallsBack, E2ETest):
    client_type = Podman
    needs = (*_FallsBack.needs, program("podman"))
    fails = _BLOBS


class SkopeoFallsBack(_FallsBack, E2ETest):
    client_type = SkopeoByMirror
    needs = (*_FallsBack.needs, program("skopeo"))
    fails = _BLOBS


class Debian13DockerdFallsBack(_FallsBack, E2ETest):
    client_type = _Dockerd
    needs = (*_FallsBack.needs, debian13)


class Debian13BuildKitFallsBack(_FallsBack, E2ETest):
    client_type = _BuildKit
    needs = (*_FallsBack.needs, debian13)
    fails = ("cut",)


class Debian13DockerdWithContainerdFallsBack(_FallsBack, E2ETest):
    client_type = DockerdWithContainerd
    needs = (*_FallsBack.needs, debian13)
    fails = ("cut",)


class Debian13ContainerdFallsBack(_FallsBack, E2ETest):
    client_type = Containerd
    needs = (*_FallsBack.needs, debian13)
    fails = ("cut",)


class Debian13PodmanFallsBack(_FallsBack, E2ETest):
    client_type = Podman
    needs = (*_FallsBack.needs, debian13)
    fails = _BLOBS


class Debian13SkopeoFallsBack(_FallsBack, E2ETest):
    client_type = SkopeoByMirror
    needs = (*_FallsBack.needs, debian13)
    fails = _BLOBS


class Debian13OrasFails(_FallsBack, E2ETest):
    """It knows of no other place."""
    client_type = Oras
    needs = (*_FallsBack.needs, debian13)
    fails = tuple(_FAULTS)
