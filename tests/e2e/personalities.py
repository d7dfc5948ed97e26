"""Registries that answer as the public ones are known to, and refuse what those refuse: who asks wrongly gets nothing.

Each has hosts of its own on the loopback: one for the registry, one for its tokens and one for its storage, where they are
apart. They serve images in their folders, and keep what was asked of them.
"""

import base64
import dataclasses
import functools
import itertools
import json
import re
import threading
import time
import urllib.parse

from scripted_registry import find, part_of
from small_server import SmallServer

_PATH = re.compile(r"/v2/(?P<repository>[\w./-]+)/(?P<kind>manifests|blobs|tags)/(?P<reference>[\w.:-]+)$")
_SCOPE = re.compile(r"repository:(?P<repository>[\w./-]+):pull$")


@dataclasses.dataclass
class Seen:
    """One request, and what came of it."""
    host: str       # "registry", "tokens" or "storage"; with "front " before it where a registry stands before another
    method: str
    path: str
    status: int
    scope: str      # of the token that was asked for
    range: str
    sent: int       # bytes of the body, of a HEAD those that a GET would have had


class _Host(SmallServer):
    def __init__(self, respond):
        self.respond = respond
        super().__init__()


class Registry:
    """A registry with tokens for everybody, as the protocol has it; what its kin do otherwise stands with them.

    Source: distribution's documentation, "Token Authentication Specification".
    """
    service = "registry"
    realm = "/token"
    expires_in = None           # what the token service says of a token's life; None: nothing
    token_field = "token"
    blobs_status = 307
    refuses_head_at_storage = False
    prefix = ""                 # before the name of every repository

    def __init__(self, account=None):
        """With an account, (user, password), tokens are for that one alone."""
        self.account = account
        self.images = {}
        self.storage_said = b""                 # by whoever came to the storage, and to whoever was sent there
        self._seen, self._lock = [], threading.Lock()
        self._tokens, self._signed = {}, {}     # what each is good for
        self._all_tokens = set()
        self._numbers = itertools.count()
        self._registry, self._storage, self._token_service = (
            _Host(functools.partial(self._answer, name)) for name in ("registry", "storage", "tokens"))

    def stop(self):
        for host in (self._registry, self._storage, self._token_service):
            host.stop()

    @property
    def url(self):
        return self._registry.url

    def serve(self, image):
        self.images[self.prefix + image.repository] = image

    def requests(self):
        """The requests since the last call."""
        with self._lock:
            new, self._seen = self._seen, []
        return new

    def scope_of(self, image):
        """What the token for an image is asked for; None: nobody asks for one."""
        return f"repository:{self.prefix}{image.repository}:pull"

    def secrets(self):
        """What nobody but this registry and who asks for it may know; as itself, and as a header has it."""
        account = {self.account[1], basic(*self.account)} if self.account else set()
        with self._lock:
            return account | self._all_tokens

    def _answer(self, server, request):
        host = self.role(server, request.path)
        status, headers, body = getattr(self, host)(request)
        with self._lock:
            if server == "storage":     # one that is apart
                self.storage_said += f"{request.method} {request.target}\n{request.headers}\n".encode()
            self._seen.append(Seen(host, request.method, request.path, status, request.parameter("scope"),
                                   request.headers.get("Range", ""), len(body)))
        return status, headers, body

    def role(self, host, path):
        """What a host is, asked for a path."""
        return "tokens" if path == self.realm else host

    def registry(self, request):
        """The registry proper."""
        asked = _PATH.match(request.path)
        if refusal := self.refusal(request, asked and asked["repository"]):
            return refusal
        if request.path == "/v2/":
            return 200, [], b"{}"
        image = asked and self.images.get(asked["repository"])
        if asked and asked["kind"] == "tags" and image:
            return self.tags(request, image)
        found = asked and find(image, asked["kind"], asked["reference"])
        if not found:
            return _error(404, "MANIFEST_UNKNOWN")
        if asked["kind"] == "blobs":
            return self.blob(request, image, asked["reference"])
        return self.manifest(request, *found)

    def refusal(self, request, repository):
        """The answer to whoever may not see this repository, where None is the ping's; or None."""
        authorization = request.headers.get("Authorization", "")
        if self.may(authorization, repository):
            return None
        why = "insufficient_scope" if self.granted(authorization) else "invalid_token"
        challenge = self.challenge(repository) + (f',error="{why}"' if authorization else "")
        return _error(401, "UNAUTHORIZED", ("WWW-Authenticate", challenge))

    def may(self, authorization, repository):
        return repository is not None and self.granted(authorization) == self.scope(repository)

    def granted(self, authorization):
        """The scope of a token; None: it is none that is still good."""
        return self._tokens.get(authorization.removeprefix("Bearer "))

    def scope(self, repository):
        """What a token is to be for that shows the repository."""
        return f"repository:{repository}:pull" if repository in self.images else "none"

    def realm_url(self):
        return self.url + self.realm

    def challenge(self, repository):
        scope = f',scope="repository:{repository}:pull"' if repository else ""
        return f'Bearer realm="{self.realm_url()}",service="{self.service}"{scope}'

    def manifest(self, request, media_type, digest, content):
        return 200, [("Content-Type", media_type), ("Docker-Content-Digest", digest)], content

    def blob(self, request, image, digest):
        return self.blobs_status, [("Location", self.signed(request.method, image, digest))], b""

    def tags(self, request, image):
        return _json(200, {"name": image.repository, "tags": [image.tag]})

    def tokens(self, request):
        """The token service."""
        if request.parameter("service") != self.service:
            return _error(400, "UNSUPPORTED")
        if self.account and request.headers.get("Authorization") != basic(*self.account):
            return _error(401, "UNAUTHORIZED")
        return self.grant(request.parameter("scope"))

    def grant(self, scope):
        token = f"a-token-for-e2e-{next(self._numbers)}"
        with self._lock:
            self._tokens[token] = scope
            self._all_tokens.add(token)
        return _json(200, {self.token_field: token} | ({"expires_in": self.expires_in} if self.expires_in else {}))

    def signed(self, method, image, digest):
        """A URL at the storage that is good for one request by this method: who keeps it finds it expired."""
        signature = f"signature{next(self._numbers)}"
        self._signed[signature] = (method, image, digest)
        return f"{self._storage.url}/data?{urllib.parse.urlencode({'X-Amz-Signature': signature})}"

    def storage(self, request):
        """Where the blobs are."""
        if "Authorization" in request.headers:
            return _xml(400, "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>")
        return self.content(request, request.parameter("X-Amz-Signature"))

    def content(self, request, signature):
        method, image, digest = self._signed.pop(signature, (None, None, None))
        if method != request.method or self.refuses_head_at_storage and method == "HEAD":
            return _xml(403, "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>")
        content = image.path(digest).read_bytes()
        status, headers, first, last = part_of(content, request.headers.get("Range"))
        return status, headers, content[first:last + 1]


class Hub(Registry):
    """Docker Hub. Its token service is another host, its tokens say that they live for 300 s, and that for what there is not is
    good for nothing. Manifests count, and say how many are left. The storage is a CDN.

    Source: docker/docs: docker-hub/usage/pulls.md; goharbor/harbor#13446 (401 for what there is not); goharbor/harbor:
    src/pkg/registry/auth/authorizer.go (403 without a User-Agent); renovatebot/renovate#3877 (the CDN and Authorization).
    """
    service = "registry.docker.io"
    expires_in = 300
    limit = 100

    def __init__(self):
        self.remaining = self.limit
        super().__init__()

    def realm_url(self):
        return f"http://localhost:{self._token_service.port}{self.realm}"

    def role(self, host, path):
        return host

    def refusal(self, request, repository):
        if not request.headers.get("User-Agent"):
            return _xml(403, "<html>Request forbidden by administrative rules.</html>")
        return super().refusal(request, repository)

    def manifest(self, request, media_type, digest, content):
        status, headers, body = super().manifest(request, media_type, digest, content)
        with self._lock:
            self.remaining -= request.method == "GET"
            left = self.remaining
        limits = [("ratelimit-limit", f"{self.limit};w=21600"), ("ratelimit-remaining", f"{left};w=21600")]
        return status, headers + limits, body


class TroubledHub(Hub):
    """Docker Hub on the days that a test says: it has one trouble, set before a pull.

    Source: docker/docs: docker-hub/usage/pulls.md (429); rpardini/docker-registry-proxy#26 (expired redirects).
    """
    limited_for = 1     # seconds

    def __init__(self):
        self._at_storage, self._came = set(), threading.Condition()
        self.have()
        super().__init__()

    def have(self, forgets_tokens=False, cuts=None, limits=None):
        """From now on: forgets all tokens once a blob is asked for; cuts bodies in their middle, "whole" ones or "every" one;
        answers whoever comes for the rest of a blob with 429 and these headers, until a second has passed."""
        self.forgets_tokens, self.cuts, self.limits = forgets_tokens, cuts, limits
        self._limited_until = None

    def refusal(self, request, repository):
        if "/blobs/" in request.path:
            if self.forgets_tokens:
                self.forgets_tokens = False
                self._tokens.clear()
            if self._is_limited(request):
                return _error(429, "TOOMANYREQUESTS", *self.limits)
        return super().refusal(request, repository)

    def _is_limited(self, request):
        if self.limits is None:
            return False
        with self._lock:
            if self._limited_until is None and "Range" in request.headers:
                self._limited_until = time.monotonic() + self.limited_for
            return self._limited_until is not None and time.monotonic() < self._limited_until

    def content(self, request, signature):
        _, image, digest = self._signed.get(signature, (None, None, None))
        status, headers, body = super().content(request, signature)
        cut = len(body) > 1 << 16 and (self.cuts == "every" or self.cuts == "whole" and status == 200)    # a config is small
        with self._came:
            self._at_storage.add(digest)
            self._came.notify_all()
            if cut:     # once all blobs of the image have been asked for, so that none of them begins in a limit
                self._came.wait_for(lambda: self._at_storage >= set(image.blobs()), timeout=10)
        return status, headers, body[:len(body) // 2] if cut else body


class Ghcr(Registry):
    """ghcr.io. Nothing without a token, and the token service itself refuses. The scope in the ping's challenge is a
    placeholder. URLs of its storage are for GET.

    Source: cloudflare/serverless-registry#148 (the scope), containerd/stargz-snapshotter#167 (HEAD at the storage).
    """
    service = "ghcr.io"
    refuses_head_at_storage = True

    def challenge(self, repository):
        return super().challenge(repository or "user/image")

    def grant(self, scope):
        asked = _SCOPE.match(scope)
        if not asked or asked["repository"] not in self.images:
            return _error(403, "DENIED")
        return super().grant(scope)


class Quay(Registry):
    """quay.io. Its challenge has no scope; blobs are a 302.

    Source: rkt/rkt#2248, OctopusDeploy/Issues#5076 (the challenge).
    """
    service = "quay.io"
    realm = "/v2/auth"
    blobs_status = 302

    def challenge(self, repository):
        return super().challenge(None)


class ArtifactRegistry(Registry):
    """Google's, gcr.io too. Only the 401 of the ping has a challenge. A blob is at a path of the same host, to whoever comes.

    Source: containers/image: docker/docker_client.go (the challenge); ahmetb/serverless-registry-proxy#8 and
    sonatype/nexus-public#1061 (the Location).
    """
    service = "gcr.io"
    realm = "/v2/token"
    blobs_status = 302
    _downloads = "/artifacts-downloads/namespaces/e2e/repositories/e2e/downloads/"

    def role(self, host, path):
        return "storage" if path.startswith(self._downloads) else super().role(host, path)

    def refusal(self, request, repository):
        refusal = super().refusal(request, repository)
        if refusal and repository:
            return _error(401, "UNAUTHORIZED")
        return refusal

    def signed(self, method, image, digest):
        return self._downloads + super().signed(method, image, digest).rpartition("=")[2]

    def storage(self, request):
        return self.content(request, request.path.removeprefix(self._downloads))


class Mcr(Registry):
    """mcr.microsoft.com: for everybody. Who does not say what they accept gets a manifest of schema 1.

    Source: distribution's documentation, "Image Manifest Version 2, Schema 2", Backward compatibility.
    """
    def scope_of(self, image):
        return None

    def may(self, authorization, repository):
        return not authorization

    def manifest(self, request, media_type, digest, content):
        if media_type in request.headers.get("Accept", ""):
            return super().manifest(request, media_type, digest, content)
        return 200, [("Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws")], b'{"schemaVersion":1}'


class EcrPublic(Registry):
    """public.ecr.aws: one token for all that is there. HEAD of a blob is a 401, whatever token it has.

    Source: distribution/distribution#4383, aws/containers-roadmap#2671.
    """
    service = "public.ecr.aws"
    realm = "/token/"

    def scope_of(self, image):
        return "aws"

    def scope(self, repository):
        return "aws"

    def challenge(self, repository):
        return f'{super().challenge(None)},scope="aws"'

    def refusal(self, request, repository):
        if request.method == "HEAD" and "/blobs/" in request.path:
            return _error(401, "UNAUTHORIZED", ("WWW-Authenticate", self.challenge(repository)))
        return super().refusal(request, repository)


class Private(Registry):
    """A registry with accounts of its own. Everybody who has one gets a token, which is good for nothing where the account may
    not see what is there: Docker Hub's way, and Harbor's.

    Source: distribution's documentation, "Token Authentication Specification", Requesting a Token.
    """
    def __init__(self, accounts):
        """{(user, password): whether it may see the images}"""
        self.accounts = dict(accounts)
        super().__init__()

    def secrets(self):
        return super().secrets() | {part for a in self.accounts for part in (a[1], basic(*a))}

    def may(self, authorization, repository):
        granted = self.granted(authorization)
        return granted is not None and (repository is None or granted == self.scope(repository))

    def tokens(self, request):
        for account, sees in self.accounts.items():
            if request.headers.get("Authorization") == basic(*account):
                return self.grant(request.parameter("scope") if sees else "nothing")
        return _error(401, "UNAUTHORIZED")


class Ecr(Registry):
    """Amazon ECR: a password for everything, a manifest's digest is not said, and no page has more than a thousand tags.

    Source: distribution/distribution#3792 (the digest); Amazon ECR's API reference, ListImages (maxResults).
    """
    def scope_of(self, image):
        return None

    def challenge(self, repository):
        return f'Basic realm="{self.url}/",service="ecr.amazonaws.com"'

    def may(self, authorization, repository):
        return authorization == basic(*self.account)

    def manifest(self, request, media_type, digest, content):
        return 200, [("Content-Type", media_type)], content

    def tags(self, request, image):
        if int(request.parameter("n") or 0) > 1000:
            return _error(405, "UNSUPPORTED")
        return super().tags(request, image)


class Acr(Registry):
    """Azure's: OAuth 2.0, whose answer has an access token only, and does not say how long it lives.

    Source: Azure/acr: docs/AAD-OAuth.md.
    """
    service = "e2e.azurecr.io"
    realm = "/oauth2/token"
    token_field = "access_token"


class _Front(Registry):
    """A name that people pull by; what it has is behind it."""
    behind = Registry

    def __init__(self):
        self.registry_behind = self.behind()
        super().__init__()

    def stop(self):
        super().stop()
        self.registry_behind.stop()

    def serve(self, image):
        self.registry_behind.serve(image)

    def scope_of(self, image):
        return self.registry_behind.scope_of(image)

    def secrets(self):
        return super().secrets() | self.registry_behind.secrets()

    def requests(self):
        return [dataclasses.replace(seen, host=f"front {seen.host}") for seen in super().requests()] + \
            self.registry_behind.requests()

    def registry(self, request):
        if refusal := self.refusal(request, None):
            return refusal
        if request.path == "/v2/":
            return 200, [], b"{}"
        if request.method not in ("GET", "HEAD") or request.path == "/v2/_catalog":
            return _error(404, "NOT_FOUND")
        there = f"http://localhost:{urllib.parse.urlsplit(self.registry_behind.url).port}"
        return 307, [("Location", f"{there}/v2/{self.registry_behind.prefix}{request.path.removeprefix('/v2/')}")], b""

    def may(self, authorization, repository):
        return True


class _Regional(Registry):
    prefix = "k8s-artifacts-prod/images/"

    def tags(self, request, image):
        return _json(200, {"name": image.repository, "tags": [image.tag, "older0", "older1"]})


class RegistryK8s(_Front):
    """registry.k8s.io: everything is at another host, under a longer name, and what a query asks is lost on the way.

    Source: kubernetes/registry.k8s.io: cmd/archeio.
    """
    behind = _Regional


class ScarfByRedirect(_Front):
    """lscr.io and others that Scarf counts the pulls of: at once to the registry that has it.

    Source: rpardini/docker-registry-proxy#158, tekton/plumbing#2340.
    """
    behind = Ghcr


class ScarfByChallenge(ScarfByRedirect):
    """Likewise, after a challenge that is the ping's of the registry that has it: with the placeholder for a scope."""
    def challenge(self, repository):
        return self.registry_behind.challenge(repository)

    def may(self, authorization, repository):
        return authorization.startswith("Bearer ")


def basic(username, password):
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _json(status, document, *headers):
    return status, [("Content-Type", "application/json"), *headers], json.dumps(document).encode()


def _xml(status, text):
    return status, [("Content-Type", "application/xml")], text.encode()


def _error(status, code, *headers):
    return _json(status, {"errors": [{"code": code, "message": code.lower()}]}, *headers)
