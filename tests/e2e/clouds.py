"""Google's and Microsoft's services that give out accounts, and registries that take nothing else. They check what they get: who
asks wrongly gets nothing, and is listed in `faults`.

Each keeps the secrets that passed through its hands, in `secrets`: whoever sees one of them anywhere else has found a leak.
"""

import base64
import itertools
import json
import secrets as random
import threading
import time
import urllib.parse

from personalities import Acr, ArtifactRegistry
from process import run
from small_server import SmallServer

ACR_SCOPE = "https://containerregistry.azure.net"


class Issuer(SmallServer):
    """Gives tokens that are good for `life` seconds to who asks rightly: asks() says what is wrong with a request, or None."""

    def __init__(self, life=3600):
        self.life, self.faults, self.secrets, self.given, self.refusal = life, [], set(), 0, None
        self._ends, self._lock, self._numbers = {}, threading.Lock(), itertools.count()
        super().__init__()

    def issue(self):
        token = f"{self.kind}.{next(self._numbers)}.{random.token_urlsafe(40)}"
        with self._lock:
            self._ends[token] = time.monotonic() + self.life
            self.secrets.add(token)
            self.given += 1
        return token

    def is_good(self, token):
        return self._ends.get(token, 0) > time.monotonic()

    def respond(self, request):
        form = form_of(request)
        self.secrets |= {form[name] for name in ("assertion", "client_assertion", "client_secret", "refresh_token") if name in form}
        if self.refusal:
            status, words = self.refusal
            said = words + "".join(f" {value}" for value in form.values())  # a service that quotes all that it was sent
            return status, [("Content-Type", "application/json")], json.dumps({"error": "no", "error_description": said}).encode()
        wrong = self.asks(request, form)
        if wrong:
            self.faults.append(wrong)
            return 400, [("Content-Type", "application/json")], json.dumps({"error": "invalid_request"}).encode()
        answer = {"access_token": self.issue(), "expires_in": self.life, "token_type": "Bearer"}
        return 200, [("Content-Type", "application/json")], json.dumps(answer).encode()

    def asks(self, request, form):
        raise NotImplementedError


class GoogleMetadata(Issuer):
    """The metadata service of a machine in Google's cloud. Source: cloud.google.com/compute/docs/metadata."""
    kind = "ya29.metadata"

    def asks(self, request, form):
        if (request.method, request.target) != ("GET", "/computeMetadata/v1/instance/service-accounts/default/token"):
            return f"{request.method} {request.target}"
        if request.headers.get("Metadata-Flavor") != "Google":
            return "no Metadata-Flavor"
        return "an account" if "Authorization" in request.headers else None


class GoogleTokens(Issuer):
    """Google's token endpoint, which knows the public half of one key.
    Source: developers.google.com/identity/protocols/oauth2/service-account."""
    kind = "ya29.key"
    email = "puller@e2e.iam.gserviceaccount.com"

    def __init__(self, folder, **more):
        super().__init__(**more)
        self._folder, self._private, self._public = folder, folder / "private.pem", folder / "public.pem"
        run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self._private], timeout=60)
        run(["openssl", "pkey", "-in", self._private, "-pubout", "-out", self._public], timeout=60)
        self.secrets |= {line for line in self._private.read_text().splitlines() if len(line) == 64}

    def write_key_file(self, path):
        """As Google's console lets one download it: JSON in many lines."""
        path.write_text(json.dumps({"type": "service_account", "project_id": "e2e", "private_key_id": "0123",
                                    "private_key": self._private.read_text(), "client_email": self.email,
                                    "token_uri": f"{self.url}/token"}, indent=2) + "\n")
        return path

    def asks(self, request, form):
        if (request.method, request.target) != ("POST", "/token"):
            return f"{request.method} {request.target}"
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer" or set(form) != {"grant_type", "assertion"}:
            return f"the fields {sorted(form)}"
        signed, _, signature = form["assertion"].rpartition(".")
        header, claims = (json.loads(_decode(part)) for part in signed.split("."))
        if (header["alg"], header["kid"]) != ("RS256", "0123"):
            return f"a header {header}"
        if (claims["iss"], claims["aud"]) != (self.email, f"{self.url}/token"):
            return f"claims {claims}"
        if not claims["iat"] <= time.time() <= claims["exp"] <= claims["iat"] + 3600:
            return f"a time {claims}"
        return None if self._verifies(signed, _decode(signature)) else "a signature"

    def _verifies(self, signed, signature):
        text, sig = self._folder / f"{next(self._numbers)}.txt", self._folder / f"{next(self._numbers)}.sig"
        text.write_text(signed)
        sig.write_bytes(signature)
        return run(["openssl", "dgst", "-sha256", "-verify", self._public, "-signature", sig, text], timeout=60,
                   check=False).returncode == 0


class Entra(Issuer):
    """Microsoft Entra, and the service of a machine in Azure that hands on its tokens.
    Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow."""
    kind = "eyJ0.entra"
    tenant, client_id, client_secret = "e2e-tenant", "e2e-client", random.token_urlsafe(30) + "+/%"

    def __init__(self, **more):
        super().__init__(**more)
        self.federated = None   # what its file holds
        self.secrets.add(self.client_secret)

    def asks(self, request, form):
        if request.method == "GET":
            return self._asks_machine(request)
        if (request.method, request.target) != ("POST", f"/{self.tenant}/oauth2/v2.0/token"):
            return f"{request.method} {request.target}"
        proof = {"client_secret": self.client_secret}
        if "client_assertion" in form:
            proof = {"client_assertion": self.federated,
                     "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
        wanted = {"grant_type": "client_credentials", "client_id": self.client_id, "scope": f"{ACR_SCOPE}/.default", **proof}
        return None if form == wanted else f"the fields {sorted(form)}"

    def _asks_machine(self, request):
        if request.path != "/metadata/identity/oauth2/token" or request.headers.get("Metadata") != "true":
            return f"GET {request.target}"
        wanted = {"api-version": ["2018-02-01"], "resource": [ACR_SCOPE]}
        return None if request.query == wanted else f"the query {request.query}"


class _Recording:
    """Keeps what comes where a redirect leads, all of it."""

    def __init__(self, *arguments):
        self.redirected = []
        self.faults, self.secrets = [], set()
        super().__init__(*arguments)

    def storage(self, request):
        self.redirected.append(f"{request.method} {request.target}\n{request.headers}\n{request.body}")
        return super().storage(request)

    def _fault(self, what):
        self.faults.append(what)
        return _json(401, {"errors": [{"code": "UNAUTHORIZED", "message": "unauthorized"}]})


class GooglesRegistry(_Recording, ArtifactRegistry):
    """Artifact Registry, for the bearers of an issuer's tokens alone, or of a key file's whole text."""

    def __init__(self, issuer, key_text=None):
        self._issuer, self._key_text = issuer, key_text
        self.denies = False     # the account has no role here
        super().__init__()

    def tokens(self, request):
        scheme, _, text = request.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(text).decode().partition(":") if scheme == "Basic" else ("", "", "")
        self.secrets |= {text, password} - {""}
        expected = user == "_json_key" and password == self._key_text if self._key_text else \
            user == "oauth2accesstoken" and self._issuer.is_good(password)
        if not expected:
            return self._fault(f"user {user!r}: a password that is not good")
        if self.denies:
            return _json(403, {"errors": [{"code": "DENIED", "message": "no role"}]})
        return self.grant(request.parameter("scope"))


class AzuresRegistry(_Recording, Acr):
    """An Azure container registry without an admin user: Entra's tokens are exchanged for refresh tokens, these for access tokens.

    Source: Azure/acr: docs/AAD-OAuth.md.
    """
    service = "127.0.0.1"

    def __init__(self, entra, life=3 * 3600, tenant=Entra.tenant):
        self.life, self.exchanges, self.entra, self.tenant = life, 0, entra, tenant
        self._ends = {}
        super().__init__()

    def role(self, host, path):
        return "exchange" if path == "/oauth2/exchange" else super().role(host, path)

    def exchange(self, request):
        form = form_of(request)
        wanted = {"grant_type": "access_token", "service": self.service, "access_token": form.get("access_token")}
        if self.tenant:
            wanted["tenant"] = self.tenant
        if request.method != "POST" or form != wanted or not self.entra.is_good(form["access_token"]):
            return self._fault(f"exchange: {request.method}, the fields {sorted(form)}")
        now = int(time.time())
        claims = {"jti": random.token_urlsafe(20), "iat": now, "exp": now + self.life, "grant_type": "refresh_token"}
        token = ".".join(_encode(part) for part in (b'{"alg":"RS256"}', json.dumps(claims).encode(), random.token_bytes(32)))
        with self._lock:
            self._ends[token] = time.monotonic() + self.life
            self.secrets.add(token)
            self.exchanges += 1
        return _json(200, {"refresh_token": token})

    def tokens(self, request):
        form = form_of(request)
        token = form.get("refresh_token")
        right = {"grant_type": "refresh_token", "service": self.service, "refresh_token": token, "client_id": "entrepot",
                 "scope": form.get("scope")}
        if request.method != "POST" or "Authorization" in request.headers or form != right:
            return self._fault(f"token: {request.method}, the fields {sorted(form)}")
        if self._ends.get(token, 0) <= time.monotonic():
            return self._fault("token: a refresh token that is not good")
        return self.grant(form["scope"])


def form_of(request):
    return dict(urllib.parse.parse_qsl(request.body.decode(), keep_blank_values=True)) if request.method == "POST" else {}


def _json(status, document):
    return status, [("Content-Type", "application/json")], json.dumps(document).encode()


def _decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encode(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
