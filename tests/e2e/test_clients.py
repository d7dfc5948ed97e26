"""Real clients pull through the cache, three times each: cold, warm, and with the upstream stopped.

Each pull begins with an empty client. Warm, the upstream may be asked whether a tag has changed (HEAD), but for no manifest
and no blob.
"""

import time

from clients.containerd import Containerd
from clients.curl import Curl
from clients.dockerd import BuildKit, Dockerd
from clients.podman import Podman
from clients.skopeo import Skopeo
from harness import E2ETest, images, overlay, program, report, root
from upstream import content_gets


class ThreeRounds:
    """The three rounds; a class says with `round(self)` what is done in each."""

    def test_1_cold(self):
        self.round()
        self.assertTrue(content_gets(self.registry.requests()), "nothing was pulled through the upstream")

    def test_2_warm(self):
        self.registry.requests()
        self.round()
        self.assertEqual(content_gets(self.registry.requests()), {})

    def test_3_upstream_stopped(self):
        self.registry.stop()
        self.round()


class Pulls(ThreeRounds):
    client_type = None
    image_names = ("debian", "layers")
    runs = ("debian",)

    def round(self):
        with self.client(self.client_type) as client:
            for image in map(self.image, self.image_names):
                start = time.monotonic()
                pulled = client.pull(image)
                report(f"{type(self).__name__}.{self._testMethodName:24} {image.name:7} {time.monotonic() - start:6.2f} s")
                self.assertEqual(pulled, client.expected(image))
                if image.name in self.runs:
                    self.assertRegex(client.run(image, "cat", "/etc/debian_version"), r"^(\d+\.\d+|\w+/sid)\n$")


class DockerdPull(Pulls, E2ETest):
    client_type = Dockerd
    needs = (root, program("dockerd"), overlay, images("debian", "layers"))


class BuildKitBuild(Pulls, E2ETest):
    client_type = BuildKit
    image_names = ("debian",)
    needs = (root, program("dockerd"), overlay, images("debian"))


class ContainerdPull(Pulls, E2ETest):
    client_type = Containerd
    needs = (root, program("containerd"), program("ctr"), overlay, images("debian", "layers"))


class PodmanPull(Pulls, E2ETest):
    client_type = Podman
    needs = (root, program("podman"), program("runc"), overlay, images("debian", "layers"))


class SkopeoCopy(Pulls, E2ETest):
    client_type = Skopeo
    image_names = ("layers", "ninety")
    runs = ()
    needs = (program("skopeo"), images("layers", "ninety"))


class CurlRequests(ThreeRounds, E2ETest):
    needs = (program("curl"), images("layers", "ninety"))

    def round(self):
        with self.client(Curl) as curl:
            image = self.image("ninety")
            blob = image.largest_layer()
            content, size = image.path(blob), image.size(blob)
            repository = f"/v2/{self.cache.prefix}{image.repository}"

            with self.subTest("HEAD of a tag"):
                answer = curl.head(f"{repository}/manifests/{image.tag}")
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.headers["docker-content-digest"], image.digest)
                self.assertEqual(answer.headers["content-type"], image.media_type)
                self.assertEqual(int(answer.headers["content-length"]), image.size(image.digest))

            for reference in (image.tag, image.digest):
                with self.subTest("a manifest", reference=reference):
                    answer = curl.get(f"{repository}/manifests/{reference}")
                    self.assertEqual((answer.status, answer.body), (200, image.path(image.digest).read_bytes()))
                    self.assertEqual(answer.headers["etag"], f'"{image.digest}"')

            with self.subTest("a whole blob"):
                answer = curl.get(f"{repository}/blobs/{blob}")
                self.assertEqual(answer.status, 200)
                self.assertTrue(answer.body == content.read_bytes(), "other bytes than the upstream's")

            with self.subTest("HEAD of a blob"):
                answer = curl.head(f"{repository}/blobs/{blob}")
                self.assertEqual((answer.status, int(answer.headers["content-length"])), (200, size))
                self.assertEqual(answer.headers["accept-ranges"], "bytes")

            for asked, first, last in (("0-0", 0, 0), ("1000-1999", 1000, 1999), (f"{size - 10}-", size - 10, size - 1),
                                       ("-7", size - 7, size - 1), (f"{size - 5}-{size + 5}", size - 5, size - 1)):
                with self.subTest("a range", range=asked):
                    answer = curl.get(f"{repository}/blobs/{blob}", "-H", f"Range: bytes={asked}")
                    self.assertEqual((answer.status, answer.headers["content-range"]), (206, f"bytes {first}-{last}/{size}"))
                    with open(content, "rb") as file:
                        file.seek(first)
                        self.assertEqual(answer.body, file.read(last - first + 1))

            with self.subTest("several ranges"):
                spans = ((5000, 5999), (0, 9), (10, 19), (size - 10, size - 1))
                answer = curl.get(f"{repository}/blobs/{blob}", "-r", ",".join(f"{first}-{last}" for first, last in spans))
                self.assertEqual((answer.status, int(answer.headers["content-length"])), (206, len(answer.body)))
                whole = content.read_bytes()
                self.assertEqual(answer.parts(), [(f"bytes {first}-{last}/{size}", whole[first:last + 1]) for first, last in spans])

            with self.subTest("a range past the end"):
                answer = curl.get(f"{repository}/blobs/{blob}", "-H", f"Range: bytes={size}-")
                self.assertEqual((answer.status, answer.headers["content-range"]), (416, f"bytes */{size}"))

            with self.subTest("tags/list"):
                answer = curl.get(f"{repository}/tags/list")
                self.assertEqual((answer.status, answer.headers["content-type"].split(";")[0]), (200, "application/json"))
                self.assertIn(f'"{image.tag}"', answer.body.decode())

            with self.subTest("_catalog"):
                answer = curl.get("/v2/_catalog")
                self.assertEqual(answer.status, 200)
                self.assertIn(f'"{image.repository}"', answer.body.decode())

            with self.subTest("a push"):
                answer = curl.get(f"{repository}/blobs/uploads/", "-X", "POST")
                self.assertEqual((answer.status, answer.headers.get("allow")), (405, "GET, HEAD"))
