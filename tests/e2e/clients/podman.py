"""podman, for which a mirror is another place with a prefix of its own before the name."""

import json

from clients import Client
from image import HOST_ARCHITECTURE


class Podman(Client):
    def start(self):
        location = f"{self.mirror}/{self.prefix}".rstrip("/")
        text = self.example("podman/registries.conf").replace(f"{self.mirror}/docker.io", location)
        (self.work / "registries.conf").write_text(text)

    def pull(self, image):
        self._podman("pull", "-q", self._name(image), timeout=300)
        found = json.loads(self._podman("image", "inspect", self._name(image), timeout=20))[0]
        return f"sha256:{found['Id']}", sorted(found["RepoDigests"])

    def expected(self, image):
        # The digest of what the tag names and that of the platform's manifest: podman says both, one where they are equal.
        digests = {image.digest, image.manifest_of(HOST_ARCHITECTURE)}
        return image.config_of(HOST_ARCHITECTURE), sorted(f"docker.io/{image.repository}@{digest}" for digest in digests)

    def run(self, image, *command):
        # Left to itself, podman raises the limits, which root without CAP_SYS_RESOURCE may not.
        return self._podman("run", "--rm", "--network", "host", "--ulimit=nofile=1024:1024", "--ulimit=nproc=1024:1024",
                            self._name(image), *command, timeout=60)

    def _name(self, image):
        return f"docker.io/{image.repository}:{image.tag}"

    def stop(self):
        # What podman still cleans up behind a container that failed would mount its folders again.
        self._podman("rm", "--all", "--force", timeout=60)

    def _podman(self, *arguments, timeout):
        # runc: crun does not run where both versions of cgroups are mounted.
        return self.command(["podman", "--root", self.work / "root", "--runroot", self.work / "run", "--storage-driver", "overlay",
                    "--runtime", "runc", "--cgroup-manager", "cgroupfs", "--events-backend", "none", *arguments], timeout,
                   env={"CONTAINERS_REGISTRIES_CONF": str(self.work / "registries.conf")}).stdout
