"""containerd with the SOCI snapshotter: layers are mounted with FUSE, and read by ranges when a container reads them.

The index is fetched by HTTPS from the registry that the image's name says (whatever --plain-http says), which 127.0.0.1 cannot
be. A mirror in its own settings is asked for layers alone, and may speak plain HTTP.
"""

from clients.containerd import LazyContainerd

_CONFIG = """\
[proxy_plugins.soci]
  type = "snapshot"
  address = "{work}/soci.sock"
"""

# It would ask nine times, for half a minute; and it would read what nobody has read when that is over.
_SOCI_CONFIG = """\
no_prometheus = true
[http]
  MaxRetries = 2
[background_fetch]
  disable = true
[[resolver.host."docker.io".mirrors]]
  host = "{mirror}"
  insecure = true
"""


class Soci(LazyContainerd):
    """Mounts an image of docker.io, with layers of the mirror."""
    snapshotter = "soci"

    def start(self):
        super().start(_CONFIG)
        (self.work / "soci.toml").write_text(_SOCI_CONFIG.format(mirror=self.mirror))
        self.daemon(["soci-snapshotter-grpc", "--config", self.work / "soci.toml", "--address", self.work / "soci.sock",
                     "--root", self.work / "soci"], "soci.log", self.work / "soci.sock")

    def index(self, image):
        """Makes the image's index, and pushes it to the registry at 127.0.0.1 that the client points to."""
        name = f"{self.mirror}/{image.repository}:{image.tag}"
        self.ctr("images", "pull", "--plain-http", name, timeout=300)
        self._soci("create", "--min-layer-size", "0", name)
        self._soci("push", "--plain-http", name)

    def pull_by_name(self, name):
        self._soci("image", "rpull", "--hosts-dir", self.work / "hosts", name)

    def _soci(self, *arguments):
        return self.command(["soci", "-a", self.work / "containerd.sock", *arguments], timeout=300).stdout


class SociByName(Soci):
    """Mounts an image of the mirror, which is called entrepot and speaks TLS."""

    def _name(self, image):
        return f"entrepot:{self.mirror.rsplit(':')[1]}/{self.prefix}{image.repository}:{image.tag}"
