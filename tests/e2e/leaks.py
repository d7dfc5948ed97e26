"""Where secrets are found that nobody may see: in all that a run has left behind and still says."""

import base64
import time
import urllib.parse
import uuid

from http_client import get


def leaks(secrets, cache, *said):
    """The places, each with the secret. Of an Entrepot: its log, its store (but for what it serves), its metrics and what it
    says of its state; and `said`: (where, bytes) of anything else."""
    places = [(path, get(cache.admin_url, path)[2]) for path in ("/metrics", "/readyz", "/livez")]
    places.append(("log", _log(cache)))
    places += [(str(path), path.read_bytes()) for path in cache.store.rglob("*") if path.is_file() and "blobs" not in path.parts]
    return [(where, secret) for where, content in [*places, *said] for secret in secrets
            if any(form in content for form in _forms(secret))]


def _log(cache):
    """All that has happened so far is in it: it is written behind the answers, and the last is one to us."""
    last = uuid.uuid4().hex
    get(cache.url, f"/{last}")
    end = time.monotonic() + 10
    while last.encode() not in (content := cache.log.read_bytes()):
        assert time.monotonic() < end, "the log does not go on"
        time.sleep(0.02)
    return content


def _forms(secret):
    """A secret as it is, and as headers and URLs have it."""
    raw = secret.encode()
    return {raw, base64.b64encode(raw).rstrip(b"="), base64.urlsafe_b64encode(raw).rstrip(b"="),
            urllib.parse.quote(secret, safe="").encode()}
