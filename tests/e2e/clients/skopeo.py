"""skopeo, which copies every image of an index into a folder, byte for byte."""

import hashlib

from clients import Client
from process import run


class Skopeo(Client):
    def pull(self, image):
        """The digests of all files that came, computed here."""
        folder = self.work / image.name
        run(["skopeo", "copy", "--all", "--src-tls-verify=false",
             f"docker://{self.mirror}/{self.prefix}{image.repository}:{image.tag}", f"dir:{folder}"], timeout=300)
        return {_digest(file) for file in folder.iterdir() if file.name != "version"}

    def expected(self, image):
        return {*image.manifests(), *image.blobs()}


def _digest(path):
    with open(path, "rb") as file:
        return "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
