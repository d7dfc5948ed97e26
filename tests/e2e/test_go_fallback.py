"""What the newest clients do when entrepot cannot give them what they want.

entrepot stands before an upstream that fails as told (`failing_upstream`), or is dead. Clients that have mirrors know the
registry itself as the next; the others say what was wrong. The seconds that each failure costs are reported.
"""

import collections
import re
import time

from clients.buildkit import BuildkitdWithOrigin
from clients.containerd import Containerd2, Containerd2InParts
from clients.tools import Crane, Helm, Regctl, RegctlWithMirror
from failing_upstream import EVERYTHING, ONLY_BLOBS, FailingUpstream
from go_tools import go_tool
from harness import E2ETest, images, report
from process import ProgramFailed
from test_go_clients import BUILDKIT, CONTAINERD

_REQUEST = re.compile(r" request .*method=(\S+) target=/v2/\S+/(?:manifests|blobs)/(\S+) status=(\d+)")


class _BeforeAFailingUpstream:
    """`pull_past` a failure; then what it gave, and what was asked of entrepot and of the registry itself."""
    client_type = None

    @classmethod
    def start_cache(cls):
        cls.cache = None    # each test has its own

    def pull_past(self, fails, fails_at=EVERYTHING):
        """Pulls through an entrepot whose upstream fails so; "dead": entrepot is. What the client has, or its error."""
        self.wanted = self.image("small")
        upstream = FailingUpstream(self.wanted).start()
        self.addCleanup(upstream.stop)
        upstream.fails, upstream.fails_at = fails, fails_at
        cache = self.own_cache(upstream.url)
        # As some clients call the registry that they know.
        cache.upstreams["docker.io"]["aliases"] = [self.registry.url.removeprefix("http://")]
        cache.start()
        if fails == "dead":
            cache.stop()
        self.registry.requests()
        with self.client(self.client_type, cache.port, cache.prefix, origin=self.registry.url) as client:
            start = time.monotonic()
            try:
                pulled = client.pull(self.wanted)
            except ProgramFailed as failed:
                pulled = failed
            report(f"{type(self).__name__}.{self._testMethodName:50} {time.monotonic() - start:6.2f} s")
            self.right = client.expected(self.wanted)
        cache.stop()    # its log is complete then
        # How often a thing was asked for and answered so: (method, tag or digest, status).
        self.asked = collections.Counter(_REQUEST.findall(cache.log.read_text()))
        self.from_registry = {r.path.split("?")[0].rsplit("/", 1)[1] for r in self.registry.requests() if r.method == "GET"}
        return pulled

    def attempts(self, status):
        """The numbers of attempts at what was answered with that status."""
        return {count for (_, _, answered), count in self.asked.items() if answered == str(status)}

    def layers(self):
        return set(self.wanted.blobs()[1:])


class _FallsBack(_BeforeAFailingUpstream):
    attempts_at_429 = 5     # in all and at once: nobody waits as long as Retry-After says

    def assert_falls_back(self, status, fails_at=EVERYTHING, attempts=1):
        self.assertEqual(self.pull_past(status, fails_at), self.right)
        self.assertEqual(self.attempts(status), {attempts})
        self.assertLessEqual(set(self.wanted.blobs()), self.from_registry)

    def test_what_is_not_found_comes_from_the_registry_itself(self):
        self.assert_falls_back(404)

    def test_when_the_upstream_limits_all_comes_from_the_registry_itself(self):
        self.assert_falls_back(429, attempts=self.attempts_at_429)

    def test_when_the_upstream_is_unavailable_all_comes_from_the_registry_itself(self):
        self.assert_falls_back(503)

    def test_blobs_that_are_not_found_come_from_the_registry_itself(self):
        self.assert_falls_back(404, ONLY_BLOBS)

    def test_blobs_come_from_the_registry_itself_when_the_upstream_limits_them(self):
        self.assert_falls_back(429, ONLY_BLOBS, attempts=self.attempts_at_429)

    def test_blobs_come_from_the_registry_itself_when_they_are_unavailable(self):
        self.assert_falls_back(503, ONLY_BLOBS)

    def test_past_a_dead_mirror_all_comes_from_the_registry_itself(self):
        self.assertEqual(self.pull_past("dead"), self.right)
        self.assertLessEqual({*self.wanted.blobs()}, self.from_registry)

    def test_a_layer_that_is_always_cut_fails_the_pull(self):
        # Who was given a status of success goes on where the bytes ended, and at the same host (containerd#9552).
        failed = self.pull_past("cut", ONLY_BLOBS)
        self.assertRegex(str(failed), "unexpected EOF")
        self.assertFalse(self.layers() <= self.from_registry)


class Containerd2FallsBack(_FallsBack, E2ETest):
    client_type = Containerd2
    needs = (*CONTAINERD, images("small"))


class Containerd2InPartsFallsBack(_FallsBack, E2ETest):
    client_type = Containerd2InParts
    needs = (*CONTAINERD, images("small"))


class BuildkitdFallsBack(_FallsBack, E2ETest):
    client_type = BuildkitdWithOrigin
    needs = (*BUILDKIT, images("small"))


class RegctlFallsBack(_FallsBack, E2ETest):
    client_type = RegctlWithMirror
    needs = (go_tool("regctl"), images("small"))
    attempts_at_429 = 1


class _Reports(_BeforeAFailingUpstream):
    """Of a command without mirrors: it fails, and says why; mostly with what entrepot's upstream said."""
    messages = {}           # by status
    attempts_by_status = {}

    def assert_reported(self, status):
        self.assertRegex(str(self.pull_past(status)), self.messages[status])
        self.assertEqual(self.attempts(status), {self.attempts_by_status[status]})

    def test_what_is_not_found_is_said(self):
        self.assert_reported(404)

    def test_an_upstream_that_limits_is_said(self):
        self.assert_reported(429)

    def test_an_upstream_that_is_unavailable_is_said(self):
        self.assert_reported(503)

    def test_a_dead_entrepot_is_said(self):
        self.assertRegex(str(self.pull_past("dead")), "connection refused")


class _ReportsCuts(_Reports):
    def test_a_layer_that_is_always_cut_is_said(self):
        self.assertRegex(str(self.pull_past("cut", ONLY_BLOBS)), "unexpected EOF")


class CraneReports(_ReportsCuts, E2ETest):
    client_type = Crane
    needs = (go_tool("crane"), images("small"))
    messages = {404: "MANIFEST_UNKNOWN: docker.io: as told", 429: "TOOMANYREQUESTS: docker.io: as told",
                503: "UNAVAILABLE: docker.io: as told"}
    attempts_by_status = {404: 1, 429: 3, 503: 3}


class RegctlReports(_ReportsCuts, E2ETest):
    client_type = Regctl
    needs = (go_tool("regctl"), images("small"))
    messages = {404: r"http 404.*docker\.io: as told", 429: "retry limit exceeded", 503: r"http 503.*docker\.io: as told"}
    attempts_by_status = {404: 1, 429: 6, 503: 1}


class HelmReports(_Reports, E2ETest):
    client_type = Helm
    needs = (go_tool("helm"), images("small"))
    messages = {404: "not found", 429: "429: toomanyrequests: docker.io: as told", 503: "503: unavailable: docker.io: as told"}
    attempts_by_status = {404: 1, 429: 6, 503: 6}
