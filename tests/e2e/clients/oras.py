"""oras, for what is no image: files, and what refers to them. It knows no mirrors: the registry that it asks is the mirror."""

import json

from clients import Client


class Oras(Client):
    def push(self, name, media_type, content):
        """Pushes an artifact of one file, straight to where the client points."""
        self._file(content)
        self._oras("push", self._at(name), "--artifact-type", media_type, "file")

    def attach(self, name, media_type, content):
        """Likewise, as a referrer."""
        self._file(content)
        self._oras("attach", self._at(name), "--artifact-type", media_type, "file")

    def fetch(self, name):
        """The content of an artifact of one file."""
        self._oras("pull", "-o", self.work / "pulled", self._at(name))
        return (self.work / "pulled" / "file").read_text()

    def referrers(self, name):
        """The digests of an artifact's referrers, by their types."""
        found = json.loads(self._oras("discover", "--format", "json", self._at(name)))["manifests"]
        return {manifest["artifactType"]: manifest["digest"] for manifest in found}

    def pull(self, image):
        """The digests of all blobs and manifests of a copy."""
        self.command(["oras", "copy", "--from-plain-http", self._at(f"{image.repository}:{image.tag}"), "--to-oci-layout",
                      f"{self.work}/{image.name}:{image.tag}"], timeout=300)
        return {f"sha256:{file.name}" for file in (self.work / image.name / "blobs" / "sha256").iterdir()}

    def expected(self, image):
        return {*image.manifests(), *image.blobs()}

    def _file(self, content):
        (self.work / "file").write_text(content)

    def _at(self, name):
        return f"{self.mirror}/{self.prefix}{name}"

    def _oras(self, verb, *arguments):
        return self.command(["env", "-C", self.work, "oras", verb, "--plain-http", *arguments], timeout=60).stdout
