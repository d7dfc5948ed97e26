"""deploy/examples, as far as no client of this machine reads it: those of dockerd, containerd and podman are what the clients of
test_clients.py are told."""

import json
import pathlib
import re
import tempfile
import tomllib
import unittest

from harness import SETTINGS
from manifests import FOLDER, ROOT, Manifests, lacking, parse_yaml, schema_verdicts

EXAMPLES = ROOT / "deploy" / "examples"


class Examples(unittest.TestCase):
    def setUp(self):
        if SETTINGS.peer:
            self.skipTest("of entrepot only")

    def text(self, name):
        return (EXAMPLES / name).read_text()

    def need_venv(self):
        if reason := lacking():
            self.skipTest(reason)

    def test_each_is_named_where_the_others_are(self):
        files = {str(path.relative_to(EXAMPLES)) for path in EXAMPLES.rglob("*") if path.is_file()}
        named = set(re.findall(r"\]\(([\w./-]+)\)", self.text("README.md")))
        self.assertEqual({name for name in files if "ghcr.io" not in name and name != "README.md"},
                         {name for name in named if not name.startswith("../")})

    def test_regclient_is_told_of_the_same_registries(self):
        hosts = json.loads(self.text("regclient/config.json"))["hosts"]
        self.assertEqual(hosts, {"docker.io": {"mirrors": ["entrepot:5000"]}, "ghcr.io": {"mirrors": ["entrepot:5000"]},
                                 "entrepot:5000": {"tls": "disabled"}})

    def test_buildkit_is_told_of_each_registry_under_its_own_prefix(self):
        registries = tomllib.loads(self.text("buildkit/buildkitd.toml"))["registry"]
        self.assertEqual(registries, {"docker.io": {"mirrors": ["entrepot:5000"]}, "ghcr.io": {"mirrors": ["entrepot:5000/ghcr.io"]},
                                      "entrepot:5000": {"http": True}})

    def test_containerd_falls_back_to_the_registry_that_it_means(self):
        for name, server in (("docker.io", "registry-1.docker.io"), ("ghcr.io", "ghcr.io")):
            hosts = tomllib.loads(self.text(f"containerd/{name}/hosts.toml"))
            self.assertEqual(hosts, {"server": f"https://{server}",
                                     "host": {"http://entrepot:5000": {"capabilities": ["pull", "resolve"]}}})

    def test_k3s_is_told_of_the_same_registries(self):
        self.need_venv()
        mirrors, = parse_yaml(self.text("k3s/registries.yaml"))
        self.assertEqual(mirrors, {"mirrors": {name: {"endpoint": ["http://entrepot:5000"]} for name in ("docker.io", "ghcr.io")}})

    def test_the_runners_pod_is_valid_and_asks_the_mirrors_that_are_deployed(self):
        self.need_venv()
        text = self.text("kubernetes/ci-runner.yaml")
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "ci-runner.yaml"
            file.write_text(text)
            verdicts = schema_verdicts(file, "1.37")
        self.assertEqual([v for v in verdicts if not v.startswith("INFO ")], [])
        services = {f"{s['metadata']['name']}.{s['metadata']['namespace']}.svc:{port['port']}"
                    for s in Manifests(FOLDER / "overlays" / "two-mirrors").of_kind("Service") for port in s["spec"]["ports"]}
        self.assertEqual(set(re.findall(r"[\w.-]+\.svc:\d+", text)), services)
        config_map, pod = parse_yaml(text)
        registries = tomllib.loads(config_map["data"]["buildkitd.toml"])["registry"]
        self.assertEqual({name for name in registries if name.endswith(":5000")}, services)
        dockerd, = pod["spec"]["initContainers"]
        self.assertIn("--registry-mirror=http://registry-mirror.registry-mirror.svc:5000", dockerd["args"])
