"""containerd with the SOCI snapshotter: layers are mounted with FUSE, and read by ranges when a container reads them.

It speaks plain HTTP to no registry (whatever --plain-http says, the index is fetched by HTTPS), so the mirror is to have a
certificate, and a name other than that of this machine itself.
"""

from clients.containerd import Containerd

_CONFIG = """\
[proxy_plugins.soci]
  type = "snapshot"
  address = "{work}/soci.sock"
"""


class Soci(Containerd):
    """Mounts an image of the mirror, by the mirror's name."""

    def start(self):
        super().start(_CONFIG)
        # It would ask nine times, for half a minute.
        (self.work / "soci.toml").write_text("no_prometheus = true\n[http]\nMaxRetries = 2\n")
        self.daemon(["soci-snapshotter-grpc", "--config", self.work / "soci.toml", "--address", self.work / "soci.sock",
                     "--root", self.work / "soci"], "soci.log", self.work / "soci.sock")

    def index(self, image):
        """Makes the image's index, and pushes it to the registry at 127.0.0.1 that the client points to."""
        name = f"{self.mirror}/{image.repository}:{image.tag}"
        self.ctr("images", "pull", "--plain-http", name, timeout=300)
        self._soci("create", name)
        self._soci("push", "--plain-http", name)

    def pull(self, image, host):
        self._soci("image", "rpull", f"{host}/{self.prefix}{image.repository}:{image.tag}")

    def run(self, image, host, *command):
        return self.ctr("run", "--snapshotter", "soci", "--rm", "--net-host",
                         f"{host}/{self.prefix}{image.repository}:{image.tag}", "e2e", *command, timeout=60)

    def lazy_mounts(self):
        """The layers that are mounted, not unpacked."""
        mounts = self.command(["cat", "/proc/mounts"], timeout=10).stdout.splitlines()
        return [line.split()[1] for line in mounts if line.split()[2].startswith("fuse") and str(self.work) in line]

    def _soci(self, *arguments):
        return self.command(["soci", "-a", self.work / "containerd.sock", *arguments], timeout=300).stdout
