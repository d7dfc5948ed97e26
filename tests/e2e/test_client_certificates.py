"""`tls.client_ca`: clients that show a certificate are served, and nobody else."""

import hashlib
import shutil

from certificate import make_certificate
from harness import E2ETest, images, program
from process import run


class ClientCertificates(E2ETest):
    needs = (program("openssl"), program("skopeo"), program("curl"), images("small"))

    @classmethod
    def start_cache(cls):
        cls.cache = cls.new_cache(cls.registry.url)
        cls.cache.certificate = make_certificate(cls.work / "entrepot.crt", "localhost")
        cls.known = make_certificate(cls.work / "client.crt", "ci")
        cls.cache.client_ca = cls.known
        cls.cache.start()

    def folder(self, *shown):
        """As docker, podman and skopeo want it: certs.d/HOST:PORT."""
        folder = self.work / self._testMethodName
        folder.mkdir()
        shutil.copy(self.cache.certificate, folder / "ca.crt")
        for certificate in shown:
            shutil.copy(certificate, folder / "client.cert")
            shutil.copy(certificate.with_suffix(".key"), folder / "client.key")
        return folder

    def inspect(self, folder):
        image = self.image("small")
        source = f"docker://localhost:{self.cache.port}/{self.cache.prefix}{image.repository}:{image.tag}"
        return run(["skopeo", "inspect", "--raw", "--cert-dir", folder, source], timeout=60, check=False)

    def test_skopeo_with_a_certificate_pulls(self):
        done = self.inspect(self.folder(self.known))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual("sha256:" + hashlib.sha256(done.stdout.encode()).hexdigest(), self.image("small").digest)

    def test_skopeo_without_one_does_not(self):
        done = self.inspect(self.folder())
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("certificate required", done.stderr)

    def test_skopeo_with_a_strangers_does_not(self):
        done = self.inspect(self.folder(make_certificate(self.work / "stranger.crt", "stranger")))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("tls:", done.stderr)

    def test_curl_with_and_without(self):
        command = ["curl", "-sS", "--cacert", self.cache.certificate, f"https://localhost:{self.cache.port}/v2/"]
        shown = ["--cert", self.known, "--key", self.known.with_suffix(".key")]
        self.assertEqual(run([*command, *shown], timeout=20).stdout, "{}")
        self.assertNotEqual(run(command, timeout=20, check=False).returncode, 0)
