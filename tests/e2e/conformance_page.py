#!/usr/bin/env python3
"""docs/conformance.md: every test of both suites with its result, and for each that was skipped the reason.

    tests/e2e/conformance_page.py        writes it from the reports that the last run of test_conformance.py left

What was not passed and has no reason here is a fault.
"""

import collections
import dataclasses
import pathlib
import re
import sys

from conformance import VERSIONS, cases

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "conformance.md"
REPORTS = ROOT / "build" / "conformance"   # <suite>/<run>, as the suites write them


@dataclasses.dataclass(frozen=True)
class Run:
    """How a suite is run."""
    writes: bool      # it pushes what it reads: to the upstream, behind entrepot's back
    upstream: str     # memory, docker-registry
    prefix: str       # before the repository's name


RUNS = {letter: Run(writes, upstream, prefix) for letter, (writes, upstream, prefix) in zip("ABCDEF", (
    (True, "memory", ""), (True, "memory", "docker.io/"),
    (False, "memory", ""), (False, "memory", "docker.io/"),
    (False, "docker-registry", ""), (False, "docker-registry", "docker.io/")))}


@dataclasses.dataclass(frozen=True)
class Reason:
    suite: str
    runs: str
    names: str      # a pattern
    why: str
    status: str = "skipped"


REASONS = (
    Reason("current", "ABCDEF", r".*/(blob|manifest|tag)-delete",
           "DELETE is switched off: what has a digest stays in a cache, whatever its upstream deletes."),
    Reason("current", "CDEF", r".*/(push|blob-post-\w+|blob-patch-\w+|manifest-put)(/.*)?", "It writes; A and B have it."),
    Reason("current", "EF", r"(.*/)?referrers",
           "docker-registry has no referrers API; its 404 is handed on, at which clients look for the fallback tag. A to D have it."),
    Reason("legacy", "ABCDEF", r"Push .*|Content Management .*", "Parts of the suite that are about writing, not asked for."),
    Reason("legacy", "AB", r"Pull Setup Get tag name from environment|Content Discovery Setup .* \(no push\)",
           "For data that is there already; C to F have it."),
    Reason("legacy", "CDEF", r"(Pull|Content Discovery) (Setup (Populate .*|Get the name of a tag|References setup)|Teardown .*)",
           "Writes or removes the suite's data; here it is there already."),
    Reason("legacy", "EF", r"Content Discovery .*\(listing references\).*", "docker-registry has no referrers API; A to D have it."),
    Reason("legacy", "ABCDEF", r"Pull Pull manifests (HEAD request to|GET) nonexistent manifest should return 404",
           "It asks for `.INVALID_MANIFEST_NAME`, which by the spec's grammar is neither a tag nor a digest: 400 TAG_INVALID. The "
           "current suite asks for what could be a tag (`missing-manifest/by-tag`), and gets its 404.", "failed"),
)

# What only the upstream answers.
_WRITES = re.compile(r".*/(push/.*|blob-(post|patch|mount|delete)\S*|manifest-(put|delete)|tag-delete)|"
                     r"(Push|Content Management) .*|.* (Setup|Teardown) .*")


def reason_of(suite, run, name, status):
    """The number of the reason why a test is not passed there, from 1 on; None: there is none."""
    for number, reason in enumerate(REASONS, 1):
        if (reason.suite, reason.status) == (suite, status) and run in reason.runs and re.fullmatch(reason.names, name):
            return number
    return None


def faults(suite, run, found):
    """What was not passed, for no listed reason; one line each."""
    return [f"{case.name}: {case.status}: {' '.join(case.why.split())[:300]}" for case in found
            if case.status != "passed" and not reason_of(suite, run, case.name, case.status)]


def render(results):
    """The page, from the cases by suite and run."""
    return _HEAD + "\n".join(_part(suite, results[suite]) for suite in VERSIONS)


def _part(suite, runs):
    names = sorted({case.name for run in RUNS for case in runs[run]})
    counts = {(run, name): collections.Counter() for run in RUNS for name in names}
    for run in RUNS:
        for case in runs[run]:
            counts[run, case.name][case.status] += 1
    totals = {run: collections.Counter(case.status for case in runs[run]) for run in RUNS}
    lines = [f"## The {suite} suite", "", f"`conformance@{VERSIONS[suite]}`", "", _row("", RUNS), _row("---", ["---"] * len(RUNS))]
    lines += [_row(status, (totals[run][status] for run in RUNS)) for status in ("passed", "failed", "skipped")]
    for title, writing in (("What reads", False), ("What writes: the upstream's answers, not entrepot's", True)):
        lines += ["", f"### {title}", "", _row("test", RUNS), _row("---", ["---"] * len(RUNS))]
        lines += [_row(name.replace("|", "\\|"), (_cell(suite, run, name, counts[run, name]) for run in RUNS))
                  for name in names if bool(_WRITES.fullmatch(name)) is writing]
    used = sorted({reason_of(suite, run, case.name, case.status) for run in RUNS for case in runs[run]} - {None})
    lines += ["", "Not passed, because:", ""] + [f"- [{number}] {REASONS[number - 1].why}" for number in used] + [""]
    return "\n".join(lines)


def _row(first, others):
    return f"| {first} | {' | '.join(str(other) for other in others)} |"


def _cell(suite, run, name, count):
    words = []
    for status, word in (("passed", "pass"), ("failed", "FAIL"), ("skipped", "skip")):
        if count[status]:
            number = reason_of(suite, run, name, status)
            words.append(word + (f" ×{count[status]}" if count[status] > 1 else "") + (f" [{number}]" if number else ""))
    return ", ".join(words)


_HEAD = """\
# Conformance

What the OCI distribution-spec's own conformance suites say of entrepot. `tests/e2e/conformance_page.py` writes this page, from the
reports that `tests/e2e/test_conformance.py` leaves in `build/conformance`. That test fails if it does not see what stands here, and
if anything is not passed for no reason that is listed below.

    tests/e2e/run.py -k Conformance; tests/e2e/conformance_page.py

entrepot takes no pushes: what a suite reads through it, it has pushed to the upstream behind it.

| | the suite | upstream | repository |
|---|---|---|---|
| A | pushes as it goes, and reads all of it through entrepot | in memory | `NAME` |
| B | the same | in memory | `docker.io/NAME` |
| C | only reads (`OCI_API_PUSH=false`, or the three preset values), what its own push phase left | in memory | `NAME` |
| D | the same, of which entrepot has stored the most by now | in memory | `docker.io/NAME` |
| E | as C | Debian's docker-registry 2.8 | `NAME` |
| F | as D | Debian's docker-registry 2.8 | `docker.io/NAME` |

The upstream in memory is the tests' own (`memory_registry.py`), for what docker-registry 2.8 lacks: referrers, sha512, and lists of
tags page by page. The current suite checks all that is optional, and digest headers wherever it can, but for DELETE. The legacy
suite is the newest that can be had as a Go module, from a few months before 1.1.0: the tag v1.1.1 is none.

`pass ×3` are three tests of that name; an empty cell is a run without a test of that name. The current suite's range cases are also
replayed one by one, on a blob that is stored, on one that is just coming, and as what starts its download (`Ranges`, in the same
file).

"""


def main():
    PAGE.write_text(render({suite: {run: cases(REPORTS / suite / run) for run in RUNS} for suite in VERSIONS}),
                    encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
