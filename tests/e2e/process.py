"""Programs that a test starts: each with its output in a file, stopped by its process id whatever the outcome.

Children are told to end when the runner dies (PR_SET_PDEATHSIG), so even a killed run leaves no daemon behind. Linux sends
that signal when the *thread* that started the child ends: start programs from the main thread.
"""

import ctypes
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1
_MNT_DETACH = 2


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class ProgramFailed(Exception):
    """A program that did not come up, or a command that failed; the message ends with what it printed last."""


def tail(path, lines=15):
    return "\n".join(pathlib.Path(path).read_text(errors="replace").splitlines()[-lines:])


def run(argv, timeout, env=None, cwd=None, check=True):
    """Runs a command to its end within `timeout` seconds and returns it, with stdout and stderr as text."""
    argv = [str(a) for a in argv]
    try:
        done = subprocess.run(argv, env={**os.environ, **(env or {})}, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, errors="replace", timeout=timeout, preexec_fn=_die_with_parent)
    except subprocess.TimeoutExpired as late:
        raise ProgramFailed(f"{' '.join(argv)}: not done after {timeout} s") from late
    if check and done.returncode != 0:
        last = "\n".join((done.stderr or done.stdout).splitlines()[-15:])
        raise ProgramFailed(f"{' '.join(argv)}: exit {done.returncode}\n{last}")
    return done


class Program:
    """A daemon in a process group of its own. `log` gets stdout and stderr, one run after the other."""

    def __init__(self, argv, log, env=None):
        self.argv = [str(a) for a in argv]
        self.name = pathlib.Path(self.argv[0]).name
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self._log_start = out.tell()
            self._child = subprocess.Popen(self.argv, env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL, stdout=out,
                                           stderr=subprocess.STDOUT, start_new_session=True, preexec_fn=_die_with_parent)
        self.pid = self._child.pid

    def output(self):
        with open(self.log, "rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def running(self):
        return self._child.poll() is None

    def wait(self, timeout):
        """The exit status; negative for a signal."""
        try:
            return self._child.wait(timeout)
        except subprocess.TimeoutExpired as late:
            raise ProgramFailed(f"{self.name}: still running after {timeout} s") from late

    def wait_until(self, ready, timeout, what="ready"):
        """Waits until `ready()` is true and returns what it returned. Fails at once when the program ends."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            value = ready()
            if value:
                return value
            if not self.running():
                raise ProgramFailed(f"{self.name}: ended with {self._child.returncode}\n{tail(self.log)}")
            time.sleep(0.02)
        raise ProgramFailed(f"{self.name}: not {what} after {timeout} s\n{tail(self.log)}")

    def wait_for_line(self, pattern, timeout):
        """Waits for a line of its output, and returns the match."""
        return self.wait_until(lambda: re.search(pattern, self.output(), re.MULTILINE), timeout, f"at /{pattern}/")

    def signal(self, number):
        if self.running():
            os.kill(self.pid, number)

    def stop(self, grace=20):
        """SIGTERM, and SIGKILL for the whole group when that does not help. Fine to call again. The exit status."""
        self.signal(signal.SIGTERM)
        try:
            return self._child.wait(grace)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self):
        if self.running():
            os.killpg(self.pid, signal.SIGKILL)
        return self._child.wait(10)


def accepts(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def listens(path):
    """Whether somebody does on a Unix socket."""
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def remove_tree(folder):
    """Removes a folder, with what a stopped container daemon left mounted in it."""
    for _ in range(10):
        unmount_under(folder)
        shutil.rmtree(folder, ignore_errors=True)
        if not os.path.exists(folder):
            return
        time.sleep(0.2)


def mount_tmpfs(folder, size):
    """A file system of its own in memory, for root; unmount_under() its parent ends it."""
    folder.mkdir(parents=True)
    run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], timeout=10)


def unmount_under(folder):
    prefix = os.path.realpath(folder) + "/"
    points = [line.split()[1] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    for point in sorted((p for p in points if p.startswith(prefix)), reverse=True):
        _libc.umount2(os.fsencode(point), _MNT_DETACH)
