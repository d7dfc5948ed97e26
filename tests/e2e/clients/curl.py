"""curl: one request, its status, headers and body."""

import dataclasses
import email
import email.policy

from clients import Client
from image import ACCEPT
from process import run


@dataclasses.dataclass
class Answer:
    status: int
    headers: dict  # names in lower case
    body: bytes

    def parts(self):
        """The parts of a multipart body, each as its Content-Range and its bytes."""
        head = f"Content-Type: {self.headers['content-type']}\r\n\r\n".encode()
        message = email.message_from_bytes(head + self.body, policy=email.policy.HTTP)
        return [(part["Content-Range"], part.get_payload(decode=True)) for part in message.iter_parts()]


class Curl(Client):
    def get(self, path, *options):
        """GETs a path below the prefix's /v2/; options are curl's."""
        head, body = self.work / "head", self.work / "body"
        body.write_bytes(b"")
        run(["curl", "-sS", "--max-time", 60, "-D", head, "-o", body, "-H", f"Accept: {ACCEPT}", *options, f"http://{self.mirror}{path}"], timeout=70)
        status, *lines = head.read_text().strip().splitlines()
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Answer(int(status.split()[1]), headers, body.read_bytes())

    def head(self, path, *options):
        answer = self.get(path, "--head", *options)
        answer.body = b""  # curl prints the headers there
        return answer
