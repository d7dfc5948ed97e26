"""The sandbox itself: what is in it stays there, and goes with it."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from harness import base, overlay, root
from process import remove_tree, run
from sandbox import Sandbox

_START = "import pathlib, sys; from sandbox import Sandbox; s = Sandbox('/', pathlib.Path(sys.argv[1])).start(); " \
         "print(s.pid, flush=True); sys.stdin.read()"


class InASandbox(unittest.TestCase):
    def setUp(self):
        if reason := root() or overlay():
            self.skipTest(reason)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="e2e-", dir=base()))
        self.addCleanup(remove_tree, self.work)

    def test_its_files_are_its_own_but_for_the_shared_folder(self):
        sandbox = Sandbox("/", self.work, {"etc/hosts": "its own\n"})
        self.addCleanup(sandbox.stop)
        sandbox.start()
        seen = run(sandbox.inside(["cat", "/etc/hosts"]), timeout=10).stdout
        run(sandbox.inside(["touch", "/e2e-inside", f"{self.work}/shared"]), timeout=10)
        self.assertEqual(seen, "its own\n")
        self.assertTrue((self.work / "shared").exists())
        self.assertFalse(os.path.exists("/e2e-inside"))
        self.assertNotIn(str(self.work), pathlib.Path("/proc/mounts").read_text())

    def test_it_ends_when_its_runner_is_killed(self):
        runner = subprocess.Popen([sys.executable, "-c", _START, self.work], cwd=pathlib.Path(__file__).parent, text=True,
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with runner:
            pid = int(runner.stdout.readline())
            self.assertTrue(os.path.exists(f"/proc/{pid}"))
            runner.send_signal(signal.SIGKILL)
        end = time.monotonic() + 20
        while _runs(pid) and time.monotonic() < end:
            time.sleep(0.05)
        self.assertFalse(_runs(pid))


def _runs(pid):
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
