"""Where secrets are found that nobody may see: in all that a run has left behind and still says."""

import base64
import urllib.parse

from http_client import get


def leaks(secrets, cache, *said):
    """The places, each with the secret. Of an Entrepot: its log, its store (but for what it serves), its metrics and what it
    says of its state; and `said`: (where, bytes) of anything else."""
    files = [cache.log, *(path for path in cache.store.rglob("*") if path.is_file() and "blobs" not in path.parts)]
    places = [(str(file), file.read_bytes()) for file in files]
    places += [(path, get(cache.admin_url, path)[2]) for path in ("/metrics", "/readyz", "/livez")]
    return [(where, secret) for where, content in [*places, *said] for secret in secrets
            if any(form in content for form in _forms(secret))]


def _forms(secret):
    """A secret as it is, and as headers and URLs have it."""
    raw = secret.encode()
    return {raw, base64.b64encode(raw), base64.urlsafe_b64encode(raw).rstrip(b"="), urllib.parse.quote(secret, safe="").encode()}
