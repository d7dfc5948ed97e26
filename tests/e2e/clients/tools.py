"""crane, regctl and helm: commands that talk to a registry themselves, and fall back to no other."""

import hashlib
import json
import os
import pathlib

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

    def expected(self, image):
        return {*image.manifests(), *image.blobs()}


class Crane(Tool):
    program = "crane"
    options = ("--insecure",)

    def pull(self, image):
        """The digests of all files that came, computed here."""
        self("pull", "--format", "oci", self.name(image), self.work / image.name)
        return _digests_of(self.work / image.name)


class Regctl(Tool):
    program = "regctl"

    @property
    def options(self):
        return ("--host", f"reg={self.mirror},tls=disabled")

    @property
    def environment(self):
        return {**super().environment, "REGCTL_CONFIG": str(self.work / "config.json")}

    def pull(self, image):
        """The digests of all files that came, computed here."""
        self("image", "copy", self.name(image), f"ocidir://{self.work / image.name}:{image.tag}")
        return _digests_of(self.work / image.name)


class RegctlWithMirror(Regctl):
    """regclient's mirrors: it says in `?ns=` at which host it knows the registry, for docker.io registry-1.docker.io."""
    options = ()

    def start(self):
        config = json.loads(self.example("regclient/config.json"))
        if self.origin:
            config["hosts"]["docker.io"].update(hostname=self.origin.removeprefix("http://"), tls="disabled")
        (self.work / "config.json").write_text(json.dumps(config))

    def name(self, image):
        return f"docker.io/{image.repository}:{image.tag}"


class Helm(Tool):
    program = "helm"
    options = ()

    def push_chart(self, repository, version):
        """Makes a chart of 100 KB and pushes it, straight to where the client points; its content."""
        folder, name = repository.rsplit("/", 1)
        chart = self.work / name
        self("create", chart)
        (chart / "noise").write_bytes(os.urandom(100_000))
        self("package", chart, "--version", version, "--destination", self.work)
        file = self.work / f"{name}-{version}.tgz"
        self("push", file, f"oci://{self.mirror}/{folder}", "--plain-http")
        return file.read_bytes()

    def pull_chart(self, repository, version, check=True):
        """Pulls a chart through the mirror; the command, and the file that came."""
        done = self("pull", f"oci://{self.mirror}/{self.prefix}{repository}", "--version", version, "--plain-http",
                    "--destination", self.work, check=check)
        return done, self.work / f"{repository.rsplit('/', 1)[1]}-{version}.tgz"


def _digests_of(layout):
    """Of the files of an OCI image layout."""
    return {f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}" for file in pathlib.Path(layout, "blobs", "sha256").iterdir()}
