"""containerd 2.x with stargz-snapshotter: a layer in eStargz is mounted, and what is read of it is fetched then, in ranges."""

import go_tools
from clients.containerd import Containerd2, LazyContainerd
from image import HOST_ARCHITECTURE, Image

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


class Stargz(LazyContainerd, Containerd2):
    config = _CONFIG
    snapshotter = "stargz"

    def start(self):
        self.daemon([go_tools.path("containerd-stargz-grpc"), "--address", self.work / "stargz.sock", "--root", self.work / "stargz",
                     "--hosts-dir", self.work / "hosts", "--lazy"], "stargz.log", "listening")
        super().start()

    def pull_by_name(self, name):
        self.ctr("images", "pull", "--snapshotter", "stargz", "--hosts-dir", self.work / "hosts", name, timeout=120)


def to_estargz(image, builder, folder):
    """The image with its layers in eStargz, made in the folder by a Buildkitd that can pull it."""
    builder.build(f"FROM {builder.name(image)}\n", "--output",
                  f"type=oci,dest={folder / image.name},tar=false,name={image.repository}:{image.tag},compression=estargz,"
                  "force-compression=true,oci-mediatypes=true")
    return Image(image.name, folder / image.name)
