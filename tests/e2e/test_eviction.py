"""A small store under much traffic, and what is left of what nobody uses."""

import os
import random
import sqlite3
import threading
import time

from harness import E2ETest, SETTINGS, images, report, root
from http_client import get
from process import mount_tmpfs
from swarm import swarm, swarm_of
from upstream import gets_of

MiB = 1 << 20


class _EvictionTest(E2ETest):
    needs = (images("many", "layers"),)

    @classmethod
    def start_cache(cls):
        pass

    def setUp(self):
        super().setUp()
        self.cache = self.own_cache(self.registry.url)

    def request(self, image, kind, reference):
        digest = image.digest if reference == image.tag else reference
        return f"/v2/{self.cache.prefix}{image.repository}/{kind}/{reference}", image.path(digest)

    def pull(self, image, blobs=None):
        """The manifests and blobs of an image, by one client."""
        requests = [self.request(image, "manifests", r) for r in (image.tag, *image.manifests())]
        requests += [self.request(image, "blobs", d) for d in (image.blobs() if blobs is None else blobs)]
        self.assertEqual([r["error"] for r in swarm(self.cache.port, 1, requests, timeout=120)], [None])

    def stored(self):
        """The digests of what lies in blobs/."""
        return {f"sha256:{name}" for _, _, names in os.walk(self.cache.store / "blobs" / "sha256") for name in names}


class _Usage(threading.Thread):
    """Samples what a folder takes, every 100 ms until it is stopped, as `du` counts it but for what a walk that takes time
    counts twice: a file that is moved meanwhile."""

    def __init__(self, folder):
        super().__init__(daemon=True)
        self._folder, self._end = folder, threading.Event()
        self.most = self.samples = 0
        self.start()

    def run(self):
        while not self._end.wait(0.1):
            self.most = max(self.most, self._sample())
            self.samples += 1

    def stop(self):
        self._end.set()
        self.join()
        return self.most

    def _sample(self):
        blocks = {}
        for folder, names, files in os.walk(self._folder):
            for name in (*names, *files):
                try:
                    info = os.lstat(os.path.join(folder, name))
                except FileNotFoundError:
                    continue
                blocks[info.st_ino] = info.st_blocks
        return 512 * sum(blocks.values())


class Churn(_EvictionTest):
    """Fifty clients pull at random, many times the cap in all."""

    cap = 96 * MiB

    def test_every_pull_is_right_and_the_cap_holds(self):
        image = self.image("many")
        blobs = [d for d in image.blobs() if image.size(d) > MiB]
        requests = [self.request(image, "blobs", d) for d in blobs]
        wanted = self.cap * (1500 if SETTINGS.long else 80)
        choose = random.Random(1)
        weights = [1 / (1 + n) for n in range(len(blobs))]  # some are in demand, most are not
        clients = [[] for _ in range(50)]
        while sum(image.size(blobs[index]) for indexes in clients for index in indexes) < wanted:
            for indexes in clients:
                indexes += choose.choices(range(len(blobs)), weights)

        self.cache.max_size = f"{self.cap // MiB}MiB"
        self.cache.start()
        self.assertEqual(get(self.cache.url, self.request(image, "manifests", image.tag)[0])[0], 200)
        self.registry.requests()
        usage = _Usage(self.cache.store)
        start = time.monotonic()
        results = swarm_of(self.cache.port, clients, requests, timeout=900)
        took = time.monotonic() - start
        most = usage.stop()
        self.assertEqual([r["error"] for r in results], [None] * 50)
        self.assertGreater(usage.samples, 10)
        self.assertLessEqual(most, self.cap)

        # The model: what the clients did and what the upstream was asked say what must be there. Last uses are whole
        # seconds, and a pull is used when it begins.
        done = [pull for r in results for pull in r["done"]]
        sent = sum(image.size(blobs[index]) for index, _, _ in done)
        fetched = [r for r in self.registry.requests() if r.method == "GET" and "/blobs/" in r.path]
        self.assertGreaterEqual(sent, wanted)
        last_use = {}
        for index, asked, ended in done:
            last_use[index] = max(last_use.get(index, 0), ended)
        stored = self.stored()
        kept = [used for index, used in last_use.items() if blobs[index] in stored]
        gone = [used for index, used in last_use.items() if blobs[index] not in stored]
        self.assertTrue(kept and gone)
        # Whatever has gone was used before whatever has stayed, but for what was in use when room was needed.
        longest = max(ended - asked for _, asked, ended in done)
        self.assertLess(max(gone), min(kept) + longest + 2)
        # Each was fetched as often as it came: it is here, or it was evicted; or it had no room and was not kept at all.
        log = self.cache.log.read_text()
        for index in last_use:
            digest = blobs[index]
            came = log.count(f"evicted digest={digest} ") + (digest in stored)
            streamed = log.count(f"no_room digest={digest} ")
            self.assertTrue(came <= len(gets_of(fetched, digest)) <= came + 50 * streamed, digest)
        report(f"50 clients at random, {sent / 1e6:.0f} MB through a cap of {self.cap / 1e6:.0f} MB in {took:.1f} s: "
               f"{sum(r.sent for r in fetched) / 1e6:.0f} MB from the upstream; at most {most / 1e6:.1f} MB on disk; "
               f"{log.count(' no_room ')} times without room; the longest pull {longest:.2f} s")


class SmallFileSystem(_EvictionTest):
    needs = (root, images("many", "layers"))

    def test_no_pull_fails_because_the_disk_is_small(self):
        many, layers = self.image("many"), self.image("layers")
        self.cache.store.parent.mkdir(parents=True, exist_ok=True)
        mount_tmpfs(self.cache.store, "100m")
        self.cache.max_size, self.cache.min_free = "0", "1MiB"
        self.cache.start()
        requests = [self.request(many, "blobs", d) for d in many.blobs()]
        requests.append(self.request(layers, "blobs", layers.largest_layer()))
        for reference in (many.tag, layers.tag):
            image = many if reference is many.tag else layers
            self.assertEqual(get(self.cache.url, self.request(image, "manifests", reference)[0])[0], 200)
        for _ in range(2):
            results = swarm_of(self.cache.port, [[i] for i in range(len(requests))], requests, timeout=300)
            self.assertEqual([r["error"] for r in results], [None] * len(requests))
        self.assertTrue(self.stored())


class Expiry(_EvictionTest):
    """ttl 2s: what is not used is gone from disk, index and catalog soon after; what is used stays."""

    def test_what_is_pulled_stays_and_all_else_goes(self):
        many, layers = self.image("many"), self.image("layers")
        used_blobs = [d for d in layers.blobs() if d != layers.largest_layer()]
        self.cache.eviction = "{ttl: 2s, interval: 1s}"
        self.cache.start()
        self.pull(layers, used_blobs)
        self.pull(many, many.blobs()[:10])
        self.assertEqual(get(self.cache.url, "/v2/_catalog")[2].decode().count("library/"), 2)
        path = self.request(layers, "manifests", layers.tag)[0]
        pulled = time.monotonic()
        while time.monotonic() < pulled + 8:
            self.assertEqual(get(self.cache.url, path)[0], 200)
            time.sleep(1 - (time.monotonic() - pulled) % 1)
            if time.monotonic() > pulled + 2 + 1 + 2:  # ttl, interval, and time to do it
                self.assertEqual(self.stored(), {*layers.manifests(), *used_blobs})
                self.assertIn(b'["library/layers"]', get(self.cache.url, "/v2/_catalog")[2])
        self.cache.stop()
        index = sqlite3.connect(f"file:{self.cache.store / 'index.db'}?mode=ro", uri=True)
        self.addCleanup(index.close)
        self.assertEqual(index.execute("SELECT name FROM repositories").fetchall(), [("library/layers",)])
        self.assertEqual(index.execute("SELECT count(*) FROM tags").fetchone(), (1,))
        left = {row[0] for row in index.execute("SELECT digest FROM blob_list")}
        self.assertEqual(left, {*layers.manifests(), *used_blobs})
