"""What Debian 13 has packages for, each with the three rounds of test_clients.py, with an image of a few MB."""

from clients.containerd import Containerd
from clients.dockerd import BuildKit, Dockerd, DockerdWithContainerd
from clients.podman import Podman
from clients.skopeo import Skopeo
from harness import E2ETest, debian13, overlay, program, root
from image import busybox
from test_clients import Pulls


class _Rounds(Pulls):
    image_names = runs = ("busybox",)
    needs = (root, overlay, program("skopeo"), program("busybox"), debian13)

    @classmethod
    def storage(cls):
        return cls.work / "storage"

    @classmethod
    def start_cache(cls):
        cls.busybox = busybox(cls.work / "images")
        cls.registry.push(cls.busybox)
        cls.registry.requests()
        super().start_cache()

    def image(self, name):
        return self.busybox


class Debian13Dockerd(_Rounds, E2ETest):
    client_type = Dockerd


class Debian13DockerdWithContainerd(_Rounds, E2ETest):
    client_type = DockerdWithContainerd


class Debian13BuildKit(_Rounds, E2ETest):
    client_type = BuildKit


class Debian13Containerd(_Rounds, E2ETest):
    client_type = Containerd


class Debian13Podman(_Rounds, E2ETest):
    client_type = Podman


class Debian13Skopeo(_Rounds, E2ETest):
    client_type = Skopeo
    runs = ()
