"""Many clients at once on what is cold: the upstream sends every byte once."""

from harness import E2ETest, images, report
from swarm import swarm
from throttle import Throttle
from upstream import gets_of

MB = 1_000_000


class ColdImage(E2ETest):
    needs = (images("layers"),)

    def test_ten_clients_pull_it_and_every_byte_is_fetched_once(self):
        image = self.image("layers")
        base = f"/v2/{self.cache.prefix}{image.repository}"
        requests = [(f"{base}/manifests/{image.tag}", image.path(image.digest))]
        requests += [(f"{base}/manifests/{digest}", image.path(digest)) for digest in image.manifests()]
        requests += [(f"{base}/blobs/{digest}", image.path(digest)) for digest in image.blobs()]
        self.registry.requests()
        results = swarm(self.cache.port, 10, requests, timeout=300)
        self.assertEqual([r["error"] for r in results], [None] * 10)
        report(f"10 clients, a cold image of 1.1 GB: all done after {max(r['end'] for r in results):.2f} s")

        asked = self.registry.requests()
        fetched = {digest: sum(r.sent for r in gets_of(asked, digest)) for digest in image.blobs()}
        self.assertEqual(fetched, {digest: image.size(digest) for digest in image.blobs()})
        # Only the largest may be fetched in parts.
        more_than_once = [d for d in image.blobs() if d != image.largest_layer() and len(gets_of(asked, d)) != 1]
        self.assertEqual(more_than_once, [])


class ColdBlob(E2ETest):
    needs = (images("ninety"),)
    clients = 50
    rate = 20 * MB

    @classmethod
    def start_cache(cls):
        cls.throttle = Throttle(cls.registry.port, cls.rate)
        cls.addClassCleanup(cls.throttle.stop)
        cls.throttle.start()
        cls.cache = cls.new_cache(cls.throttle.url)
        cls.cache.start()

    def test_fifty_clients_stream_one_download(self):
        image = self.image("ninety")
        blob = image.largest_layer()
        path = f"{image.repository}/blobs/{blob}"
        (direct,) = swarm(self.throttle.port, 1, [(f"/v2/{path}", image.path(blob))], timeout=120)
        self.assertIsNone(direct["error"])
        self.throttle.log.clear()

        results = swarm(self.cache.port, self.clients, [(f"/v2/{self.cache.prefix}{path}", image.path(blob))], timeout=300)
        self.assertEqual([r["error"] for r in results], [None] * self.clients)
        last = max(r["end"] for r in results)
        report(f"{self.clients} clients, a cold blob of 94 MB, the upstream at 20 MB/s: first bytes after "
               f"{min(r['first_byte'] for r in results):.3f} to {max(r['first_byte'] for r in results):.3f} s, the last client done "
               f"after {last:.2f} s; one direct download {direct['end']:.2f} s; ratio {last / direct['end']:.3f}")
        gets = gets_of(self.throttle.log, blob)
        self.assertEqual([r.sent for r in gets], [image.size(blob)])

        # How long the same takes without an upstream: what this machine can send and compare at all.
        again = swarm(self.cache.port, self.clients, [(f"/v2/{self.cache.prefix}{path}", image.path(blob))], timeout=300)
        self.assertEqual([r["error"] for r in again], [None] * self.clients)
        report(f"{self.clients} clients, the same blob warm: the last client done after {max(r['end'] for r in again):.2f} s")
