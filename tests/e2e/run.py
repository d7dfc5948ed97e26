#!/usr/bin/env python3
"""Runs the tests with real clients and a real upstream.

    tests/e2e/run.py [--binary build/entrepot] [--peer] [--long] [-k PATTERN]... [--list]

One line for each test, the figures that were taken, and at the end `e2e: N passed, N failed, N skipped`. Exit status 1 when
a test failed, or none ran.
"""

import argparse
import pathlib
import signal
import sys
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import harness  # noqa: E402


class Lines(unittest.TestResult):
    """Prints a line for each test as it ends."""

    def __init__(self):
        super().__init__()
        self.passed = 0
        self._start = 0.0

    def startTest(self, test):
        super().startTest(test)
        self._start = time.monotonic()
        self._bad = len(self.failures) + len(self.errors) + len(self.skipped)

    def stopTest(self, test):
        if len(self.failures) + len(self.errors) + len(self.skipped) == self._bad:
            self.passed += 1
            self._line("ok", test)
        super().stopTest(test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._line("FAILED", test, self.failures[-1][1])

    def addError(self, test, err):
        super().addError(test, err)
        self._line("FAILED", test, self.errors[-1][1])

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._line("FAILED", subtest, self.failures[-1][1] if issubclass(err[0], test.failureException) else self.errors[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("skipped", test, reason)

    def failed(self):
        """The tests that failed: one with several failed parts counts once."""
        return {getattr(test, "test_case", test).id() for test, _ in self.failures + self.errors}

    def _line(self, what, test, why=""):
        seconds = f"({time.monotonic() - self._start:.1f} s)" if self._start else ""
        print(f"{what:8}{test.id()} {seconds}{': ' if what == 'skipped' else ''}{why if what == 'skipped' else ''}", flush=True)
        if what == "FAILED":
            print(why, flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, default=HERE.parents[1] / "build" / "entrepot")
    parser.add_argument("--peer", action="store_true", help="test docker-registry's proxy mode in place of entrepot")
    parser.add_argument("-k", action="append", metavar="PATTERN", help="only tests whose name has this in it")
    parser.add_argument("--long", action="store_true", help="tests that a longer run says more about take minutes")
    parser.add_argument("--list", action="store_true", help="name the tests and run none")
    options = parser.parse_args()

    loader = unittest.TestLoader()
    if options.k:
        loader.testNamePatterns = [f"*{pattern}*" for pattern in options.k]
    suite = loader.discover(str(HERE), pattern="test_*.py", top_level_dir=str(HERE))
    if options.list:
        for test in _flat(suite):
            print(test.id())
        return 0

    # An end from outside unwinds as ^C does, so that every program is stopped and every folder removed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    harness.SETTINGS.binary = options.binary.resolve()
    harness.SETTINGS.peer = options.peer
    harness.SETTINGS.long = options.long
    if not options.peer and not options.binary.exists():
        print(f"e2e: there is no {options.binary}; scripts/build makes it", file=sys.stderr)
        return 1
    harness.prepare("ninety", "layers", "debian", "many", "small")

    classes = {type(test) for test in _flat(suite)}
    lines = Lines()
    try:
        suite.run(lines)
    finally:
        for interrupted in classes:
            interrupted.doClassCleanups()
    if harness.SETTINGS.figures:
        print("\nFigures (none of them is asserted):")
        print("\n".join(f"  {figure}" for figure in harness.SETTINGS.figures))
    if lines.skipped:
        print("\nSkipped:")
        print("\n".join(f"  {test.id()}: {reason}" for test, reason in lines.skipped))
    print(f"\ne2e: {lines.passed} passed, {len(lines.failed())} failed, {len(lines.skipped)} skipped")
    return 0 if lines.passed and not lines.failed() else 1


def _flat(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _flat(test)
        else:
            yield test


if __name__ == "__main__":
    sys.exit(main())
