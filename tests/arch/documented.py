#!/usr/bin/env python3
"""Every event of the log and every metric is in docs/operations.md by its name, and nothing else is. Prints one line a fault
and ends with 1 if there is one."""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
EVENT = re.compile(r'log::(?:(?:debug|info|warning|error)\(|write\(\w+,)\s*"([a-z_]+)"')
METRIC = re.compile(r'"((?:entrepot|process)_[a-z_]+)"')


def main():
    source = "".join(path.read_text() for path in sorted((ROOT / "src").rglob("*.[ch]pp")))
    page = (ROOT / "docs" / "operations.md").read_text()
    logs, metrics = page.partition("## Metrics")[::2]
    named = set(re.findall(r"`([a-z_]+)`", " ".join(re.findall(r"^\| (`[^|]+) \| [a-z, ]+ \| `?[^|]*\| ", logs, re.MULTILINE))))
    counted = set(re.findall(r"`((?:entrepot|process)_[a-z_]+)`", metrics))
    events = set(EVENT.findall(source)) | {"log_lines_dropped"}
    faults = [f"docs/operations.md says nothing of the event {event}" for event in sorted(events - named - {"request"})]
    faults += [f"docs/operations.md: no event is called {event}" for event in sorted(named - events)]
    faults += [f"docs/operations.md says nothing of the metric {metric}" for metric in sorted(set(METRIC.findall(source)) - counted)]
    faults += [f"docs/operations.md: no metric is called {metric}" for metric in sorted(counted - set(METRIC.findall(source)))]
    print("\n".join(faults) if faults else "ok")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
