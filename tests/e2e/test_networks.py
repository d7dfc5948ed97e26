"""The networks that lie between entrepot and a registry."""

import re
import socket
import time

from certificate import make_certificate
from clients.skopeo import Skopeo
from harness import E2ETest, images, overlay, program, report, root
from http_client import get
from process import Program, accepts, free_port
from sandbox import Sandbox
from scripted_registry import ScriptedRegistry

_NAME = "registry.test"
_CONFIG = """\
Port {port}
Listen 127.0.0.1
BasicAuth user hunter2
LogLevel Connect
"""
_ASKED = re.compile(r"Request \(file descriptor \d+\): (\S+) (\S+)")


class Proxied(E2ETest):
    """Through a real proxy, tinyproxy, to a registry whose name nobody else can resolve.

    tinyproxy has a sandbox, whose /etc/hosts knows the name. It wants a user and a password, and its log says what it was asked
    for."""

    needs = (program("tinyproxy"), program("openssl"), root, overlay, images("small"))

    @classmethod
    def start_cache(cls):
        pass

    def start_proxy(self, address):
        """A proxy that knows the name as that of an address. The part of its URL behind the password."""
        folder, port = self.work / f"{self._testMethodName}-proxy", free_port()
        folder.mkdir()
        config = folder / "tinyproxy.conf"
        config.write_text(_CONFIG.format(port=port))
        sandbox = Sandbox("/", folder, {"etc/hosts": f"{address} {_NAME}\n"})
        self.addCleanup(sandbox.stop)
        sandbox.start()
        self.proxy = Program(sandbox.inside(["tinyproxy", "-d", "-c", config]), folder / "tinyproxy.log")
        self.addCleanup(self.proxy.stop)
        self.proxy.wait_until(lambda: accepts(port), timeout=20)
        return f"127.0.0.1:{port}"

    def pull(self, cache):
        """A cold pull by a real client, every byte of which is right."""
        small = self.image("small")
        with self.client(Skopeo, cache.port, cache.prefix) as client:
            self.assertEqual(client.pull(small), client.expected(small))

    def requests_of_proxy(self):
        return _ASKED.findall(self.proxy.output())

    def test_https_by_a_tunnel_and_the_key_proxy(self):
        certificate = make_certificate(self.work / "registry.crt", _NAME)
        registry = ScriptedRegistry([self.image("small")], certificate=certificate)
        self.addCleanup(registry.stop)
        proxy = self.start_proxy(registry.address)
        cache = self.own_cache(f"https://{_NAME}")
        cache.upstreams["docker.io"].update({"ca": str(certificate), "proxy": f"http://user:hunter2@{proxy}"})
        cache.start()
        self.pull(cache)
        asked = self.requests_of_proxy()
        self.assertEqual(set(asked), {("CONNECT", f"{_NAME}:443")})
        self.assertLess(len(asked), len(registry.requests()), "tunnels are used again")

    def test_http_by_the_environment(self):
        proxy = self.start_proxy("127.0.0.1")
        cache = self.own_cache(f"http://{_NAME}:{self.registry.port}")
        cache.environment = {"HTTP_PROXY": f"http://user:hunter2@{proxy}", "http_proxy": "", "NO_PROXY": "", "no_proxy": ""}
        cache.start()
        self.pull(cache)
        asked = self.requests_of_proxy()
        self.assertGreater(len(asked), 3)
        for method, target in asked:
            self.assertIn(method, ("GET", "HEAD"))
            self.assertTrue(target.startswith(f"http://{_NAME}:{self.registry.port}/v2/"), target)

    def test_a_wrong_password_is_a_502_that_names_the_proxy_and_not_the_password(self):
        self.check_refusal("https", "user:wrong@", "401: it does not take user and password")

    def test_no_password_is_a_502_that_names_the_proxy(self):
        self.check_refusal("http", "", "407: it wants a user and a password")

    def check_refusal(self, scheme, user, words):
        proxy = self.start_proxy("127.0.0.1")
        cache = self.own_cache(f"{scheme}://{_NAME}:{self.registry.port}")
        cache.upstreams["docker.io"]["proxy"] = f"http://{user}{proxy}"
        cache.start()
        status, _, body = get(cache.url, "/v2/library/small/manifests/latest")
        self.assertEqual(status, 502)
        self.assertIn(f"through the proxy {proxy}: the proxy refuses with {words}", body.decode())
        for secret in ("user:wrong", "dXNlcjp3cm9uZw"):
            self.assertNotIn(secret, body.decode() + cache.program.output())


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
