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
                          ["check", "--config"], ["version", "1"]):
            with self.subTest(arguments=arguments):
                status, output, errors = self.entrepot(*arguments)
                self.assertEqual((status, output), (2, ""))
                self.assertTrue(errors)
