"""scripts/smoke-live, with a registry of this machine in the place of those of the internet."""

import pathlib

from harness import E2ETest, images
from process import run

ROOT = pathlib.Path(__file__).resolve().parents[2]


class SmokeLive(E2ETest):
    needs = (images("small"),)
    name = "registry.example/library/small"

    @classmethod
    def start_cache(cls):
        cls.config = cls.work / "smoke.yaml"
        cls.config.write_text(f"upstreams: {{registry.example: {{url: {cls.registry.url}}}}}\ndefault_upstream: registry.example\n")

    def smoke(self, *images):
        done = run([ROOT / "scripts" / "smoke-live", "--config", self.config, *images], timeout=300, check=False)
        return done.returncode, done.stdout.splitlines()[2:]

    def test_an_image_that_is_there_comes_from_the_registry_and_then_from_the_store(self):
        self.registry.requests()
        status, rows = self.smoke(f"{self.name}:{self.image('small').tag}")
        self.assertEqual(status, 0, rows)
        self.assertRegex(rows[0], r"^\| registry.example/library/small:\S+ \| \d+ kB \| [0-9.]+ s \| [0-9.]+ s \| ok \|$")
        paths = [request.path for request in self.registry.requests() if request.method == "GET"]
        self.assertTrue(paths)
        self.assertEqual(len(paths), len(set(paths)))

    def test_what_was_wrong_with_one_is_in_its_row_and_the_others_are_tried(self):
        status, rows = self.smoke(f"{self.name}:none", f"{self.name}:{self.image('small').tag}")
        self.assertEqual(status, 1)
        self.assertIn("MANIFEST_UNKNOWN", rows[0])
        self.assertTrue(rows[1].endswith("| ok |"), rows[1])
