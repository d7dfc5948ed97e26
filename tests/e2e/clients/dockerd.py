"""dockerd with a registry mirror, and the BuildKit inside of it."""

import json
import pathlib
import shutil

from clients import Client
from image import HOST_ARCHITECTURE


class Dockerd(Client):
    options = {"storage-driver": "overlay2"}

    def start(self):
        root = self.work
        self._socket = f"unix://{root}/docker.sock"
        (root / "daemon.json").write_text(json.dumps({
            **json.loads(self.example("dockerd/daemon.json")),
            **self.options, "iptables": False, "ip6tables": False, "bridge": "none",
            "data-root": f"{root}/data", "exec-root": f"{root}/exec", "pidfile": f"{root}/docker.pid",
            "hosts": [self._socket]}))
        self.daemon(["dockerd", "--config-file", root / "daemon.json"], "dockerd.log", "API listen on")

    def pull(self, image):
        self.docker("pull", "-q", f"{image.name}:{image.tag}", timeout=300)
        inspected = self.docker("image", "inspect", f"{image.name}:{image.tag}", timeout=20)
        found = json.loads(inspected)[0]
        return found["Id"], found["RepoDigests"]

    def expected(self, image):
        return image.config_of(HOST_ARCHITECTURE), [f"{image.name}@{image.digest}"]

    def run(self, image, *command):
        return self.docker("run", "--rm", "--network", "host", f"{image.name}:{image.tag}", *command, timeout=60)

    def docker(self, *arguments, timeout, env=None, stream="stdout"):
        """What a command of docker's client prints."""
        # Debian's own client: a newer one elsewhere on the path may want what this dockerd does not have.
        program = "/usr/bin/docker" if self.sandbox or pathlib.Path("/usr/bin/docker").exists() else shutil.which("docker")
        done = self.command([program, "-H", self._socket, *arguments], timeout,
                   env={"DOCKER_CONFIG": str(self.work / "config"), **(env or {})})
        return getattr(done, stream)


class DockerdWithContainerd(Dockerd):
    """With containerd's image store in place of its own. The image's id is what the tag names."""

    options = {"features": {"containerd-snapshotter": True}}

    def expected(self, image):
        return image.digest, [f"{image.name}@{image.digest}"]


class BuildKit(Dockerd):
    """Pulls by building from the image. The identity is the layers that the built image begins with."""

    steps = ("COPY file /file", "RUN cat /file /etc/debian_version >/both")   # a layer each

    def pull(self, image):
        context = self.work / "context"
        context.mkdir(exist_ok=True)
        (context / "file").write_text("copied\n")
        (context / "Dockerfile").write_text("\n".join([f"FROM {image.name}:{image.tag}", *self.steps, ""]))
        self.docker("build", "-q", "--network", "host", "-t", f"{image.name}:{image.tag}", context, timeout=300,
                     env={"DOCKER_BUILDKIT": "1"})
        (layers,) = (i["RootFS"]["Layers"] for i in
                     json.loads(self.docker("image", "inspect", f"{image.name}:{image.tag}", timeout=20)))
        return layers[:-len(self.steps)]

    def expected(self, image):
        return image.document(image.config_of(HOST_ARCHITECTURE))["rootfs"]["diff_ids"]
