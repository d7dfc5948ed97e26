"""The OCI distribution-spec's conformance suites, read through entrepot; docs/conformance.md says how, and what comes of it."""

import difflib
import json
import threading

import conformance
from conformance_page import PAGE, REPORTS, RUNS, faults, render
from harness import E2ETest, SETTINGS
from http_client import get
from memory_registry import MemoryRegistry
from read_through import ReadThrough
from throttle import Throttle
from upstream import gets_of

_REPOSITORY = "library/seed"
_WITHOUT = {"memory": (), "docker-registry": ("referrers", "sha512")}


def not_the_peer():
    return "of entrepot only" if SETTINGS.peer else None


class Conformance(E2ETest):
    """Each suite in each of RUNS. What stays at an upstream has been pushed there by the suites themselves."""

    needs = (not_the_peer, conformance.lacking)
    pushes = True
    seen = {}    # the cases, by suite and run

    @classmethod
    def start_cache(cls):
        memory = MemoryRegistry()
        cls.addClassCleanup(memory.stop)
        cls.upstreams = {"memory": memory, "docker-registry": cls.registry}
        cls.caches, cls.data = {}, {}
        for name, upstream in cls.upstreams.items():
            cls.caches[name] = cls.new_cache(upstream.url, f"cache-{name}").start()
            cls.data[name] = seed(upstream, cls.work / f"seed-{name}", _WITHOUT[name])
        cls.seen = {}

    def check(self, suite, letter):
        """Runs a suite and fails for what it finds."""
        run = RUNS[letter]
        upstream, cache = self.upstreams[run.upstream], self.caches[run.upstream]
        runner = {"current": conformance.run_current, "legacy": conformance.run_legacy}[suite]
        port, repository, data = cache.port, run.prefix + _REPOSITORY, self.data[run.upstream][suite]
        if run.writes:
            front = ReadThrough(cache.port, upstream.port, run.prefix)
            self.addCleanup(front.stop)
            port, repository, data = front.port, f"{run.prefix}library/{suite}-{letter.lower()}", None
        found = runner(port, repository, REPORTS / suite / letter, data, _WITHOUT[run.upstream])
        self.seen[suite, letter] = found
        self.assertEqual(faults(suite, letter, found), [])
        self.assertGreater(sum(case.status == "passed" for case in found), 10)

    def check_all(self, letters):
        for suite in conformance.VERSIONS:
            for letter in letters:
                with self.subTest(suite=suite, run=letter):
                    self.check(suite, letter)

    def test_the_suites_read_what_they_push(self):
        self.check_all("AB")

    def test_the_suites_read_what_a_registry_in_memory_has(self):
        self.check_all("CD")

    def test_the_suites_read_what_docker_registry_has(self):
        self.check_all("EF")

    def test_what_was_seen_is_what_the_page_says(self):
        if len(self.seen) < len(conformance.VERSIONS) * len(RUNS):
            self.skipTest("not all of the suites were run")
        page = render({suite: {run: self.seen[suite, run] for run in RUNS} for suite in conformance.VERSIONS})
        differences = difflib.unified_diff(PAGE.read_text(encoding="utf-8").splitlines(), page.splitlines(), n=0, lineterm="")
        self.assertEqual(list(differences), [], "tests/e2e/conformance_page.py writes the page anew, from what was just seen")


class Ranges(E2ETest):
    """The current suite's range cases, on the blob of 2048 bytes that it makes for them."""

    needs = (not_the_peer, conformance.lacking)
    satisfiable = {"500-1499": (500, 1499), "500-": (500, 2047), "-500": (1548, 2047), "2000-5000": (2000, 2047)}
    unsatisfiable = ("500-0", "5000-10000")

    @classmethod
    def start_cache(cls):
        memory = MemoryRegistry()
        cls.addClassCleanup(memory.stop)
        blobs = seed(memory, cls.work / "seed")["current"].blobs
        found = {digest: get(memory.url, f"/v2/{_REPOSITORY}/blobs/{digest}")[2] for digest in blobs}
        cls.digest, cls.blob = next((digest, data) for digest, data in found.items() if len(data) == 2048)
        cls.path = f"/v2/{_REPOSITORY}/blobs/{cls.digest}"
        cls.throttle = Throttle(memory.port)
        cls.addClassCleanup(cls.throttle.stop)
        cls.throttle.start()

    def setUp(self):
        super().setUp()
        self.cache = self.own_cache(self.throttle.url).start()
        self.throttle.log.clear()

    def ask(self, wanted):
        return get(self.cache.url, self.path, headers={"Range": f"bytes={wanted}"})

    def assert_right(self, wanted, answer):
        status, headers, body = answer
        if wanted in self.unsatisfiable:
            self.assertEqual((status, headers["Content-Range"]), (416, "bytes */2048"))
            return
        first, last = self.satisfiable[wanted]
        self.assertEqual(status, 206)
        self.assertEqual(headers["Content-Range"], f"bytes {first}-{last}/2048")
        self.assertEqual(headers["Content-Length"], str(last + 1 - first))
        self.assertEqual(body, self.blob[first:last + 1])

    def test_a_stored_blob_answers_each(self):
        self.assertEqual(get(self.cache.url, self.path)[2], self.blob)
        for wanted in (*self.satisfiable, *self.unsatisfiable):
            with self.subTest(wanted):
                self.assert_right(wanted, self.ask(wanted))
        self.assertEqual([r.sent > 0 for r in gets_of(self.throttle.log, self.digest)], [True])

    def test_a_blob_that_is_just_coming_answers_each_from_one_download(self):
        self.throttle.hold_after(1024)
        answers = {}
        threads = [threading.Thread(target=lambda wanted=wanted: answers.__setitem__(wanted, self.ask(wanted)))
                   for wanted in (*self.satisfiable, *self.unsatisfiable)]
        for thread in threads:
            thread.start()
        self.cache.program.wait_until(lambda: self.throttle.log, timeout=20)
        self.throttle.hold_after(None)
        for thread in threads:
            thread.join(60)
        for wanted in (*self.satisfiable, *self.unsatisfiable):
            with self.subTest(wanted):
                self.assert_right(wanted, answers[wanted])
        self.assertEqual(len(gets_of(self.throttle.log, self.digest)), 1)

    def test_each_is_answered_when_it_is_what_starts_the_download(self):
        for number, wanted in enumerate((*self.satisfiable, *self.unsatisfiable)):
            with self.subTest(wanted):
                cold = self.new_cache(self.throttle.url, f"cold-{number}").start()
                self.assert_right(wanted, get(cold.url, self.path, headers={"Range": f"bytes={wanted}"}))
                cold.stop()


def seed(upstream, folder, without=()):
    """Has both suites push to an upstream, and says what there is: Data by suite. Not all of their pushes need succeed."""
    conformance.run_current(upstream.port, _REPOSITORY, folder / "current", without=without)
    current = conformance.pushed(folder / "current", _REPOSITORY)
    conformance.run_legacy(upstream.port, _REPOSITORY, folder / "legacy", without=without)
    _, headers, manifest = get(upstream.url, f"/v2/{_REPOSITORY}/manifests/tagtest0")
    _, _, tags = get(upstream.url, f"/v2/{_REPOSITORY}/tags/list")
    legacy = conformance.Data(("tagtest0", *(tag for tag in json.loads(tags)["tags"] if tag != "tagtest0")),
                              (headers["Docker-Content-Digest"],), (json.loads(manifest)["config"]["digest"],))
    return {"current": current, "legacy": legacy}
