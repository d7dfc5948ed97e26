"""containerd 2.x with stargz-snapshotter: a layer in eStargz is mounted, and what is read of it is fetched then, in ranges."""

import itertools

import go_tools
from clients.containerd import Containerd2
from image import HOST_ARCHITECTURE

_CONFIG = Containerd2.config + f"""\
[proxy_plugins.stargz]
  type = "snapshot"
  address = "{{work}}/stargz.sock"
  [proxy_plugins.stargz.exports]
    root = "{{work}}/stargz"
    enable_remote_snapshot_annotations = "true"
[[plugins."io.containerd.transfer.v1.local".unpack_config]]
  platform = "linux/{HOST_ARCHITECTURE}"
  snapshotter = "stargz"
"""


class Stargz(Containerd2):
    config = _CONFIG

    def start(self):
        self._containers = itertools.count()
        self.daemon([go_tools.path("containerd-stargz-grpc"), "--address", self.work / "stargz.sock", "--root", self.work / "stargz",
                     "--hosts-dir", self.work / "hosts", "--lazy"], "stargz.log", "listening")
        super().start()

    def pull_by_name(self, name):
        self.ctr("images", "pull", "--snapshotter", "stargz", "--hosts-dir", self.work / "hosts", f"docker.io/{name}", timeout=120)

    def run_by_name(self, name, *command):
        # A name of its own: what a container that could not start leaves behind goes later.
        return self.ctr("run", "--rm", "--net-host", "--snapshotter", "stargz", f"docker.io/{name}", f"e2e{next(self._containers)}",
                        *command, timeout=60)
