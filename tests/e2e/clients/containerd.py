"""containerd with a hosts.toml: it names the registry that it means in `?ns=`. Debian's, and the newest."""

import itertools
import os

import go_tools
from clients import Client

_CONFIG = """\
version = 2
root = "{work}/root"
state = "{work}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{work}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{work}/opt"
"""


# The same of 2.x, where pulls are made by the daemon's transfer service.
_CONFIG_2 = """\
version = 3
root = "{work}/root"
state = "{work}/state"
disabled_plugins = ["io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri"]
[grpc]
  address = "{work}/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "{work}/opt"
"""
_IN_PARTS = """\
[plugins."io.containerd.transfer.v1.local"]
  max_concurrent_downloads = 4
  concurrent_layer_fetch_buffer = {buffer}
"""


class Containerd(Client):
    config = _CONFIG
    environment = None

    def program(self, name):
        return name

    def start(self, more=""):
        (self.work / "config.toml").write_text((self.config + more).format(work=self.work))
        hosts = self.work / "hosts" / "docker.io"
        hosts.mkdir(parents=True)
        text = self.example("containerd/docker.io/hosts.toml")
        (hosts / "hosts.toml").write_text(text.replace("https://registry-1.docker.io", self.origin) if self.origin else text)
        self.daemon([self.program("containerd"), "-c", self.work / "config.toml"], "containerd.log", "containerd successfully booted",
                    env=self.environment)

    def pull(self, image):
        name = self._name(image)
        self.pull_by_name(name)
        (line,) = self.ctr("images", "ls", f"name=={name}", timeout=20).splitlines()[1:]
        return line.split()[2]

    def pull_by_name(self, name):
        self.ctr("images", "pull", "--hosts-dir", self.work / "hosts", name, timeout=300)

    def expected(self, image):
        return image.digest

    def run(self, image, *command):
        # A container that ends at once may be gone before ctr has read all that it printed.
        return self.ctr("run", "--rm", "--net-host", self._name(image), "e2e", "sh", "-c", '"$@"; sleep 0.5', "sh", *command,
                        timeout=60)

    def _name(self, image):
        return f"docker.io/{image.repository}:{image.tag}"

    def ctr(self, *arguments, timeout):
        return self.command([self.program("ctr"), "-a", self.work / "containerd.sock", *arguments], timeout).stdout


class Containerd2(Containerd):
    """containerd 2.x, as `go_tools` builds it."""
    config = _CONFIG_2

    def program(self, name):
        return go_tools.path(name)

    @property
    def environment(self):
        # Where it finds its shim.
        return {"PATH": f"{go_tools.path('containerd-shim-runc-v2').parent}:{os.environ['PATH']}"}


class Containerd2InParts(Containerd2):
    """It fetches a layer in parts, some at once. Each part is asked for without an end, and left when it is there."""
    buffer = 4 << 20
    config = _CONFIG_2 + _IN_PARTS.replace("{buffer}", str(buffer))


class LazyContainerd(Containerd):
    """With a snapshotter that mounts layers. They are read by ranges when a container reads them."""
    snapshotter = ""

    def start(self, more=""):
        self._containers = itertools.count()
        super().start(more)

    def run(self, image, *command):
        # A name of its own: what a container that could not start leaves behind goes later.
        return self.ctr("run", "--rm", "--net-host", "--snapshotter", self.snapshotter, self._name(image),
                        f"e2e{next(self._containers)}", *command, timeout=60)

    def lazy_mounts(self):
        """The layers that are mounted, not unpacked."""
        mounts = self.command(["cat", "/proc/mounts"], timeout=10).stdout.splitlines()
        return {line.split()[1] for line in mounts if line.split()[2].startswith("fuse") and str(self.work) in line}
