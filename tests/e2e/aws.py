"""Amazon's services on this machine: moto's, and one of our own that checks what moto does not.

moto's is the server that the Python world tests its AWS clients with; requirements.txt has it, `scripts/test e2e` puts it into
build/venv.
"""

import base64
import datetime
import hashlib
import hmac
import json
import pathlib
import threading
import time
import urllib.parse

from process import Program, accepts, free_port
from small_server import SmallServer

_MOTO = pathlib.Path(__file__).resolve().parents[2] / "build" / "venv" / "bin" / "moto_server"


def moto():
    """A need of tests (harness.py)."""
    return None if _MOTO.exists() else "no build/venv with moto, which scripts/test e2e makes"


class Moto:
    """ECR and STS among others. The password that its ECR gives names the account of whom it is given to."""

    def __init__(self, folder):
        self.port = free_port()
        self._program = Program([_MOTO, "-H", "127.0.0.1", "-p", self.port], folder / "moto.log")
        self._program.wait_until(lambda: accepts(self.port), timeout=60)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def stop(self):
        self._program.stop()

    @staticmethod
    def password(account):
        return f"{account}-auth-token"


class FakeAws(SmallServer):
    """STS, ECR, a container's endpoint and an instance's metadata, in which everything lives as long as a test says.

    Each request that has to be signed is, with the secret that belongs to its key: the signature is computed here once more. A
    password is good until its time has passed, and nothing before it is asked for. Source: as in src/upstream/aws_*.hpp.
    """

    region = "eu-west-1"

    def __init__(self, password_life=12 * 3600, session_life=3600):
        self.password_life, self.session_life = password_life, session_life     # seconds
        self.secrets = {}           # of the access keys that are known: the secret, and the session's token or None
        self.web_identity = None    # the token that STS takes
        self.pod_token = None       # that the container's endpoint takes
        self.refusal = None         # of ECR: an error's code and text, in place of a password
        self.calls = []             # the names of all that were answered rightly
        self.faults = []            # what was wrong with the others
        self.given = set()          # every secret that was given out
        self._passwords = {}        # when each ends
        self._lock = threading.Lock()
        self._number = 0
        super().__init__()

    def know(self, key, secret):
        """From now on a user's key."""
        self.secrets[key] = (secret, None)
        self.given.add(secret)

    def forget_passwords(self):
        """None that was given is good any more."""
        self._passwords.clear()

    def forget_keys(self):
        """No key is known any more, and no session."""
        self.secrets.clear()

    def is_good(self, authorization):
        """Whether a registry may take this Authorization header now."""
        return self._passwords.get(authorization, 0) > time.time()

    def respond(self, request):
        with self._lock:
            try:
                name, answer = self._answer(request)
            except _Refused as refused:
                self.faults.append(str(refused))
                return 403, [], f"<Error><Code>AccessDenied</Code><Message>{refused}</Message></Error>".encode()
            self.calls.append(name)
            return answer

    def _answer(self, request):
        if request.path == "/ecr":
            return "GetAuthorizationToken", self._password(request)
        if request.path == "/sts":
            form = {key: values[0] for key, values in urllib.parse.parse_qs(request.body.decode()).items()}
            return form["Action"], self._session_of_sts(request, form)
        if request.path == "/pod":
            _check(request.headers.get("Authorization") == self.pod_token, "the pod's token is wrong")
            return "pod", self._session_json()
        if request.path == "/latest/api/token":
            _check(request.method == "PUT" and request.headers.get("X-aws-ec2-metadata-token-ttl-seconds"), "not IMDSv2")
            self.given.add("the-instances-metadata-token")
            return "instance token", (200, [], b"the-instances-metadata-token")
        roles = "/latest/meta-data/iam/security-credentials/"
        if request.path in (roles, roles + "pull"):
            _check(request.headers.get("X-aws-ec2-metadata-token") == "the-instances-metadata-token", "not IMDSv2")
            return "instance role", (200, [], b"pull") if request.path == roles else self._session_json()
        raise _Refused(f"nothing is at {request.path}")

    def _password(self, request):
        self._check_signature(request, "ecr")
        _check(request.headers["X-Amz-Target"] == "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken", "another call")
        if self.refusal:
            code, text = self.refusal
            return 400, [], json.dumps({"__type": code, "message": text.replace("{request}", _canonical(request))}).encode()
        self._number += 1
        password = f"password-of-ecr-{self._number}"
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        end = time.time() + self.password_life
        self._passwords[f"Basic {token}"] = end
        self.given.update((password, token))
        return 200, [], json.dumps({"authorizationData": [{"authorizationToken": token, "expiresAt": end,
                                                           "proxyEndpoint": "https://registry"}]}).encode()

    def _session_of_sts(self, request, form):
        if form["Action"] == "AssumeRoleWithWebIdentity":
            _check("Authorization" not in request.headers, "signed")
            _check(form["WebIdentityToken"] == self.web_identity, "the web identity is wrong")
        else:
            self._check_signature(request, "sts")
        _check(form["RoleArn"].startswith("arn:aws:iam::") and form["RoleSessionName"], "no role")
        key, secret, token, end = self._session()
        text = (f"<R><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
                f"<SessionToken>{token}</SessionToken><Expiration>{end}</Expiration></Credentials></R>")
        return 200, [("Content-Type", "text/xml")], text.encode()

    def _session_json(self):
        key, secret, token, end = self._session()
        return 200, [], json.dumps({"Code": "Success", "AccessKeyId": key, "SecretAccessKey": secret, "Token": token,
                                    "Expiration": end}).encode()

    def _session(self):
        self._number += 1
        key, secret, token = f"ASIA{self._number}", f"secret/of+session-{self._number}", f"token/of+session-{self._number}=="
        self.secrets[key] = (secret, token)
        self.given.update((secret, token))
        end = datetime.datetime.fromtimestamp(time.time() + self.session_life, datetime.timezone.utc)
        return key, secret, token, end.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _check_signature(self, request, service):
        algorithm, _, rest = request.headers.get("Authorization", "").partition(" ")
        _check(algorithm == "AWS4-HMAC-SHA256", "not signed")
        parts = dict(part.strip().split("=", 1) for part in rest.split(","))
        key, date, region, of_service, _ = parts["Credential"].split("/")
        _check((region, of_service) == (self.region, service), "signed for another service or region")
        _check(key in self.secrets, "the key is not known")
        secret, token = self.secrets[key]
        _check(request.headers.get("X-Amz-Security-Token") == token, "the session's token is wrong")
        moment = request.headers["X-Amz-Date"]
        scope = f"{date}/{region}/{service}/aws4_request"
        to_sign = "\n".join((algorithm, moment, scope, hashlib.sha256(_canonical(request).encode()).hexdigest()))
        signing_key = f"AWS4{secret}".encode()
        for step in (date, region, service, "aws4_request"):
            signing_key = hmac.digest(signing_key, step.encode(), "sha256")
        _check(parts["Signature"] == hmac.digest(signing_key, to_sign.encode(), "sha256").hex(), "the signature is wrong")
        self.given.add(parts["Signature"])
        now = datetime.datetime.now(datetime.timezone.utc)
        signed_at = datetime.datetime.strptime(moment, "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        _check(abs(now - signed_at) < datetime.timedelta(minutes=5), "signed at another time")


class _Refused(Exception):
    pass


def _check(right, why):
    if not right:
        raise _Refused(why)


def _canonical(request):
    """The canonical request, of the headers that were signed."""
    names = request.headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names)
    return "\n".join((request.method, request.path, "", headers, ";".join(names), hashlib.sha256(request.body).hexdigest()))
