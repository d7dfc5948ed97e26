"""What tests stand on that want an upstream slow, late or stalled."""

import time

from harness import E2ETest, images
from http_client import Download
from throttle import Throttle


def wait_for(condition, timeout=30):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not so after {timeout} s")
        time.sleep(0.01)


class BehindThrottle(E2ETest):
    """A fresh cache for each test, behind an upstream that can stall at a byte."""

    needs = (images("ninety"),)
    upstream_settings = {}

    @classmethod
    def start_cache(cls):
        pass

    def setUp(self):
        super().setUp()
        self.throttle = Throttle(self.registry.port)
        self.addCleanup(self.throttle.stop)
        self.throttle.start()
        self.cache = self.own_cache(self.throttle.url)
        self.cache.upstreams["docker.io"].update(self.upstream_settings)
        self.cache.start()
        self.ninety = self.image("ninety")
        self.blob = self.ninety.largest_layer()

    def path(self, image, kind, reference):
        return f"/v2/{self.cache.prefix}{image.repository}/{kind}/{reference}"

    def download(self, image, digest):
        return Download(self.cache.url, self.path(image, "blobs", digest), image.path(digest))

    def assert_complete(self, download):
        download.join(120)
        self.assertFalse(download.is_alive(), "still running")
        self.assertIsNone(download.error)
