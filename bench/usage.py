"""What a server uses, itself and its children, from /proc."""

import os
import pathlib

_TICKS = os.sysconf("SC_CLK_TCK")


def _family(pid):
    """A process and all that descend from it."""
    yield pid
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))


def cpu_seconds(pid):
    """In user mode and in the kernel, since they started."""
    total = 0
    for member in _family(pid):
        # The name, in parentheses, may have blanks in it: count from behind it. Fields 14 and 15 of proc(5).
        fields = pathlib.Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def resident_bytes(pid):
    total = 0
    for member in _family(pid):
        for line in pathlib.Path(f"/proc/{member}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                total += int(line.split()[1]) * 1024
    return total
