"""What is pulled beside images: artifacts and their referrers, signatures, and indexes for lazy pulls.

docker-registry has no referrers API: entrepot says so, and clients look for the tag sha256-<hex> in its place.
"""

from certificate import make_certificate
from clients.cosign import Cosign
from clients.oras import Oras
from clients.soci import Soci, SociByName
from harness import E2ETest, SETTINGS, debian13, fuse, images, overlay, program, root
from image import small
from process import ProgramFailed
from test_clients import ThreeRounds
from upstream import content_gets


class _Artifacts(ThreeRounds):
    """A class says with `make()` what is in the upstream, which is its own."""

    needs = (root, overlay, debian13)
    pushes = True

    @classmethod
    def start_cache(cls):
        if SETTINGS.peer:
            cls._lacking = "of entrepot only"
            return
        cls.make()
        cls.registry.requests()
        super().start_cache()


class OrasArtifact(_Artifacts, E2ETest):
    @classmethod
    def make(cls):
        with cls.maker(Oras) as oras:
            oras.push("library/artifact:e2e", "application/x.e2e", "the artifact")
            oras.attach("library/artifact:e2e", "application/x.e2e.note", "about it")

    def round(self):
        with self.client(Oras) as oras:
            self.assertEqual(oras.fetch("library/artifact:e2e"), "the artifact")
            referrers = oras.referrers("library/artifact:e2e")
            self.assertEqual(list(referrers), ["application/x.e2e.note"])
            self.assertEqual(oras.fetch("library/artifact@" + referrers["application/x.e2e.note"]), "about it")

    def test_3_upstream_stopped(self):
        self.registry.stop()
        with self.client(Oras) as oras:
            self.assertEqual(oras.fetch("library/artifact:e2e"), "the artifact")
            # Whether there are referrers is for the upstream to say.
            self.assertRaisesRegex(ProgramFailed, "unavailable", oras.referrers, "library/artifact:e2e")


class CosignSignature(_Artifacts, E2ETest):
    needs = (*_Artifacts.needs, images("small"))
    absent = "no signatures found"

    @classmethod
    def make(cls):
        cls.signed, cls.unsigned = (small(name, cls.work / "images") for name in ("signed", "unsigned"))
        for image in (cls.signed, cls.unsigned):
            cls.registry.push(image)
        with cls.maker(Cosign) as cosign:
            cls.key = cosign.sign(cls.signed)

    def round(self):
        with self.client(Cosign) as cosign:
            cosign.verify(self.signed, self.key)
            self.assertRaisesRegex(ProgramFailed, self.absent, cosign.verify, self.unsigned, self.key)

    def test_2_warm(self):
        self.registry.requests()
        self.round()
        answered = [request for request in self.registry.requests() if request.status == 200]
        self.assertEqual(content_gets(answered), {})

    def test_3_upstream_stopped(self):
        self.absent = "unexpected status code 502"   # it may have been signed since
        super().test_3_upstream_stopped()


class SociLazyPull(_Artifacts, E2ETest):
    needs = (*_Artifacts.needs, images("debian"), program("openssl"), fuse)

    @classmethod
    def make(cls):
        cls.debian = SETTINGS.images["debian"]
        cls.registry.push(cls.debian)
        with cls.maker(Soci) as soci:
            soci.index(cls.debian)

    @classmethod
    def new_cache(cls, upstream_url, name="cache"):
        cache = super().new_cache(upstream_url, name)
        cache.certificate = make_certificate(cls.work / "entrepot.crt", "entrepot")
        return cache

    lazy_layers = 1

    def round(self):
        files = {"etc/hosts": "127.0.0.1 localhost entrepot\n",
                 "etc/ssl/certs/ca-certificates.crt": self.cache.certificate.read_text()}
        with self.client(SociByName, files=files) as soci:
            soci.pull(self.debian)
            self.assertEqual(len(soci.lazy_mounts()), self.lazy_layers)
            self.assertRegex(soci.run(self.debian, "cat", "/etc/debian_version"), r"^(\d+\.\d+|\w+/sid)\n$")

    def test_1_cold(self):
        super().test_1_cold()
        # entrepot fetches the layer to its end, whatever was read of it.
        self.cache.program.wait_for_line(f"fill_done .*digest={self.debian.largest_layer()}", timeout=60)

    def test_3_upstream_stopped(self):
        self.lazy_layers = 0     # who cannot say whether there is an index has the whole layer pulled
        super().test_3_upstream_stopped()
