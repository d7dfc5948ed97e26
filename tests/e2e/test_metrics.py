"""The metrics, as a real Prometheus reads them and promtool judges them."""

import json
import subprocess
import urllib.parse

from harness import E2ETest, SETTINGS, images, program
from http_client import get
from process import Program, accepts, free_port

_CONFIG = """\
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: entrepot
    static_configs: [{{targets: ["127.0.0.1:{target}"]}}]
"""


class Metrics(E2ETest):
    needs = (program("prometheus"), program("promtool"), images("ninety"))

    @classmethod
    def start_cache(cls):
        cls.cache = cls.new_cache(cls.registry.url)
        if not SETTINGS.peer:
            cls.cache.admin_port = free_port()
        cls.cache.start()

    def setUp(self):
        super().setUp()
        if SETTINGS.peer:
            self.skipTest("of entrepot only")

    def pull(self):
        ninety = self.image("ninety")
        base = f"/v2/{self.cache.prefix}{ninety.repository}"
        self.assertEqual(get(self.cache.url, f"{base}/manifests/{ninety.tag}")[0], 200)
        self.assertEqual(get(self.cache.url, f"{base}/blobs/{ninety.largest_layer()}")[0], 200)
        return ninety.size(ninety.largest_layer())

    def test_promtool_finds_nothing_to_mend(self):
        self.pull()
        status, _, text = get(self.cache.admin_url, "/metrics")
        self.assertEqual(status, 200)
        self.assertIn(b"entrepot_requests_total{", text)
        judged = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, timeout=30, check=False)
        self.assertEqual((judged.returncode, judged.stdout, judged.stderr), (0, b"", b""))

    def test_prometheus_reads_what_was_pulled(self):
        size = self.pull()
        config, port = self.work / "prometheus.yml", free_port()
        config.write_text(_CONFIG.format(target=self.cache.admin_port))
        prometheus = Program(["prometheus", f"--config.file={config}", f"--storage.tsdb.path={self.work / 'tsdb'}",
                              f"--web.listen-address=127.0.0.1:{port}"], self.work / "prometheus.log")
        self.addCleanup(prometheus.stop)
        # It listens before it can answer a query: until then every path but this one is a 503 of plain text.
        url = f"http://127.0.0.1:{port}"
        prometheus.wait_until(lambda: accepts(port) and get(url, "/-/ready")[0] == 200, timeout=60)

        def value(query):
            status, _, answer = get(url, "/api/v1/query?" + urllib.parse.urlencode({"query": query}))
            self.assertEqual(status, 200, answer)
            found = json.loads(answer)["data"]["result"]
            return float(found[0]["value"][1]) if found else None

        prometheus.wait_until(lambda: value('up{job="entrepot"}') == 1, timeout=60)
        sent = prometheus.wait_until(lambda: value('sum(entrepot_sent_bytes_total{kind="blob",upstream="docker.io"})'), timeout=60)
        self.assertEqual(sent % size, 0)
        self.assertEqual(value("entrepot_fills_running"), 0)
