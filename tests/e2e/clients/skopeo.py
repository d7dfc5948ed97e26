"""skopeo, which copies every image of an index into a folder, byte for byte."""

import hashlib

from clients import Client


class Skopeo(Client):
    def pull(self, image):
        """The digests of all files that came, computed here."""
        folder = self.work / image.name
        self.command(["skopeo", *self.options(), "copy", "--all", self.source(image), f"dir:{folder}"], timeout=300)
        return {_digest(file) for file in folder.iterdir() if file.name != "version"}

    def options(self):
        return ["--tls-verify=false"]

    def source(self, image):
        return f"docker://{self.mirror}/{self.prefix}{image.repository}:{image.tag}"

    def expected(self, image):
        return {*image.manifests(), *image.blobs()}


class SkopeoByMirror(Skopeo):
    """By Docker Hub's own name: it reads podman's file."""

    def start(self):
        (self.work / "registries.conf").write_text(self.example("podman/registries.conf"))

    def options(self):
        return ["--registries-conf", self.work / "registries.conf"]

    def source(self, image):
        return f"docker://docker.io/{image.repository}:{image.tag}"


def _digest(path):
    with open(path, "rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
