"""deploy/systemd: the unit, as systemd itself reads it. No systemd has to run."""

import pathlib
import re
import tempfile
import unittest

from harness import SETTINGS, program
from process import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "deploy" / "systemd" / "entrepot.service"


class Unit(unittest.TestCase):
    def setUp(self):
        if SETTINGS.peer:
            self.skipTest("of entrepot only")

    def values(self, key):
        return re.findall(rf"^{key}=(.*)$", UNIT.read_text(), re.MULTILINE)

    def value(self, key):
        value, = self.values(key)
        return value

    def analyze(self, *arguments):
        """systemd-analyze, on the unit with the program under test in the installed one's place."""
        if lacking := program("systemd-analyze")():
            self.skipTest(lacking)
        with tempfile.TemporaryDirectory() as folder:
            unit = pathlib.Path(folder) / UNIT.name
            unit.write_text(UNIT.read_text().replace("/usr/local/bin/entrepot", str(SETTINGS.binary)))
            done = run(["systemd-analyze", *arguments, unit], timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_systemd_finds_nothing_to_mend(self):
        # Of our unit: what it says of others of this machine is not ours to mend.
        status, verdict = self.analyze("verify", "--man=no", "--recursive-errors=no")
        self.assertEqual((status, [line for line in verdict.splitlines() if UNIT.name in line]), (0, []), verdict)

    def test_systemd_finds_little_exposed(self):
        status, verdict = self.analyze("security", "--offline=true", "--no-pager", "--threshold=20")
        self.assertEqual(status, 0, verdict)

    def test_it_is_given_longer_to_stop_than_shutdown_grace(self):
        grace = re.search(r"^shutdown_grace: (\d+)s$", (ROOT / "config" / "example.yaml").read_text(), re.MULTILINE)[1]
        self.assertGreaterEqual(int(self.value("TimeoutStopSec").removesuffix("s")), int(grace) + 20)

    def test_it_comes_back_but_not_with_a_faulty_configuration(self):
        self.assertEqual((self.value("Restart"), self.value("RestartPreventExitStatus")), ("on-failure", "2"))
        # Five starts within ten seconds are systemd's limit, after which it gives up.
        self.assertGreater(int(self.value("RestartSec").removesuffix("s")), 2)

    def test_a_reload_checks_the_file_that_the_daemon_reads(self):
        program_file, serve, *arguments = self.value("ExecStart").split()
        self.assertEqual(serve, "serve")
        self.assertEqual(self.values("ExecReload"), [" ".join([program_file, "check", *arguments]), "/bin/kill -HUP $MAINPID"])

    def test_the_store_is_mounted_and_its_users_own(self):
        self.assertEqual(self.value("RequiresMountsFor"), "/var/lib/entrepot")
        self.assertEqual(self.value("StateDirectory"), "entrepot")
        self.assertEqual(self.value("Environment"), "XDG_STATE_HOME=%S")
        self.assertIn(f"u {self.value('User')} ", UNIT.with_suffix(".sysusers").read_text())
