"""deploy/Dockerfile: built by a real dockerd, and run with what deploy/k8s gives a pod: its user, its rights, its memory, its
configuration, down to the upstream's URL.

The container's network has a loopback interface and nothing else. There the upstream answers as registry-1.docker.io, over TLS,
and from there the clients pull.
"""

import json
import os
import shlex
import sqlite3
import tarfile
import time

from clients import Unavailable
from clients.dockerd import Dockerd
from harness import E2ETest, SETTINGS, images, overlay, program, root
from manifests import FOLDER, ROOT, Manifests, lacking, size
from process import Program, run

_UPSTREAM = "registry-1.docker.io"
_REGISTRY = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: "{storage}"}}}}
http: {{addr: "127.0.0.1:443", tls: {{certificate: "{work}/tls.crt", key: "{work}/tls.key"}}}}
"""
_OTHER_BOOT = """\
UPDATE meta SET value = 'another boot' WHERE key = 'unsynced_boot';
WITH RECURSIVE n(n) AS (SELECT 1000 UNION ALL SELECT n + 1 FROM n WHERE n < 300000)
INSERT INTO blobs(id, digest, presence, verified, size, last_use)
  SELECT n, randomblob(32), b.presence, 1, 1, b.last_use FROM n, (SELECT * FROM blobs LIMIT 1) b;
"""


class Image(E2ETest):
    needs = (root, program("dockerd"), overlay, program("openssl"), program("nsenter"), images("debian"), lacking)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls._lacking is None and SETTINGS.peer:
            cls._lacking = "of entrepot only"
        if cls._lacking:
            return
        try:
            cls.dockerd = cls.enterClassContext(Dockerd(cls.work / "dockerd", cls.cache.port, cls.cache.prefix))
        except Unavailable as reason:
            cls._lacking = str(reason).splitlines()[0]
            return
        base = SETTINGS.images["debian"]
        cls.dockerd.docker("build", "--network", "host", "--build-arg", f"BASE={base.name}:{base.tag}", "-t", "entrepot",
                           "-f", ROOT / "deploy" / "Dockerfile", ROOT, timeout=1800, env={"DOCKER_BUILDKIT": "1"})
        cls.mirror = Manifests(FOLDER / "overlays" / "two-mirrors").mirror("registry-mirror")

    def setUp(self):
        super().setUp()
        self.folder = self.work / self._testMethodName
        self.folder.mkdir()
        self.store = self.folder / "store"
        self.store.mkdir()
        # As Kubernetes leaves a volume with fsGroup.
        os.chown(self.store, 0, self.mirror.pod["securityContext"]["fsGroup"])
        self.store.chmod(0o2775)

    def start(self, configuration=None):
        """A container as the pod has it: its name. With the upstream beside it."""
        pod, container = self.mirror.pod["securityContext"], self.mirror.container
        own = container["securityContext"]
        self.assertEqual((own["readOnlyRootFilesystem"], own["allowPrivilegeEscalation"], own["capabilities"],
                          pod["seccompProfile"]), (True, False, {"drop": ["ALL"]}, {"type": "RuntimeDefault"}))
        run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={_UPSTREAM}", "-addext",
             f"subjectAltName=DNS:{_UPSTREAM}", "-keyout", self.folder / "tls.key", "-out", self.folder / "tls.crt"], timeout=60)
        (self.folder / "entrepot.yaml").write_text(configuration or self.mirror.configuration)
        name = f"e2e-{self._testMethodName}"
        self.dockerd.docker(
            "run", "-d", "--name", name, "--network", "none", "--add-host", f"{_UPSTREAM}:127.0.0.1",
            "--user", f"{pod['runAsUser']}:{pod['runAsGroup']}", "--read-only", "--cap-drop", "ALL",
            "--security-opt", "no-new-privileges", "--memory", size(container["resources"]["limits"]["memory"]),
            "-v", f"{self.store}:/var/lib/entrepot", "-v", f"{self.folder}/entrepot.yaml:/etc/entrepot/entrepot.yaml:ro",
            "-v", f"{self.folder}/tls.crt:/etc/ssl/certs/ca-certificates.crt:ro", "entrepot", *container["args"], timeout=60)
        self.addCleanup(self.dockerd.docker, "rm", "-f", name, timeout=60)
        self.pid = self.inspect(name, "{{.State.Pid}}")
        (self.folder / "registry.yml").write_text(_REGISTRY.format(storage=SETTINGS.storage, work=self.folder))
        upstream = Program([*self.inside(), "docker-registry", "serve", self.folder / "registry.yml"], self.folder / "upstream.log")
        self.addCleanup(upstream.stop)
        upstream.wait_for_line("listening on", timeout=30)
        self.wait_until_it_listens(name)
        return name

    def inside(self):
        """What runs a command of this machine in the container's network."""
        return ["nsenter", "-t", self.pid, "-n"]

    def inspect(self, name, what):
        return self.dockerd.docker("inspect", "--format", what, name, timeout=20).strip()

    def wait_until_it_listens(self, name, starts=1):
        end = time.monotonic() + 60
        while self.logs(name).count(" listening ") < starts:
            self.assertEqual(self.inspect(name, "{{.State.Status}}"), "running", self.logs(name))
            self.assertLess(time.monotonic(), end, self.logs(name))
            time.sleep(0.1)

    def logs(self, name):
        return self.dockerd.docker("logs", name, timeout=20, stream="stderr")

    def test_it_is_small_and_holds_little_but_the_daemon(self):
        self.dockerd.docker("create", "--name", "e2e-content", "entrepot", timeout=60)
        self.addCleanup(self.dockerd.docker, "rm", "e2e-content", timeout=60)
        self.dockerd.docker("export", "-o", self.folder / "content.tar", "e2e-content", timeout=60)
        with tarfile.open(self.folder / "content.tar") as content:
            files = {member.name: member.size for member in content if member.isfile()}
        programs = sorted(name for name in files if "bin/" in name)
        self.assertEqual(programs, ["bin/wget", "usr/local/bin/entrepot"])
        self.assertGreater(files["etc/ssl/certs/ca-certificates.crt"], 100_000)
        self.assertLess(sum(files.values()), 60_000_000)
        image = json.loads(self.dockerd.docker("image", "inspect", "entrepot", timeout=20))[0]["Config"]
        self.assertEqual(image["User"], "65532:65532")
        self.assertEqual(list(image["Volumes"]), ["/var/lib/entrepot"])

    def test_as_a_pod_it_is_pulled_through_from_an_https_upstream(self):
        name = self.start()
        debian = self.image("debian")
        run([*self.inside(), "skopeo", "copy", "--src-tls-verify=false",
             f"docker://127.0.0.1:5000/{debian.repository}:{debian.tag}", f"dir:{self.folder}/pulled"], timeout=120)
        pulled = {path.name for path in (self.folder / "pulled").iterdir()}
        self.assertLessEqual({digest.removeprefix("sha256:") for digest in debian.blobs()}, pulled)
        # kubectl exec deploy/registry-mirror -n registry-mirror -- this:
        catalog = self.dockerd.docker("exec", name, *shlex.split("wget -qO- http://localhost:5000/v2/_catalog"), timeout=30)
        self.assertEqual(json.loads(catalog), {"repositories": [debian.repository]})
        metrics = self.dockerd.docker("exec", name, "wget", "-qO-", "http://localhost:5001/metrics", timeout=30)
        self.assertIn("\nentrepot_store_objects ", metrics)
        self.dockerd.docker("stop", "-t", "60", name, timeout=90)
        self.assertEqual(self.inspect(name, "{{.State.ExitCode}} {{.State.OOMKilled}}"), "0 false")

    def test_a_large_index_needs_no_other_place_to_write_to(self):
        # What was not synced before a power cut is marked, all of it in one go.
        configuration = self.mirror.configuration.replace("storage:\n", "storage:\n  fsync: false\n")
        name = self.start(configuration)
        debian = self.image("debian")
        run([*self.inside(), "curl", "-sSf", "-o", "/dev/null",
             f"http://127.0.0.1:5000/v2/{debian.repository}/manifests/{debian.tag}"], timeout=60)
        self.dockerd.docker("stop", "-t", "60", name, timeout=90)
        with sqlite3.connect(self.store / "index.db") as index:
            index.executescript(_OTHER_BOOT)
        index.close()
        self.dockerd.docker("start", name, timeout=60)
        self.wait_until_it_listens(name, starts=2)
        for event in ("disk I/O error", "index_corrupt"):
            self.assertNotIn(event, self.logs(name))
