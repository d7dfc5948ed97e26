#!/usr/bin/env python3
"""Counts what ctest wrote as JUnit XML: prints "N passed, N failed, N skipped", and each skipped test by its name."""

import re
import sys
import xml.etree.ElementTree as ElementTree


def reason(case):
    """": WHY" of a skipped test: what GTEST_SKIP() was given, which ctest passes on within the test's output."""
    output = case.findtext("system-out") or ""
    said = re.search(r": Skipped\n(.+)", output)
    return f": {said[1].strip()}" if said else ""


def main():
    passed = failed = skipped = 0
    for case in ElementTree.parse(sys.argv[1]).getroot().iter("testcase"):
        if case.get("status") == "run":
            passed += 1
        elif case.get("status") in ("notrun", "disabled") or case.find("skipped") is not None:
            skipped += 1
            print(f"skipped {case.get('name')}{reason(case)}", file=sys.stderr)
        else:
            failed += 1
    print(f"{passed} passed, {failed} failed, {skipped} skipped")


if __name__ == "__main__":
    main()
