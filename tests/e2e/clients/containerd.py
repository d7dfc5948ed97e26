"""containerd with a hosts.toml: it names the registry that it means in `?ns=`."""

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


class Containerd(Client):
    def start(self, more=""):
        (self.work / "config.toml").write_text((_CONFIG + more).format(work=self.work))
        hosts = self.work / "hosts" / "docker.io"
        hosts.mkdir(parents=True)
        (hosts / "hosts.toml").write_text(self.example("containerd/docker.io/hosts.toml"))
        self.daemon(["containerd", "-c", self.work / "config.toml"], "containerd.log", "containerd successfully booted")

    def pull(self, image):
        name = self._name(image)
        self._ctr("images", "pull", "--hosts-dir", self.work / "hosts", name, timeout=300)
        (line,) = self._ctr("images", "ls", f"name=={name}", timeout=20).splitlines()[1:]
        return line.split()[2]

    def expected(self, image):
        return image.digest

    def run(self, image, *command):
        return self._ctr("run", "--rm", "--net-host", self._name(image), "e2e", *command, timeout=60)

    def _name(self, image):
        return f"docker.io/{image.repository}:{image.tag}"

    def _ctr(self, *arguments, timeout):
        return self.command(["ctr", "-a", self.work / "containerd.sock", *arguments], timeout).stdout
