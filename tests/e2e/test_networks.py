"""The networks that lie between entrepot and a registry."""

import socket
import time

from harness import E2ETest, images, overlay, report, root
from http_client import get
from sandbox import Sandbox

_NAME = "registry.test"


class DeadAddress(E2ETest):
    """A registry with an IPv4 address and an IPv6 one, which comes first and where nobody answers: its backlog is full."""

    needs = (root, overlay, images("small"))

    @classmethod
    def start_cache(cls):
        pass

    def test_it_costs_less_than_the_connect_timeout(self):
        if not socket.has_dualstack_ipv6():
            self.skipTest("no IPv6")
        dead = socket.create_server(("::1", self.registry.port), family=socket.AF_INET6, backlog=0)
        self.addCleanup(dead.close)
        self.addCleanup(socket.create_connection(("::1", self.registry.port)).close)

        cache = self.own_cache(f"http://{_NAME}:{self.registry.port}")
        cache.upstreams["docker.io"]["timeouts"] = {"connect": "2s"}
        cache.sandbox = Sandbox("/", cache.config.parent, {"etc/hosts": f"127.0.0.1 {_NAME}\n::1 {_NAME}\n"})
        self.addCleanup(cache.sandbox.stop)
        cache.sandbox.start()
        cache.start()
        small = self.image("small")
        begun = time.monotonic()
        status, _, body = get(cache.url, f"/v2/{small.repository}/manifests/{small.tag}")
        report(f"a manifest, with an address that does not answer: {time.monotonic() - begun:.3f} s")
        self.assertEqual((status, body), (200, small.path(small.digest).read_bytes()))
