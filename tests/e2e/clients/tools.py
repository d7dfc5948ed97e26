"""crane, regctl and helm: commands that talk to a registry themselves, and fall back to no other."""

import go_tools
from clients import Client
from process import run


class Tool(Client):
    """Called with the arguments of a command, it gives back the command as it ended."""
    program = ""
    options = ()        # for plain HTTP

    def __call__(self, *arguments, check=True, timeout=120):
        return run([go_tools.path(self.program), *arguments, *self.options], timeout, env=self.environment, check=check)

    @property
    def environment(self):
        return {"HOME": str(self.work)}

    def name(self, image):
        return f"{self.mirror}/{self.prefix}{image.repository}:{image.tag}"


class Crane(Tool):
    program = "crane"
    options = ("--insecure",)


class Regctl(Tool):
    program = "regctl"

    @property
    def options(self):
        return ("--host", f"reg={self.mirror},tls=disabled")

    @property
    def environment(self):
        return {**super().environment, "REGCTL_CONFIG": str(self.work / "config.json")}


class RegctlWithMirror(Regctl):
    """regclient's mirrors: names stay those of docker.io, which is at `origin` here."""
    options = ()

    def start(self):
        import json
        (self.work / "config.json").write_text(json.dumps({"hosts": {
            "docker.io": {"hostname": self.origin.removeprefix("http://"), "tls": "disabled", "mirrors": [self.mirror]},
            self.mirror: {"tls": "disabled"}}}))

    def name(self, image):
        return f"docker.io/{image.repository}:{image.tag}"


class Helm(Tool):
    program = "helm"
    options = ()

    def pull_chart(self, repository, version, check=True):
        """Pulls a chart through the mirror; the command, and the file that came."""
        done = self("pull", f"oci://{self.mirror}/{self.prefix}{repository}", "--version", version, "--plain-http",
                    "--destination", self.work, check=check)
        return done, self.work / f"{repository.rsplit('/', 1)[1]}-{version}.tgz"
