"""entrepot before registries that answer, redirect and refuse as the public ones do; dockerd and containerd pull through it.

Each pulls an image that entrepot has not, and then the other's. A registry gives nothing to who asks wrongly, and says here
what it was asked: one challenge, one token for each repository, each manifest and blob once, and no HEAD of a blob.
"""

import collections
import json
import re

from clients import Unavailable
from clients.containerd import Containerd
from clients.dockerd import Dockerd
from harness import E2ETest, SETTINGS, images, overlay, program, root
from http_client import get
from image import small
from leaks import leaks
from personalities import (Acr, ArtifactRegistry, Ecr, EcrPublic, Ghcr, Hub, Mcr, Quay, RegistryK8s, ScarfByChallenge,
                           ScarfByRedirect, TroubledHub)
from process import free_port
from upstream import content_gets

_ACCOUNT = ("ci", "pass:word")


class _Before:
    """A registry, an entrepot before it, and the two clients, which keep what they have pulled."""
    registry_type = None
    account = None
    needs = (root, program("dockerd"), program("containerd"), program("ctr"), overlay, images("small"))

    @classmethod
    def start_cache(cls):
        if SETTINGS.peer:
            cls._lacking = "of entrepot only"
            return
        cls.origin = cls.registry_type(cls.account) if cls.account else cls.registry_type()
        cls.addClassCleanup(cls.origin.stop)
        cls.cache = cls.new_cache(cls.origin.url)
        cls.cache.admin_port = free_port()
        cls.cache.log_level = "debug"
        cls.answers = b""       # to this test's own requests
        if cls.account:
            cls.cache.upstreams["docker.io"]["credentials"] = dict(zip(("username", "password"), cls.account))
        cls.cache.start()
        try:
            cls.clients = [cls.enterClassContext(kind(cls.client_folder(), cls.cache.port, cls.cache.prefix))
                           for kind in (Dockerd, Containerd)]
        except Unavailable as reason:
            cls._lacking = str(reason).splitlines()[0]

    @classmethod
    def served(cls, name):
        """An image that the registry has from now on."""
        made = small(name, cls.work / "images")
        cls.origin.serve(made)
        return made

    def pull(self, client, image):
        self.assertEqual(client.pull(image), client.expected(image))

    def get(self, image, path, *arguments, **more):
        status, headers, body = get(
            self.cache.url, f"/v2/{self.cache.prefix}{image if isinstance(image, str) else image.repository}/{path}",
            *arguments, **more)
        type(self).answers += f"{headers}\n".encode() + body
        return status, headers, body

    def seen(self):
        """What the registry was asked since the last call."""
        return self.origin.requests()


def refused(seen):
    """How often each host refused: {(host, status): count}."""
    return dict(collections.Counter((r.host, r.status) for r in seen if r.status >= 400))


def scopes(seen):
    """Of the tokens that were asked for."""
    return sorted(r.scope for r in seen if r.host == "tokens")


class _Pulls(_Before):
    challenges = 1          # that the registry has to make before it is asked rightly
    head_refused = set()    # by which hosts, where a client wants the HEAD of a blob

    @classmethod
    def start_cache(cls):
        super().start_cache()
        if not cls._lacking:
            cls.images = [cls.served(name) for name in ("first", "second")]

    def assert_refused(self, seen, challenges):
        """Nothing but the challenges that there have to be."""
        self.assertEqual(refused(seen), {("registry", 401): challenges} if challenges else {})

    def test_1_cold(self):
        for client, image in zip(self.clients, self.images):
            self.pull(client, image)
        seen = self.seen()
        self.assert_refused(seen, self.challenges)
        self.assertEqual(scopes(seen), sorted({self.origin.scope_of(image) for image in self.images} - {None}))
        gets = content_gets([r for r in seen if r.host == "registry" and r.status < 400])
        self.assertEqual({path for path, count in gets.items() if count > 1}, set())
        self.assertEqual({path.rsplit("/", 1)[1] for path in gets if "/blobs/" in path},
                         {blob for image in self.images for blob in image.blobs()})
        self.assertEqual([r for r in seen if r.method == "HEAD" and "/blobs/" in r.path], [])

    def test_2_warm(self):
        self.seen()
        for client, image in zip(self.clients, reversed(self.images)):
            self.pull(client, image)
        seen = self.seen()
        self.assert_refused(seen, 0)
        self.assert_checked(seen)
        if self.origin.expires_in:
            self.assertEqual(scopes(seen), [])

    def assert_checked(self, seen):
        """Tags may have been, but nothing was fetched."""
        self.assertEqual(content_gets(seen), {})

    def test_3_head_and_range_of_a_cold_blob(self):
        image = self.served("bare")
        blob = image.largest_layer()
        self.seen()
        status, headers, _ = self.get(image, f"blobs/{blob}", "HEAD")
        self.assertEqual((status, headers["Content-Length"]), (200, str(image.size(blob))))
        self.assertEqual({key for key in refused(self.seen()) if key != ("registry", 401)}, self.head_refused)
        status, headers, body = self.get(image, f"blobs/{blob}", headers={"Range": "bytes=1000-1999"})
        self.assertEqual((status, headers["Content-Range"]), (206, f"bytes 1000-1999/{image.size(blob)}"))
        self.assertEqual(body, image.path(blob).read_bytes()[1000:2000])

    def test_4_stopped(self):
        self.origin.stop()
        with self.client(Containerd) as client:
            for image in self.images:
                self.pull(client, image)

    def test_5_no_secret_is_anywhere(self):
        self.get(self.images[0], "manifests/nothing")   # an error, while the registry is down
        self.assertEqual(leaks(self.origin.secrets(), self.cache, ("storage", self.origin.storage_said),
                               ("answers", self.answers)), [])


class _Denies:
    """A registry that tells nobody whether what is not for them is there."""

    def test_3_what_there_is_not_is_denied_without_a_challenge(self):
        status, headers, body = self.get("library/nothing", "manifests/e2e")
        self.assertEqual((status, json.loads(body)["errors"][0]["code"]), (403, "DENIED"))
        self.assertNotIn("WWW-Authenticate", headers)
        self.assertEqual(self.get(self.images[0], "manifests/nothing")[0], 404)


class HubPulls(_Denies, _Pulls, E2ETest):
    registry_type = Hub

    def gauges(self):
        text = get(self.cache.admin_url, "/metrics")[2].decode()
        return dict(re.findall(r'^entrepot_upstream_ratelimit_(\w+)\{upstream="docker\.io"\} (\d+)$', text, re.MULTILINE))

    def test_3_its_rate_limit_is_in_the_metrics_and_a_check_costs_nothing(self):
        image, left = self.served("counted"), self.origin.remaining
        for _ in range(2):
            self.assertEqual(self.get(image, f"manifests/{image.tag}")[0], 200)
            self.assertEqual(self.gauges(), {"limit": "100", "remaining": str(left - 1)})


class GhcrPulls(_Denies, _Pulls, E2ETest):
    registry_type = Ghcr
    head_refused = {("storage", 403)}


class GhcrPrivatePulls(GhcrPulls):
    account = _ACCOUNT


class QuayPulls(_Denies, _Pulls, E2ETest):
    registry_type = Quay


class ArtifactRegistryPulls(_Denies, _Pulls, E2ETest):
    registry_type = ArtifactRegistry
    challenges = 2      # the first says nothing, the ping's does


class McrPulls(_Pulls, E2ETest):
    registry_type = Mcr
    challenges = 0

    def test_3_a_client_that_accepts_nothing_gets_what_there_is(self):
        image = self.served("unasked")
        content = image.path(image.digest).read_bytes()
        status, headers, body = self.get(image, f"manifests/{image.tag}", headers={"Accept": ""})
        self.assertEqual((status, headers["Content-Type"], body), (200, image.media_type, content))


class EcrPublicPulls(_Pulls, E2ETest):
    registry_type = EcrPublic


class EcrPulls(_Pulls, E2ETest):
    registry_type = Ecr
    account = _ACCOUNT

    def assert_checked(self, seen):
        # A HEAD does not tell the digest: each tag costs a manifest.
        self.assertEqual(content_gets(seen), {f"/v2/{i.repository}/manifests/{i.tag}": 1 for i in self.images})

    def test_3_no_more_than_a_thousand_tags_are_asked_for(self):
        for query in ("", "?n=5000"):
            status, _, body = self.get(self.images[0], f"tags/list{query}")
            self.assertEqual((status, json.loads(body)["tags"]), (200, [self.images[0].tag]))


class AcrPulls(_Denies, _Pulls, E2ETest):
    registry_type = Acr
    account = _ACCOUNT


class _RedirectedPulls(_Pulls):
    """The registry behind a front makes its challenge at each request, and is answered with a token that is there."""
    front_challenges = 0

    def assert_refused(self, seen, challenges):
        expected = {("registry", 401): sum(r.host == "registry" and r.status < 400 for r in seen)}
        if challenges and self.front_challenges:
            expected["front registry", 401] = self.front_challenges
        self.assertEqual(refused(seen), expected)


class RegistryK8sPulls(_RedirectedPulls, E2ETest):
    registry_type = RegistryK8s

    def test_3_tags_come_in_pages_though_the_query_is_lost(self):
        tags, path = [], "tags/list?n=2"
        while path:
            status, headers, body = self.get(self.images[0], path)
            self.assertEqual(status, 200)
            tags.append(json.loads(body)["tags"])
            path = headers["Link"] and re.search(r"tags/list[^>]*", headers["Link"])[0]
        self.assertEqual(tags, [["e2e", "older0"], ["older1"]])


class ScarfByRedirectPulls(_Denies, _RedirectedPulls, E2ETest):
    registry_type = ScarfByRedirect
    head_refused = {("storage", 403)}


class ScarfByChallengePulls(ScarfByRedirectPulls):
    registry_type = ScarfByChallenge
    front_challenges = 1


class HubTroubles(_Before, E2ETest):
    """Troubles in the middle of a pull, which ends right."""
    registry_type = TroubledHub

    def each_pulls(self, check, **trouble):
        """Each client, an image of its own; then that is checked, with what the registry was asked."""
        for client in self.clients:
            kind = type(client).__name__
            with self.subTest(kind):
                image = self.served(f"{self._testMethodName.removeprefix('test_').replace('_', '-')}.{kind.lower()}")
                self.seen()
                self.origin.have(**trouble)
                self.pull(client, image)
                check(image, self.seen())

    def rests(self, image, seen):
        """The ranges in which each layer was asked for after its first request."""
        return {layer: [r.range for r in seen if r.host == "registry" and r.path.endswith(layer) and r.status == 307][1:]
                for layer in image.blobs()[1:]}

    def assert_no_byte_came_twice(self, image, seen):
        self.assertEqual(sum(r.sent for r in seen if r.host == "storage"), sum(map(image.size, image.blobs())))

    def assert_resumed_once(self, image, seen):
        """Every layer, at its half, by the registry."""
        self.assertEqual(self.rests(image, seen), {layer: [f"bytes={image.size(layer) // 2}-"] for layer in image.blobs()[1:]})
        self.assert_no_byte_came_twice(image, seen)

    def test_a_redirect_that_has_expired_is_asked_for_again(self):
        def check(image, seen):
            self.assert_resumed_once(image, seen)
            self.assertEqual([r for r in seen if r.host == "storage" and r.status >= 400], [])

        self.each_pulls(check, cuts="whole")

    def test_a_token_that_is_refused_before_its_time_is_replaced_once(self):
        def check(image, seen):
            self.assertEqual(scopes(seen), [self.origin.scope_of(image)] * 2)

        self.each_pulls(check, forgets_tokens=True)

    def test_a_storage_that_cuts_every_body_is_asked_for_each_rest(self):
        def check(image, seen):
            self.assertGreater(min(map(len, self.rests(image, seen).values())), 3)
            self.assert_no_byte_came_twice(image, seen)

        self.each_pulls(check, cuts="every")

    def check_limited(self, image, seen):
        self.assert_resumed_once(image, seen)
        # Both layers may be on their way when the first is refused.
        self.assertIn(refused(seen).get(("registry", 429)), (1, 2))

    def test_a_limit_is_waited_for_as_long_as_it_says(self):
        self.each_pulls(self.check_limited, cuts="whole", limits=[("Retry-After", "1")])

    def test_a_limit_that_does_not_say_how_long_is_waited_for(self):
        self.each_pulls(self.check_limited, cuts="whole", limits=[])
