"""What Debian 13 has packages for, each with the three rounds of test_clients.py."""

from clients.containerd import Containerd
from clients.dockerd import BuildKit, Dockerd, DockerdWithContainerd
from clients.podman import Podman
from clients.skopeo import Skopeo
from harness import E2ETest, debian13, images, overlay, root
from test_clients import Pulls


class Debian13Dockerd(Pulls, E2ETest):
    client_type = Dockerd
    image_names = ("debian",)
    needs = (root, overlay, images("debian"), debian13)


class Debian13DockerdWithContainerd(Pulls, E2ETest):
    client_type = DockerdWithContainerd
    image_names = ("debian",)
    needs = (root, overlay, images("debian"), debian13)


class Debian13BuildKit(Pulls, E2ETest):
    client_type = BuildKit
    image_names = ("debian",)
    needs = (root, overlay, images("debian"), debian13)


class Debian13Containerd(Pulls, E2ETest):
    client_type = Containerd
    image_names = ("debian",)
    needs = (root, overlay, images("debian"), debian13)


class Debian13Podman(Pulls, E2ETest):
    client_type = Podman
    image_names = ("debian",)
    needs = (root, overlay, images("debian"), debian13)


class Debian13Skopeo(Pulls, E2ETest):
    client_type = Skopeo
    image_names = ("ninety",)
    runs = ()
    needs = (root, overlay, images("ninety"), debian13)
