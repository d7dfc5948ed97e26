"""What Debian 13 has packages for, each with the three rounds of test_clients.py, with an image of a few MB."""

from clients.containerd import Containerd
from clients.dockerd import BuildKit, Dockerd, DockerdWithContainerd
from clients.podman import Podman
from clients.skopeo import Skopeo
from harness import E2ETest, debian13, images, overlay, root
from test_clients import Pulls


class _Rounds(Pulls):
    image_names = runs = ("small",)
    needs = (root, overlay, images("small"), debian13)


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
