"""A large cold blob, which several requests bring: no byte is asked for twice, whoever wants which part of it."""

import concurrent.futures
import random
import re

from behind_throttle import BehindThrottle, wait_for
from harness import images, report
from http_client import get
from process import free_port
from throttle import round_trips, sent_twice
from upstream import gets_of

MB, MiB = 1_000_000, 1 << 20
_RANGE = 64 * 1024


class _LargeBlob(BehindThrottle):
    needs = (images("ninety", "layers"),)

    def pull_manifests(self, image):
        """From here on the sizes of its blobs are known."""
        for reference in (image.tag, *image.manifests()):
            self.assertEqual(get(self.cache.url, self.path(image, "manifests", reference))[0], 200)
        self.throttle.log.clear()

    def gets(self, image):
        return gets_of(self.throttle.log, image.largest_layer())

    def part_is_right(self, image, begin, header=None):
        """Asks for 64 KiB of it."""
        blob = image.largest_layer()
        status, _, body = get(self.cache.url, self.path(image, "blobs", blob),
                              headers={"Range": header or f"bytes={begin}-{begin + _RANGE - 1}"})
        with open(image.path(blob), "rb") as file:
            file.seek(begin)
            return status == 206 and body == file.read(_RANGE)

    def assert_all_comes(self, image):
        """The whole blob, which is right, and then is stored."""
        blob = image.largest_layer()
        self.assert_complete(self.download(image, blob))
        wait_for(lambda: self.cache_status(image, blob) == "entrepot; hit")
        sent = sum(r.sent for r in self.gets(image))
        self.assertEqual(sent - sent_twice(self.gets(image)), image.size(blob))

    def cache_status(self, image, blob):
        return get(self.cache.url, self.path(image, "blobs", blob), method="HEAD")[1]["Cache-Status"]


class Stripes(_LargeBlob):
    upstream_settings = {"parallel_min_size": "32MiB"}

    def setUp(self):
        super().setUp()
        self.size = self.ninety.size(self.blob)

    def test_no_byte_of_known_size_comes_twice(self):
        self.pull_manifests(self.ninety)
        self.assert_comes_in_stripes("known", twice=0)

    def test_of_unknown_size_the_first_request_is_cut_and_little_lost(self):
        self.assert_comes_in_stripes("not known", twice=MiB)

    def assert_comes_in_stripes(self, size, twice):
        self.throttle.rate_each = 20 * MB
        self.assert_all_comes(self.ninety)
        gets = self.gets(self.ninety)
        report(f"a cold blob of 94 MB in stripes, its size {size}: {len(gets)} requests, {sent_twice(gets)} bytes twice")
        self.assertGreater(len(gets), 1)
        self.assertLessEqual(sent_twice(gets), twice)

    def test_a_suffix_of_known_size_comes_in_three_round_trips(self):
        self.pull_manifests(self.ninety)
        self.assert_suffix_comes_soon("known", twice=0)

    def test_a_suffix_of_unknown_size_comes_in_three_round_trips(self):
        self.assert_suffix_comes_soon("not known", twice=MiB)

    def assert_suffix_comes_soon(self, size, twice):
        self.throttle.rate_each, self.throttle.latency = 2 * MB, 0.05
        begin = self.size - _RANGE
        self.assertTrue(self.part_is_right(self.ninety, begin, f"bytes=-{_RANGE}"))
        present, log = self.throttle.blob_bytes, list(self.throttle.log)
        trips = next(round_trips(log, r) for r in log if r.first_byte == begin)
        report(f"64 KiB at the end of a cold blob of 94 MB, its size {size}: {trips} round trips; {len(log)} requests and "
               f"{present} bytes of blobs by then")
        self.assertLessEqual(trips, 3)
        self.assertLess(present, self.size / 2)

        self.throttle.rate_each, self.throttle.latency = None, 0
        self.assert_all_comes(self.ninety)
        self.assertLessEqual(sent_twice(self.gets(self.ninety)), twice)

    def test_kill_loses_at_most_a_mebibyte_of_each_request(self):
        self.cache.stop()
        self.cache.admin_port = free_port()
        self.cache.start()
        self.pull_manifests(self.ninety)
        before = self.received()
        self.throttle.hold_after(40 * MiB)
        cut = self.download(self.ninety, self.blob)
        wait_for(lambda: self.received() == before + 40 * MiB)
        running = [r for r in self.gets(self.ninety) if r.sent < self.asked(r)]

        self.cache.kill()
        cut.join(30)
        self.assertIsNotNone(cut.error)
        self.throttle.hold_after(None)
        self.cache.start()
        self.assert_all_comes(self.ninety)
        again = sent_twice(self.gets(self.ninety))
        report(f"kill -9 after 40 MiB of a fill in stripes, {len(running)} requests in progress: {again} bytes asked again")
        self.assertGreater(len(running), 1)
        self.assertLessEqual(again, len(running) * MiB)

    def received(self):
        """Bytes of bodies that the cache has taken from its upstream."""
        metrics = get(self.cache.admin_url, "/metrics")[2].decode()
        return sum(float(n) for n in re.findall(r"^entrepot_upstream_received_bytes_total\S* (\S+)$", metrics, re.MULTILINE))

    def asked(self, request):
        first, last = request.range.removeprefix("bytes=").split("-")
        return (int(last) + 1 if last else self.size) - int(first)


class LazyPuller(_LargeBlob):
    def test_thirty_parts_are_right_and_so_is_the_whole(self):
        layers = self.image("layers")
        self.pull_manifests(layers)
        self.throttle.rate_each, self.throttle.latency = 2 * MB, 0.05
        numbers = random.Random(1)
        begins = [numbers.randrange(layers.size(layers.largest_layer()) - _RANGE) for _ in range(30)]
        right = [self.part_is_right(layers, begin) for begin in begins[:10]]
        with concurrent.futures.ThreadPoolExecutor(20) as pool:
            right += pool.map(lambda begin: self.part_is_right(layers, begin), begins[10:])
        self.assertEqual(right, [True] * 30)
        present, requests = self.throttle.blob_bytes, len(self.gets(layers))
        self.assertLess(present, layers.size(layers.largest_layer()) / 2)

        self.throttle.rate_each, self.throttle.latency = None, 0
        self.assert_all_comes(layers)
        report(f"30 parts of 64 KiB of a cold blob of 1 GiB: {requests} requests and {present / MiB:.0f} MiB by then; in all "
               f"{len(self.gets(layers))} requests, {sent_twice(self.gets(layers))} bytes twice")
