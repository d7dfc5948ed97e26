"""The newest clients, which `go_tools` builds: cold, warm, and with the upstream stopped.

What they ask for is seen by a proxy between client and cache, and by the upstream's log.
"""

import json
import re
import time
import unittest

from clients.buildkit import Buildkitd, BuildkitdWithPath
from clients.containerd import Containerd2, Containerd2InParts
from clients.stargz import Stargz, to_estargz
from clients.tools import Crane, Helm, Regctl, RegctlWithMirror
from go_tools import go_tool
from harness import SETTINGS, E2ETest, fuse, images, overlay, program, report, root
from http_client import get
from image import INDEX, MANIFEST
from process import ProgramFailed
from test_clients import Pulls, ThreeRounds
from throttle import Throttle
from upstream import content_gets, gets_of

CONTAINERD = (root, overlay, program("runc"), go_tool("containerd", "ctr", "containerd-shim-runc-v2"))
BUILDKIT = (root, overlay, program("runc"), go_tool("buildkitd", "buildctl"))


class Containerd2Pull(Pulls, E2ETest):
    client_type = Containerd2
    image_names = ("small",)
    runs = ("small",)
    needs = (*CONTAINERD, images("small"))


class Containerd2PullInParts(Pulls, E2ETest):
    client_type = Containerd2InParts
    image_names = ("ninety", "small")
    runs = ("small",)
    needs = (*CONTAINERD, images("ninety", "small"))

    def test_4_parts_are_asked_for_without_an_end_and_left_when_they_are_there(self):
        image = self.image("ninety")
        spy = Throttle(self.cache.port).start()
        self.addCleanup(spy.stop)
        with self.client(Containerd2InParts, spy.port) as client:
            self.assertEqual(client.pull(image), client.expected(image))
        ranges = [r.range for r in spy.log if r.method == "GET" and image.largest_layer() in r.path]
        starts = [int(re.fullmatch(r"bytes=(\d+)-", r)[1]) for r in ranges]
        self.assertEqual(sorted(set(starts)), list(range(0, image.size(image.largest_layer()), client.buffer)))


class BuildkitdBuild(Pulls, E2ETest):
    client_type = Buildkitd
    image_names = ("small",)
    runs = ()       # the build does
    needs = (*BUILDKIT, images("small"))


class BuildkitdBuildWithPath(Pulls, E2ETest):
    client_type = BuildkitdWithPath
    image_names = ("small",)
    runs = ()
    needs = (*BUILDKIT, images("small"))

    @classmethod
    def new_cache(cls, upstream_url, name="cache"):
        if SETTINGS.peer:
            raise unittest.SkipTest("of entrepot only")
        cache = super().new_cache(upstream_url, name)
        cache.upstreams["ghcr.io"] = {"url": upstream_url}
        return cache


class BuildkitdCache(E2ETest):
    """A build's cache is pushed to the upstream and taken from there through entrepot, by a builder that has nothing. What it
    was not taken for would be another number in the file that is built."""
    needs = (*BUILDKIT, program("skopeo"), images("small"))
    pushes = True

    def setUp(self):
        super().setUp()
        self.registry.push(self.image("small"))

    def test_one_in_an_index_is_found_right_after_its_push(self):
        self.assert_found_right_after_its_push("index", image_manifest="false", media_type=INDEX)

    def test_one_in_an_image_manifest_is_found_right_after_its_push(self):
        self.assert_found_right_after_its_push("manifest", image_manifest="true", media_type=MANIFEST)

    def assert_found_right_after_its_push(self, tag, image_manifest, media_type):
        path = f"/v2/{self.cache.prefix}library/cache/manifests/{tag}"
        self.assertEqual(get(self.cache.url, path)[0], 404)
        built = self.build("--export-cache", f"type=registry,ref=127.0.0.1:{self.registry.port}/library/cache:{tag},mode=max,"
                                             f"oci-mediatypes=true,image-manifest={image_manifest}")
        status, headers, _ = get(self.registry.url, f"/v2/library/cache/manifests/{tag}", method="HEAD")
        self.assertEqual((status, headers["Content-Type"]), (200, media_type))
        self.registry.requests()
        imported = ("--import-cache", f"type=registry,ref=docker.io/library/cache:{tag}")
        self.assertEqual(self.build(*imported), built)
        self.assertIn(f"/v2/library/cache/manifests/{headers['Docker-Content-Digest']}", content_gets(self.registry.requests()))
        self.assertEqual(self.build(*imported), built)
        self.assertEqual(content_gets(self.registry.requests()), {})
        self.assertNotEqual(self.build(), built)

    def build(self, *options):
        """The number in the file that a builder makes which has nothing yet."""
        with self.client(Buildkitd) as client:
            out = client.work / "out"
            client.build(f"FROM {client.name(self.image('small'))} AS build\nRUN cat /proc/sys/kernel/random/uuid >/number\n"
                         "FROM scratch\nCOPY --from=build /number /number\n", "--output", f"type=local,dest={out}", *options)
            return (out / "number").read_text()


class PushedBehindTheCache(E2ETest):
    needs = (go_tool("crane"), program("skopeo"), images("small"))
    pushes = True

    def test_what_was_missing_is_found_right_after_its_push(self):
        image = self.image("small")
        with self.client(Crane) as crane:
            repository = crane.name(image).rsplit(":", 1)[0]
            requests = (("digest", f"{repository}:{image.tag}"), ("manifest", f"{repository}@{image.digest}"),
                        ("blob", f"{repository}@{image.blobs()[0]}"), ("ls", repository))
            for request in requests:
                self.assertRegex(crane(*request, check=False).stderr, "UNKNOWN|404")
            self.registry.push(image)
            for request in requests:
                crane(*request)


class StargzPull(ThreeRounds, E2ETest):
    """The layer's files are read through the cache when they are needed."""
    needs = (*CONTAINERD, *BUILDKIT, fuse, go_tool("containerd-stargz-grpc"), program("skopeo"), images("debian"))
    pushes = True
    converted = None

    def setUp(self):
        super().setUp()
        if not self.converted:
            self.registry.push(self.image("debian"))
            with self.client(Buildkitd, self.registry.port) as builder:
                type(self).converted = to_estargz(self.image("debian"), builder, self.work)
            self.registry.push(self.converted)
            self.registry.requests()

    def round(self):
        spy = Throttle(self.cache.port).start()
        self.addCleanup(spy.stop)
        with self.client(Stargz, spy.port) as client:
            client.pull(self.converted)
            self.run_something(client)
        layer = self.converted.largest_layer()
        size = self.converted.size(layer)
        parts = gets_of(spy.log, layer)
        self.assertTrue(all(part.range for part in parts), "the whole layer was asked for")
        read = sum(part.sent for part in parts)
        report(f"StargzPull.{self._testMethodName}: {read} of {size} bytes read, in {len(parts)} ranges")
        self.assertLess(read, size / 2)

    def test_4_past_a_dead_mirror_a_layer_is_mounted_from_the_registry_itself(self):
        self.registry.start()
        cache = self.own_cache(self.registry.url).start()
        cache.stop()
        with self.client(Stargz, cache.port, origin=self.registry.url) as client:
            start = time.monotonic()
            client.pull(self.converted)
            self.run_something(client)
            report(f"StargzPull.{self._testMethodName}: {time.monotonic() - start:.2f} s")
        self.assertTrue(content_gets(self.registry.requests()))

    def test_5_under_a_mounted_layer_a_dead_mirror_is_an_error_until_it_is_back(self):
        # The host is chosen when the layer is mounted, and once.
        cache = self.own_cache(self.registry.url).start()
        with self.client(Stargz, cache.port, origin=self.registry.url) as client:
            client.pull(self.converted)
            cache.stop()
            self.assertRaisesRegex(ProgramFailed, "input/output error", self.run_something, client)
            cache.start()
            self.run_something(client)

    def run_something(self, client):
        self.assertRegex(client.run(self.converted, "cat", "/etc/debian_version"), r"^(\d+\.\d+|\w+/sid)\n$")


class CraneRequests(ThreeRounds, E2ETest):
    needs = (go_tool("crane"), images("layers", "small"))

    def round(self):
        with self.client(Crane) as crane:
            image = self.image("small")
            name, config = crane.name(image), image.blobs()[0]
            self.assertEqual(crane("digest", name).stdout.strip(), image.digest)
            self.assertEqual(crane("manifest", name).stdout, image.path(image.digest).read_text())
            self.assertIn(image.tag, crane("ls", name.rsplit(":", 1)[0]).stdout.split())
            self.assertEqual(crane("blob", f"{name.rsplit(':', 1)[0]}@{config}").stdout, image.path(config).read_text())
            crane("validate", "--remote", name)
            self.assertEqual(crane.pull(image), crane.expected(image))
            index = self.image("layers")
            self.assertEqual(crane("digest", "--platform", "linux/arm64", crane.name(index)).stdout.strip(),
                             index.manifest_of("arm64"))


class RegctlRequests(ThreeRounds, E2ETest):
    needs = (go_tool("regctl"), program("skopeo"), images("small"))
    pushes = True

    @classmethod
    def start_cache(cls):
        super().start_cache()
        cls.attached = None

    def setUp(self):
        super().setUp()
        if self.attached is None:
            image = self.image("small")
            self.registry.push(image)
            with self.client(Regctl, self.registry.port, prefix="") as regctl:
                bill = regctl.work / "bill"
                bill.write_text("of materials")
                regctl("artifact", "put", "--artifact-type", "application/x-bill", "--subject", regctl.name(image), "-f", bill)
            type(self).attached = True

    def round(self):
        with self.client(Regctl) as regctl:
            image = self.image("small")
            name, config = regctl.name(image), image.blobs()[0]
            self.assertEqual(regctl("manifest", "get", "--format", "raw-body", name).stdout, image.path(image.digest).read_text())
            self.assertEqual(regctl("blob", "get", name, config).stdout, image.path(config).read_text())
            self.assertEqual(regctl.pull(image), regctl.expected(image))
            listed = json.loads(regctl("artifact", "list", "--format", "{{ json . }}", name).stdout)
            self.assertEqual([d["artifactType"] for d in listed["descriptors"]], ["application/x-bill"])


class RegctlMirrorPull(Pulls, E2ETest):
    client_type = RegctlWithMirror
    image_names = ("small",)
    runs = ()
    needs = (go_tool("regctl"), images("small"))


class HelmPull(ThreeRounds, E2ETest):
    needs = (go_tool("helm"),)
    pushes = True
    chart = None

    def setUp(self):
        super().setUp()
        if self.chart is None:
            with self.client(Helm, self.registry.port) as helm:
                type(self).chart = helm.push_chart("charts/chart", "1.2.3")

    def round(self):
        with self.client(Helm) as helm:
            _, pulled = helm.pull_chart("charts/chart", "1.2.3")
            self.assertEqual(pulled.read_bytes(), self.chart)
            pulled.unlink()
            helm.pull_chart("charts/chart", "^1.0")     # for which it lists the tags
            self.assertTrue(pulled.exists())
