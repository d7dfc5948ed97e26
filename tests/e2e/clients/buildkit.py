"""BuildKit's own daemon, with mirrors in its buildkitd.toml."""

import json
import tarfile

import go_tools
from clients import Client
from image import HOST_ARCHITECTURE
from process import run

_CONFIG = """\
root = "{work}/root"
[grpc]
  address = ["unix://{work}/buildkitd.sock"]
[worker.oci]
  binary = "runc"
  snapshotter = "overlayfs"
  networkMode = "host"
  gc = false
[worker.containerd]
  enabled = false
"""


class Buildkitd(Client):
    """Pulls by building from the image. The identity is the layers that the built image begins with."""
    registry = "docker.io"

    def start(self):
        (self.work / "buildkitd.toml").write_text(_CONFIG.format(work=self.work) + self.mirrors())
        self.daemon([go_tools.path("buildkitd"), "--config", self.work / "buildkitd.toml"], "buildkitd.log", "running server on")

    def mirrors(self):
        return self.example("buildkit/buildkitd.toml")

    def name(self, image):
        return f"{self.registry}/{image.repository}:{image.tag}"

    def pull(self, image):
        self.build(f"FROM {self.name(image)}\nRUN cat /etc/debian_version >/copy\n",
                   "--output", f"type=oci,dest={self.work}/built.tar,compression=uncompressed")
        with tarfile.open(self.work / "built.tar") as built:
            def document(path):
                return json.load(built.extractfile(path))
            (top,) = document("index.json")["manifests"]
            manifest = document(f"blobs/{top['digest'].replace(':', '/')}")
            return document(f"blobs/{manifest['config']['digest'].replace(':', '/')}")["rootfs"]["diff_ids"][:-1]

    def expected(self, image):
        return image.document(image.config_of(HOST_ARCHITECTURE))["rootfs"]["diff_ids"]

    def build(self, dockerfile, *options, timeout=300):
        """Builds a Dockerfile that copies nothing; options are buildctl's. What it printed on the way."""
        context = self.work / "context"
        context.mkdir(exist_ok=True)
        (context / "Dockerfile").write_text(dockerfile)
        return run([go_tools.path("buildctl"), "--addr", f"unix://{self.work}/buildkitd.sock", "build", "--progress", "plain",
                    "--frontend", "dockerfile.v0", "--local", f"context={context}", "--local", f"dockerfile={context}",
                    *options], timeout).stderr


class BuildkitdWithPath(Buildkitd):
    """Its mirror has a path: what stands before a name there says which registry is meant."""
    registry = "ghcr.io"


class BuildkitdWithOrigin(Buildkitd):
    """It knows the registry itself as well, in plain HTTP, which it can only by the name of that registry."""

    def start(self):
        self.registry = self.origin.removeprefix("http://")
        super().start()

    def mirrors(self):
        return (f'[registry."{self.registry}"]\n  mirrors = ["{self.mirror}"]\n  http = true\n'
                f'[registry."{self.mirror}"]\n  http = true\n')
