"""What each client does when entrepot answers with an error, ends bodies in their middle, or is not there: whether it goes on to
the registry itself, which it also knows, or says what was wrong.

entrepot hands on what is wrong with its upstream. The registry itself is one of this test, with the same images. Clients whose
settings can say where it is are told; for the others it is Docker Hub, by its names and over TLS, in a sandbox where they find
and trust it. The seconds that each fault costs are reported.
"""

import collections
import re
import time

from cache import Entrepot
from certificate import make_certificate
from clients import Unavailable
from clients.buildkit import Buildkitd, BuildkitdWithOrigin
from clients.containerd import Containerd, Containerd2, Containerd2InParts
from clients.cosign import Cosign
from clients.dockerd import BuildKit, Dockerd, DockerdWithContainerd
from clients.oras import Oras
from clients.podman import Podman
from clients.skopeo import SkopeoByMirror
from clients.soci import Soci, SociByName
from clients.stargz import Stargz, to_estargz
from clients.tools import Crane, Helm, Regctl, RegctlWithMirror
from go_tools import go_tool
from harness import E2ETest, SETTINGS, debian13, fuse, images, overlay, program, report, root
from image import small
from process import ProgramFailed
from scripted_registry import HUB, Fault, FaultyFront, ScriptedRegistry
from test_go_clients import BUILDKIT, CONTAINERD
from upstream import content_gets

_FAULTS = {"404": Fault(404, 404), "429": Fault(429, 429), "503": Fault(503, 503), "blobs404": Fault(blobs=404),
           "blobs429": Fault(blobs=429), "blobs503": Fault(blobs=503), "cut": Fault(blobs="cut"), "broken": Fault(blobs="broken"),
           "dead": Fault()}

_BLOBS = ("blobs404", "blobs503", "cut", "broken")    # for who takes all blobs from where the manifest was
_REQUEST = re.compile(r" request id=.* method=(\S+) target=/v2/\S+/(?:manifests|blobs)/(\S+) status=(\d+)")


class _BeforeFaults:
    """`pull_past` a fault; then what was asked of entrepot and of the registry itself. All tests of a class have one client, and
    each pulls an image that it has no layer of."""
    client_type = None
    needs = (images("small"),)

    @classmethod
    def start_cache(cls):
        if SETTINGS.peer:
            cls._lacking = "of entrepot only"
            return
        try:
            cls.make()
            cls.upstream = cls.scripted_registry()
            cls.itself, to_find_it = cls.registry_itself()
            # Where the client finds entrepot: each test starts one there, with nothing in its store.
            first = cls.entrepot("first").start()
            first.stop()
            cls.port = first.port
            cls.puller = cls.enterClassContext(
                cls.client_type(cls.client_folder(), cls.port, Entrepot.prefix, cls.client_root(), **to_find_it))
        except Unavailable as reason:
            cls._lacking = str(reason).splitlines()[0]

    @classmethod
    def make(cls):
        """The images, one for each fault, or what else is pulled."""
        cls.images = {fault: small(f"small{fault}", cls.work / "images") for fault in _FAULTS}

    @classmethod
    def scripted_registry(cls, **where):
        registry = ScriptedRegistry(cls.images.values(), **where)
        cls.addClassCleanup(registry.stop)
        return registry

    @classmethod
    def registry_itself(cls):
        """It, and what a client is to be made with."""
        registry = cls.scripted_registry()
        return registry, {"origin": registry.url}

    @classmethod
    def entrepot(cls, name, port=0):
        made = Entrepot(SETTINGS.binary, cls.work / name, cls.upstream.url, port=port)
        # As some clients call the registry that they know.
        made.upstreams["docker.io"]["aliases"] = [f"{cls.itself.address}:{cls.itself.port}"]
        cls.addClassCleanup(made.stop)
        return made

    def pull_past(self, fault):
        """Pulls through an entrepot whose upstream has that fault; "dead": entrepot is. What the client has, or its error."""
        self.wanted = self.images[fault]
        log = self.stand_for(fault)
        self.upstream.requests(), self.itself.requests()
        start = time.monotonic()
        try:
            pulled = self.pull()
        except ProgramFailed as failed:
            pulled = failed
        seconds = time.monotonic() - start
        self.doCleanups()   # the log is complete then
        # How often a thing was asked for and answered so: (method, tag or digest, status).
        self.asked = collections.Counter(_REQUEST.findall(log.read_text()) if log.exists() else ())
        self.from_itself = {path.rsplit("/", 1)[1] for path in content_gets(self.itself.requests())}
        ended = "failed" if isinstance(pulled, ProgramFailed) else "pulled"
        report(f"{type(self).__name__:38} {fault:8} {ended} {seconds:6.2f} s, {self.asked.total():2} requests")
        self.assertEqual(bool(self.upstream.requests()), fault != "dead", "whether entrepot was asked")
        return pulled

    def pull(self):
        return self.puller.pull(self.wanted)

    def stand_for(self, fault):
        """Has that fault where the client finds its mirror, until this test cleans up. The log of an entrepot there."""
        cache = self.entrepot(fault, self.port)
        if fault != "dead":
            self.addCleanup(cache.stop)
            cache.start()
        self.upstream.fault = _FAULTS[fault]
        return cache.log

    def attempts(self, status):
        """The numbers of attempts at what was answered with that status."""
        return {count for (_, _, answered), count in self.asked.items() if answered == str(status)}


class _FallsBack(_BeforeFaults):
    fails = ()      # at these faults the pull fails; at all others it goes on to the registry itself
    says = "."      # what is in the error then

    def check(self, fault):
        pulled = self.pull_past(fault)
        if fault in self.fails:
            self.assertIsInstance(pulled, ProgramFailed)
            self.assertRegex(str(pulled), self.says)
            self.assertFalse(set(self.wanted.blobs()[1:]) <= self.from_itself)
            return
        self.assertEqual(pulled, self.puller.expected(self.wanted))
        if fault in ("cut", "broken"):
            self.assertTrue(self.from_itself, "the registry itself was not asked")
        else:
            self.assertLessEqual(set(self.wanted.blobs()), self.from_itself)

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

    def test_dead(self):
        self.check("dead")


class _FallsBackToHub(_FallsBack):
    needs = (*_FallsBack.needs, root, overlay, program("openssl"))

    @classmethod
    def registry_itself(cls):
        certificate = make_certificate(cls.work / "hub.crt", *HUB)
        hub = cls.scripted_registry(certificate=certificate)
        files = {"etc/hosts": f"127.0.0.1 localhost\n{hub.address} {' '.join(HUB)}\n",
                 "etc/ssl/certs/ca-certificates.crt": certificate.read_text()}
        return hub, {"files": files}

    def test_bodies_cut_and_503_for_the_rest(self):
        self.check("broken")


class _TriesOnce:
    """dockerd tries a layer five times, and waits 5 s, 10 s, 15 s and 20 s between: nothing that a test need sit through."""
    options = {**Dockerd.options, "max-download-attempts": 1}


class _Dockerd(_TriesOnce, Dockerd):
    pass


class _BuildKit(_TriesOnce, BuildKit):
    pass


class DockerdFallsBack(_FallsBackToHub, E2ETest):
    client_type = _Dockerd
    needs = (*_FallsBackToHub.needs, program("dockerd"))


class BuildKitFallsBack(_FallsBackToHub, E2ETest):
    client_type = _BuildKit
    needs = (*_FallsBackToHub.needs, program("dockerd"))


class ContainerdFallsBack(_FallsBackToHub, E2ETest):
    client_type = Containerd
    needs = (*_FallsBackToHub.needs, program("containerd"), program("ctr"))


class PodmanFallsBack(_FallsBackToHub, E2ETest):
    client_type = Podman
    needs = (*_FallsBackToHub.needs, program("podman"))
    fails = _BLOBS


class SkopeoFallsBack(_FallsBackToHub, E2ETest):
    client_type = SkopeoByMirror
    needs = (*_FallsBackToHub.needs, program("skopeo"))
    fails = _BLOBS


class _FallsBackInDebian13(_FallsBackToHub):
    needs = (*_FallsBackToHub.needs, debian13)


class Debian13DockerdFallsBack(_FallsBackInDebian13, E2ETest):
    client_type = _Dockerd


class Debian13BuildKitFallsBack(_FallsBackInDebian13, E2ETest):
    client_type = _BuildKit


class Debian13DockerdWithContainerdFallsBack(_FallsBackInDebian13, E2ETest):
    client_type = DockerdWithContainerd


class Debian13ContainerdFallsBack(_FallsBackInDebian13, E2ETest):
    client_type = Containerd


class Debian13PodmanFallsBack(_FallsBackInDebian13, E2ETest):
    client_type = Podman
    fails = _BLOBS


class Debian13SkopeoFallsBack(_FallsBackInDebian13, E2ETest):
    client_type = SkopeoByMirror
    fails = _BLOBS


class Debian13OrasFails(_FallsBackInDebian13, E2ETest):
    """It knows of no other place."""
    client_type = Oras
    fails = tuple(_FAULTS)


class _CountedFallsBack(_FallsBack):
    """How often each thing is asked for is known as well."""
    # In all and at once: nobody waits as long as Retry-After says.
    attempts_by_status = {"404": {1}, "429": {5}, "503": {1}}

    def check(self, fault):
        super().check(fault)
        if found := re.search(r"\d+", fault):
            self.assertEqual(self.attempts(found[0]), self.attempts_by_status[found[0]])

    def test_429_for_blobs_alone(self):
        self.check("blobs429")


class Containerd2FallsBack(_CountedFallsBack, E2ETest):
    client_type = Containerd2
    needs = (*_CountedFallsBack.needs, *CONTAINERD)


class Containerd2InPartsFallsBack(_CountedFallsBack, E2ETest):
    client_type = Containerd2InParts
    needs = (*_CountedFallsBack.needs, *CONTAINERD)


class BuildkitdFallsBack(_CountedFallsBack, E2ETest):
    client_type = BuildkitdWithOrigin
    needs = (*_CountedFallsBack.needs, *BUILDKIT)


class RegctlFallsBack(_CountedFallsBack, E2ETest):
    client_type = RegctlWithMirror
    needs = (*_CountedFallsBack.needs, go_tool("regctl"))
    attempts_by_status = {**_CountedFallsBack.attempts_by_status, "429": {1}}


class _RunsAtOnce(_BeforeFaults):
    """Of a snapshotter: what a pull has mounted is read by a container, while the fault lasts."""
    needs = (*_BeforeFaults.needs, root, overlay, fuse)

    def pull(self):
        before = self.puller.lazy_mounts()
        pulled = super().pull()
        self.mounted = len(self.puller.lazy_mounts() - before)
        self.puller.run(self.wanted, "cat", "/etc/debian_version")
        return pulled


class StargzFallsBack(_RunsAtOnce, _CountedFallsBack, E2ETest):
    client_type = Stargz
    needs = (*_RunsAtOnce.needs, *CONTAINERD, *BUILDKIT, go_tool("containerd-stargz-grpc"))
    attempts_by_status = {**_CountedFallsBack.attempts_by_status, "429": {1, 5}}    # the snapshotter asks for a layer once

    @classmethod
    def make(cls):
        super().make()
        with Buildkitd(cls.client_folder(), cls.scripted_registry().port, "") as builder:
            cls.images = {fault: to_estargz(image, builder, cls.work) for fault, image in cls.images.items()}

    def check(self, fault):
        super().check(fault)
        # Without a layer's last bytes it cannot mount it. Then containerd has the whole, and goes on where it is told.
        self.assertEqual(self.mounted, 0 if fault == "cut" else len(self.wanted.blobs()) - 1)


class _Pushed(_BeforeFaults):
    """What is pulled was pushed to a registry behind the one that has the faults."""
    pushes = True

    @classmethod
    def scripted_registry(cls, **where):
        registry = FaultyFront(cls.registry.url, **where)
        cls.addClassCleanup(registry.stop)
        return registry


class _SociPulls(_RunsAtOnce, _Pushed):
    needs = (*_RunsAtOnce.needs, program("openssl"), debian13)

    @classmethod
    def make(cls):
        super().make()
        for image in cls.images.values():
            cls.registry.push(image)
        with cls.maker(Soci) as soci:
            for image in cls.images.values():
                soci.index(image)


class Debian13SociFallsBack(_SociPulls, _CountedFallsBack, _FallsBackToHub, E2ETest):
    client_type = Soci
    # The snapshotter asks for a layer three times, and waits as long as Retry-After says.
    attempts_by_status = {"404": {1}, "429": {3, 6}, "503": {1, 3}}
    # The index says all that a mount needs. When a layer is read it is too late to choose another host.
    fails = ("cut", "broken")
    says = "input/output error"

    def check(self, fault):
        super().check(fault)
        self.assertEqual(self.mounted, len(self.wanted.blobs()) - 1)

    def test_bodies_cut_in_their_middle(self):
        super().test_bodies_cut_in_their_middle()
        # What could not be read is asked for again by the next who reads it, at the same place.
        self.upstream.fault = Fault()
        cache = self.entrepot("mended", self.port)
        self.addCleanup(cache.stop)
        cache.start()
        self.puller.run(self.wanted, "cat", "/etc/debian_version")


class _Reports(_BeforeFaults):
    """Of a command without mirrors: it fails, and says why; mostly with what entrepot's upstream said."""
    messages = {}           # by fault
    attempts_by_fault = {}
    says_of_a_cut = "unexpected EOF"

    def assert_reported(self, fault):
        self.assertRegex(str(self.pull_past(fault)), self.messages[fault])
        self.assertEqual(self.attempts(fault), {self.attempts_by_fault[fault]})

    def test_what_is_not_found_is_said(self):
        self.assert_reported("404")

    def test_an_upstream_that_limits_is_said(self):
        self.assert_reported("429")

    def test_an_upstream_that_is_unavailable_is_said(self):
        self.assert_reported("503")

    def test_blobs_that_are_unavailable_are_said(self):
        self.assertRegex(str(self.pull_past("blobs503")), self.messages["503"])

    def test_a_blob_that_is_always_cut_is_said(self):
        self.assertRegex(str(self.pull_past("cut")), self.says_of_a_cut)

    def test_a_dead_entrepot_is_said(self):
        self.assertRegex(str(self.pull_past("dead")), "connection refused")


class CraneReports(_Reports, E2ETest):
    client_type = Crane
    needs = (*_Reports.needs, go_tool("crane"))
    messages = {"404": "MANIFEST_UNKNOWN: docker.io: as told", "429": "TOOMANYREQUESTS: docker.io: as told",
                "503": "UNAVAILABLE: docker.io: as told"}
    attempts_by_fault = {"404": 1, "429": 3, "503": 3}


class RegctlReports(_Reports, E2ETest):
    client_type = Regctl
    needs = (*_Reports.needs, go_tool("regctl"))
    messages = {"404": r"http 404.*docker\.io: as told", "429": "retry limit exceeded", "503": r"http 503.*docker\.io: as told"}
    attempts_by_fault = {"404": 1, "429": 6, "503": 1}


class HelmReports(_Pushed, _Reports, E2ETest):
    client_type = Helm
    needs = (*_Reports.needs, go_tool("helm"))
    messages = {"404": "not found", "429": "429: toomanyrequests: docker.io: as told",
                "503": "503: unavailable: docker.io: as told"}
    attempts_by_fault = {"404": 1, "429": 6, "503": 6}

    @classmethod
    def make(cls):
        cls.images = dict.fromkeys(_FAULTS)
        with cls.maker(Helm) as helm:
            helm.push_chart("charts/chart", "1.2.3")

    def pull(self):
        return self.puller.pull_chart("charts/chart", "1.2.3")


class Debian13CosignReports(_Pushed, _Reports, E2ETest):
    client_type = Cosign
    needs = (*_Reports.needs, root, overlay, debian13)
    messages = {"404": "no signatures found", "429": "TOOMANYREQUESTS: docker.io: as told", "503": "unexpected status code 503"}
    attempts_by_fault = {"404": 1, "429": 1, "503": 3}

    @classmethod
    def make(cls):
        image = small("signed", cls.work / "images")
        cls.images = dict.fromkeys(_FAULTS, image)
        cls.registry.push(image)
        with cls.maker(Cosign) as cosign:
            # A signature of no more than the image's digest is too small to be cut.
            cls.key = cosign.sign(image, "--annotations", f"note={'x' * 100_000}")

    def pull(self):
        self.puller.verify(self.wanted, self.key)


class Debian13SociReports(_SociPulls, _Reports, E2ETest):
    client_type = SociByName
    messages = {"404": "e2e: not found", "429": "429 Too Many Requests", "503": "503 Service Unavailable"}
    attempts_by_fault = {"404": 1, "429": 6, "503": 1}
    says_of_a_cut = "input/output error"

    @classmethod
    def registry_itself(cls):
        cls.certificate = make_certificate(cls.work / "entrepot.crt", "entrepot")
        files = {"etc/hosts": "127.0.0.1 localhost entrepot\n",
                 "etc/ssl/certs/ca-certificates.crt": cls.certificate.read_text()}
        return cls.scripted_registry(), {"files": files}

    @classmethod
    def entrepot(cls, name, port=0):
        made = super().entrepot(name, port)
        made.certificate = cls.certificate
        return made
