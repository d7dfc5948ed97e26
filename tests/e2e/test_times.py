"""How long `docker pull` takes, directly and through a cache: a table, nothing is asserted of the times."""

import time

from cache import Peer
from clients.dockerd import Dockerd
from harness import E2ETest, images, overlay, program, report, root


class PullTimes(E2ETest):
    needs = (root, program("dockerd"), overlay, images("debian", "layers"))

    def test_docker_pull(self):
        peer = Peer(self.work / "peer", self.registry.url)
        self.addCleanup(peer.stop)
        peer.start()
        report("docker pull, seconds          debian  layers")
        for name, port in (("direct", self.registry.port), ("through the cache, cold", self.cache.port),
                           ("through the cache, warm", self.cache.port), ("through docker-registry, cold", peer.port),
                           ("through docker-registry, warm", peer.port)):
            times = []
            with self.client(Dockerd, port) as client:
                for image in (self.image("debian"), self.image("layers")):
                    start = time.monotonic()
                    self.assertEqual(client.pull(image), client.expected(image))
                    times.append(time.monotonic() - start)
            report(f"{name:29} {times[0]:6.2f}  {times[1]:6.2f}")
