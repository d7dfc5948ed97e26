"""The newest clients, which `go_tools` builds: cold, warm, and with the upstream stopped.

What they ask for is seen by a proxy between client and cache, and by the upstream's log.
"""

import hashlib
import json
import pathlib
import re
import unittest

from clients.buildkit import Buildkitd, BuildkitdWithPath
from clients.containerd import Containerd2, Containerd2InParts
from clients.tools import Crane, Helm, Regctl
from go_tools import go_tool
from harness import SETTINGS, E2ETest, images, overlay, program, root
from process import run
from test_clients import Pulls, ThreeRounds
from throttle import Throttle
from upstream import upload

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
    image_names = ("debian",)
    runs = ()       # the build does
    needs = (*BUILDKIT, images("debian"))


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
            crane("pull", "--format", "oci", name, crane.work / "pulled")
            self.assertEqual(_blobs_of(crane.work / "pulled"), {*image.manifests(), *image.blobs()})
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
            upload(image, self.registry.port)
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
            regctl("image", "copy", name, f"ocidir://{regctl.work}/copied:e2e")
            self.assertEqual(_blobs_of(regctl.work / "copied"), {*image.manifests(), *image.blobs()})
            listed = json.loads(regctl("artifact", "list", "--format", "{{ json . }}", name).stdout)
            self.assertEqual([d["artifactType"] for d in listed["descriptors"]], ["application/x-bill"])


class HelmPull(ThreeRounds, E2ETest):
    needs = (go_tool("helm"),)
    pushes = True
    chart = None

    def setUp(self):
        super().setUp()
        if self.chart is None:
            with self.client(Helm) as helm:
                helm("create", helm.work / "chart")
                helm("package", helm.work / "chart", "--version", "1.2.3", "--destination", self.work)
                type(self).chart = self.work / "chart-1.2.3.tgz"
                helm("push", self.chart, f"oci://127.0.0.1:{self.registry.port}/charts", "--plain-http")

    def round(self):
        with self.client(Helm) as helm:
            _, pulled = helm.pull_chart("charts/chart", "1.2.3")
            self.assertEqual(pulled.read_bytes(), self.chart.read_bytes())
            # By a range of versions, for which it lists the tags.
            self.assertEqual(helm.pull_chart("charts/chart", "1.2.3")[1].name, self.chart.name)


def _blobs_of(layout):
    """The digests of the files of an OCI image layout, computed here."""
    return {f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in pathlib.Path(layout, "blobs", "sha256").iterdir()}
