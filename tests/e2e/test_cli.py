"""The command line: what `entrepot` prints and its exit status. What needs a running daemon is in test_lifecycle.py."""

import pathlib
import re
import tempfile
import unittest

from harness import SETTINGS
from process import run

ROOT = pathlib.Path(__file__).resolve().parents[2]


class CommandLine(unittest.TestCase):
    def setUp(self):
        if SETTINGS.peer:
            self.skipTest("of entrepot only")

    def entrepot(self, *arguments):
        done = run([SETTINGS.binary, *arguments], timeout=20, check=False)
        return done.returncode, done.stdout, done.stderr

    def test_check_accepts_the_configurations_that_are_shipped(self):
        for file in sorted((ROOT / "config").glob("*.yaml")):
            with self.subTest(file.name):
                status, output, errors = self.entrepot("check", "--config", file)
                self.assertEqual((status, output), (0, f"{file}: ok\n"), errors)

    def test_check_names_every_fault_and_ends_with_2(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("threads: many\nlog:\n  levle: info\n")
            file.flush()
            status, output, errors = self.entrepot("check", "--config", file.name)
        self.assertEqual((status, output), (2, ""))
        for words in (f"{file.name}:1", "threads", f"{file.name}:3", "levle", "level"):
            self.assertIn(words, errors)

    def test_a_configuration_that_is_not_there_ends_with_2(self):
        for command in ("check", "serve"):
            with self.subTest(command):
                status, _, errors = self.entrepot(command, "--config", "/nowhere/entrepot.yaml")
                self.assertEqual(status, 2)
                self.assertIn("/nowhere/entrepot.yaml", errors)

    def test_a_file_that_is_not_what_it_is_named_for_ends_with_2_and_says_where(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "empty").write_text("")
            (folder / "no.pem").write_text("no certificate")
            config = folder / "entrepot.yaml"
            tls = f"{{certificate: {folder}/no.pem, key: {folder}/no.pem}}"
            password = f"{{username: u, password_file: {folder}/empty}}"
            for listener, upstream, key in ((f"tls: {tls}", "", "listeners[0]"),
                                            ("", f"ca: {folder}/no.pem", "upstreams.docker.io"),
                                            ("", f"client_certificate: {tls}", "upstreams.docker.io"),
                                            ("", f"credentials: {password}", "upstreams.docker.io")):
                with self.subTest(upstream or listener):
                    config.write_text(f"listeners: [{{address: '127.0.0.1:0', {listener}}}]\nadmin: null\n"
                                      f"storage: {{path: {folder}/store}}\nupstreams: {{docker.io: {{{upstream}}}}}\n")
                    status, _, errors = self.entrepot("serve", "--config", config)
                    self.assertEqual(status, 2, errors)
                    self.assertIn(f"{config}: {key}: ", errors)
                    self.assertRegex(errors, "no.pem|empty")

    def test_files_that_are_missing_are_listed_with_the_faults_by_line(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("log: {level: loud}\nupstreams:\n  docker.io:\n    ca: /nowhere/ca.pem\nthreads: many\n")
            file.flush()
            status, _, errors = self.entrepot("serve", "--config", file.name)
        self.assertEqual(status, 2)
        lines = [line.split(":")[1] for line in errors.splitlines()]
        self.assertEqual(lines, ["1", "4", "5"], errors)
        self.assertIn(":4: upstreams.docker.io.ca: cannot read /nowhere/ca.pem", errors)

    def test_version_is_that_of_the_project(self):
        version = re.search(r"project\(entrepot VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual(self.entrepot("version"), (0, f"entrepot {version}\n", ""))

    def test_help_ends_with_0(self):
        status, output, _ = self.entrepot("--help")
        self.assertEqual(status, 0)
        for command in ("serve", "check", "version"):
            self.assertIn(command, output)

    def test_bad_usage_ends_with_2_and_says_why(self):
        for arguments in ([], ["pull"], ["--nonsense"], ["serve", "--nonsense"], ["serve", "now"], ["check"],
                          ["check", "--config"], ["check", "--config", ""], ["serve", "--config", ""], ["version", "1"]):
            with self.subTest(arguments=arguments):
                status, output, errors = self.entrepot(*arguments)
                self.assertEqual((status, output), (2, ""))
                self.assertTrue(errors)
