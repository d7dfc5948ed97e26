"""cosign with a key of its own and no transparency log: signatures are images under the tag sha256-<hex>.sig."""

from clients import Client

_OFFLINE = {"COSIGN_PASSWORD": ""}


class Cosign(Client):
    def sign(self, image, *options):
        """Signs what the registry has that the client points to; the public key."""
        self._cosign("generate-key-pair")
        self._cosign("sign", "--yes", "--tlog-upload=false", "--key", "cosign.key", *options, self._at(image))
        return (self.work / "cosign.pub").read_text()

    def verify(self, image, key):
        (self.work / "signer.pub").write_text(key)
        self._cosign("verify", "--insecure-ignore-tlog=true", "--key", "signer.pub", self._at(image))

    def _at(self, image):
        return f"{self.mirror}/{self.prefix}{image.repository}@{image.digest}"

    def _cosign(self, verb, *arguments):
        plain = ["--allow-http-registry"] if verb != "generate-key-pair" else []
        self.command(["env", "-C", self.work, f"HOME={self.work}", "cosign", verb, *plain, *arguments], timeout=60, env=_OFFLINE)
