"""Accounts of Amazon ECR: asked for with what AWS's credential chain finds, at moto and at a fake that checks signatures.

The registry takes nothing but the password that ECR gives.
"""

import json
import threading
import time

from aws import FakeAws, Moto, moto
from clients.skopeo import Skopeo
from harness import E2ETest, images, program, report
from http_client import get
from image import small
from leaks import leaks
from personalities import Ecr, basic
from process import free_port

_OWN, _OTHER = "123456789012", "111122223333"
_REGION = "eu-west-1"


class _EcrOf(Ecr):
    """ECR, which takes what the fake gives for as long as it is good, and shows what its storage was sent."""

    def __init__(self, aws):
        self._aws = aws
        self.at_storage = []        # the headers and URLs of all requests there
        super().__init__()

    def may(self, authorization, repository):
        return self._aws.is_good(authorization)

    def storage(self, request):
        self.at_storage.append(f"{request.target}\n{request.headers}")
        return super().storage(request)


class _Pulls:
    """An entrepot for each test, whose environment has nothing of AWS but what the test gives."""

    @classmethod
    def start_cache(cls):
        pass

    def start(self, origin, environment, upstream="docker.io", **credentials):
        cache = self.own_cache(origin.url)
        self.cache = cache
        cache.admin_port = free_port()
        cache.upstreams[upstream] = {"url": origin.url, "credentials": {"type": "ecr", "region": _REGION} | credentials}
        nothing = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_REGION",
                                 "AWS_DEFAULT_REGION", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"), "")
        cache.log_level = "debug"
        cache.environment = nothing | {"HOME": str(self.work)} | environment
        return cache.start()

    def pull(self, cache, image):
        with self.client(Skopeo, cache.port, cache.prefix) as client:
            self.assertEqual(client.pull(image), client.expected(image))

    def secret_file(self, name, text):
        path = self.work / f"{self._testMethodName}-{name}"
        path.write_text(text)
        return str(path)


class EcrOfMoto(_Pulls, E2ETest):
    needs = (moto, program("skopeo"), images("small"))

    @classmethod
    def start_cache(cls):
        cls.moto = Moto(cls.work)
        cls.addClassCleanup(cls.moto.stop)

    def check_pull(self, account, environment, **credentials):
        """With an account that the registry takes, and no other."""
        origin = Ecr(("AWS", self.moto.password(account)))
        self.addCleanup(origin.stop)
        small_image = self.image("small")
        origin.serve(small_image)
        endpoints = {f"AWS_ENDPOINT_URL_{service}": self.moto.url for service in ("ECR", "STS")}
        cache = self.start(origin, endpoints | environment, **credentials)
        self.pull(cache, small_image)
        refused = [seen for seen in origin.requests() if seen.status >= 400]
        self.assertEqual({seen.status for seen in refused}, {401})
        return cache

    keys = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}

    def web_identity(self, account):
        return {"AWS_WEB_IDENTITY_TOKEN_FILE": self.secret_file("token", "header.payload.signature\n"),
                "AWS_ROLE_ARN": f"arn:aws:iam::{account}:role/pull"}

    def test_keys_of_the_environment(self):
        self.check_pull(_OWN, self.keys)

    def test_a_web_identity_whose_role_is_in_another_account(self):
        self.check_pull(_OTHER, self.web_identity(_OTHER))

    def test_a_role_that_is_assumed_with_keys(self):
        self.check_pull(_OTHER, self.keys, role_arn=f"arn:aws:iam::{_OTHER}:role/team/pull")

    def test_a_role_that_is_assumed_with_a_web_identity(self):
        self.check_pull(_OTHER, self.web_identity("210987654321"), role_arn=f"arn:aws:iam::{_OTHER}:role/pull")

    def test_a_profile_that_assumes_a_role(self):
        config = self.secret_file("config", f"[profile ci]\nrole_arn = arn:aws:iam::{_OTHER}:role/pull\nsource_profile = base\n")
        keys = self.secret_file("credentials", "[base]\naws_access_key_id = AKIA1\naws_secret_access_key = base-secret\n")
        self.check_pull(_OTHER, {"AWS_CONFIG_FILE": config, "AWS_SHARED_CREDENTIALS_FILE": keys}, profile="ci")


class EcrWithSignatures(_Pulls, E2ETest):
    needs = (program("skopeo"), images("small"))

    def start_with(self, aws, environment, **more):
        """An entrepot before a registry that takes what this AWS gives."""
        self.addCleanup(aws.stop)
        self.aws, self.origin = aws, _EcrOf(aws)
        self.addCleanup(self.origin.stop)
        endpoints = {"AWS_ENDPOINT_URL_ECR": f"{aws.url}/ecr", "AWS_ENDPOINT_URL_STS": f"{aws.url}/sts",
                     "AWS_EC2_METADATA_SERVICE_ENDPOINT": aws.url}
        return self.start(self.origin, endpoints | environment, **more)

    def keys(self, aws):
        aws.know("AKIA1", "secret/of+the-user")
        return {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "secret/of+the-user"}

    def served(self, name):
        folder = self.work / f"{self._testMethodName}-images"
        folder.mkdir(exist_ok=True)
        made = small(name, folder)
        self.origin.serve(made)
        return made

    def check_pull(self, calls, cache):
        self.pull(cache, self.served(self._testMethodName.removeprefix("test_").replace("_", "-")))
        self.assertEqual((self.aws.calls, self.aws.faults), (calls, []))

    def test_keys_of_the_environment(self):
        aws = FakeAws()
        self.check_pull(["GetAuthorizationToken"], self.start_with(aws, self.keys(aws)))

    def test_a_web_identity_and_then_a_role(self):
        aws = FakeAws()
        aws.web_identity = "header.payload.signature"
        cache = self.start_with(aws, {"AWS_WEB_IDENTITY_TOKEN_FILE": self.secret_file("token", f"{aws.web_identity}\n"),
                                      "AWS_ROLE_ARN": f"arn:aws:iam::{_OWN}:role/pod"},
                                role_arn=f"arn:aws:iam::{_OTHER}:role/pull")
        self.check_pull(["AssumeRoleWithWebIdentity", "AssumeRole", "GetAuthorizationToken"], cache)

    def test_the_endpoint_of_a_pod(self):
        aws = FakeAws()
        aws.pod_token = "the-pods-token"
        cache = self.start_with(aws, {"AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{aws.url}/pod",
                                      "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": self.secret_file("pod", f"{aws.pod_token}\n")})
        self.check_pull(["pod", "GetAuthorizationToken"], cache)

    def test_an_instance(self):
        self.check_pull(["instance token", "instance role", "instance role", "GetAuthorizationToken"],
                        self.start_with(FakeAws(), {}))

    def check_under_load(self, aws, seconds):
        """Pulls of tags, each of which is checked at the registry, and of what is not there yet, for some seconds."""
        cache = self.start_with(aws, self.keys(aws))
        end = time.monotonic() + seconds
        made = [self.served(f"load{number}") for number in range(int(seconds) + 1)]
        self.pull(cache, self.served("warm"))
        self.origin.requests()
        failed, count = [], [0] * 4

        def check_tags(worker):
            while time.monotonic() < end:
                status, _, body = get(cache.url, f"/v2/{cache.prefix}library/warm/manifests/e2e")
                count[worker] += 1
                if status != 200:
                    failed.append((status, body[:300]))
                time.sleep(0.01)

        workers = [threading.Thread(target=check_tags, args=(number,)) for number in range(len(count))]
        for worker in workers:
            worker.start()
        for image in made:      # one a second
            next_at = time.monotonic() + 1
            self.pull(cache, image)
            time.sleep(max(0, next_at - time.monotonic()))
        for worker in workers:
            worker.join()
        self.assertEqual((failed, aws.faults), ([], []))
        for event in ("stale", "credentials_not_renewed", "credentials_refused"):    # what would hide a failure
            self.assertNotIn(f" warning {event} ", cache.program.output())
        seen = self.origin.requests()
        self.assertEqual([request for request in seen if request.status >= 400], [])
        self.assertGreater(len(seen), 10 * seconds)     # each check is one
        report(f"ecr, passwords of {aws.password_life} s: {sum(count)} checks of a tag, {len(made)} cold pulls, "
               f"{aws.calls.count('GetAuthorizationToken')} passwords")

    def test_a_password_of_a_few_seconds_is_renewed_under_load_without_one_failed_pull(self):
        aws = FakeAws(password_life=8)
        self.check_under_load(aws, seconds=25)
        self.assertGreaterEqual(aws.calls.count("GetAuthorizationToken"), 3)

    def test_a_password_of_twelve_hours_is_asked_for_once_under_load(self):
        aws = FakeAws()
        self.check_under_load(aws, seconds=5)
        self.assertEqual(aws.calls, ["GetAuthorizationToken"])

    def test_a_wildcard_serves_the_registries_of_two_accounts(self):
        aws = FakeAws()
        cache = self.start_with(aws, self.keys(aws), upstream="*.dkr.ecr.*.amazonaws.com")
        image = self.served("many")
        for account, pulls in ((_OWN, 2), (_OTHER, 1)):
            cache.prefix = f"{account}.dkr.ecr.{_REGION}.amazonaws.com/"
            for _ in range(pulls):
                self.pull(cache, image)
        self.assertEqual((aws.calls, aws.faults), (["GetAuthorizationToken"] * 2, []))     # each is an upstream of its own
        self.assertEqual(get(cache.url, f"/v2/0.dkr.ecr.{_REGION}.example.com/library/many/manifests/e2e")[0], 404)

    def test_no_secret_gets_anywhere(self):
        aws = FakeAws()
        aws.web_identity = "header.payload.signature-of-the-cluster"
        aws.given.add(aws.web_identity)
        token = self.secret_file("token", f"{aws.web_identity}\n")
        cache = self.start_with(aws, {"AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": f"arn:aws:iam::{_OWN}:role/pod"},
                                role_arn=f"arn:aws:iam::{_OTHER}:role/pull")
        produced = []

        def ask(path, url=None):
            status, headers, body = get(url or cache.url, path)
            produced.append(f"{status}\n{headers}\n{body.decode(errors='replace')}")
            return status

        image = self.served("first")
        self.pull(cache, image)
        self.assertEqual(ask(f"/v2/{cache.prefix}library/first/manifests/e2e"), 200)
        self.assertTrue(self.origin.at_storage)
        # The registry forgets the password, and ECR quotes what it was sent in place of another one.
        aws.forget_passwords()
        time.sleep(5)       # as long as a new password is kept, whatever the registry says
        aws.refusal = ("InvalidSignatureException", "The canonical string should have been {request}")
        self.assertIn(ask(f"/v2/{cache.prefix}library/never/manifests/e2e"), (403, 502))
        self.assertEqual(ask(f"/v2/{cache.prefix}library/never/manifests/e2e"), 502)
        self.assertIn("InvalidSignatureException", produced[-1])
        # And STS does not know the cluster any more, once the session is over.
        aws.refusal, aws.web_identity = None, "another"
        aws.forget_keys()
        time.sleep(5)
        self.assertEqual(ask(f"/v2/{cache.prefix}library/never/manifests/e2e"), 502)
        self.assertIn("AccessDenied: the web identity is wrong", produced[-1])
        self.assertIn("aws_session", cache.program.output())
        self.assertGreater(len(aws.given), 6)
        said = [("answers", "".join(produced)), ("storage", "".join(self.origin.at_storage)), ("faults", json.dumps(aws.faults))]
        self.assertEqual(leaks(aws.given, cache, *((where, text.encode()) for where, text in said)), [])
