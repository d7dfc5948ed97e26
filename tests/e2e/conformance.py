"""The two conformance suites of the OCI distribution-spec: built at pinned versions, run, their reports read.

  current   of the main branch: one program, made for registries that are read-only too
  legacy    of the releases 1.0 and 1.1: a Go test. The newest that can be had as a Go module is from shortly before 1.1.0

Source: https://github.com/opencontainers/distribution-spec, conformance/README.md of each version.
"""

import dataclasses
import re
import shutil
import xml.etree.ElementTree

import go_tools
from process import ProgramFailed, run

_MODULE = "github.com/opencontainers/distribution-spec/conformance"
VERSIONS = {"current": "v0.0.0-20260831232431-97274622c111", "legacy": "v0.0.0-20231101194043-f2182352d4cc"}


def lacking():
    """A need of tests (harness.py)."""
    try:
        for suite in VERSIONS:
            _program(suite)
    except ProgramFailed as failed:
        return f"cannot build the conformance suites: {str(failed).splitlines()[-1]}"
    return None


def _program(suite):
    name = f"{_MODULE.replace('/', '_')}@{VERSIONS[suite]}"
    return go_tools.built(name, lambda folder: _build(VERSIONS[suite], folder)) / "conformance"


def _build(version, folder):
    module = folder / "src"
    module.mkdir()
    go_tools.go("mod", "init", "suite", cwd=module)
    go_tools.go("get", "-t", f"{_MODULE}@{version}", cwd=module)
    command = ["build"] if version == VERSIONS["current"] else ["test", "-c"]
    go_tools.go(*command, "-o", folder / "conformance", _MODULE, cwd=module)
    shutil.rmtree(module)


@dataclasses.dataclass(frozen=True)
class Case:
    """What a report says of one test. Several have the same name."""
    name: str
    status: str   # passed, skipped, failed
    why: str      # what it says where it was not passed


@dataclasses.dataclass(frozen=True)
class Data:
    """What a repository holds, by which suites that do not write read it."""
    tags: tuple
    manifests: tuple = ()   # digests
    blobs: tuple = ()


def run_current(port, repository, folder, data=None, without=()):
    """With `data`: it only reads. Every optional part of the spec is checked, but for DELETE and what the upstream is `without`:
    "referrers", "sha512"."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = {"VERSION": "dev", "REGISTRY": f"127.0.0.1:{port}", "TLS": "disabled", "REPO1": repository,
                "REPO2": f"{repository}-second", "DATA_SPARSE": True, "DATA_SHA512": "sha512" not in without,
                "API_REFERRER": "referrers" not in without,
                "API_BLOBS_DELETE": False, "API_MANIFESTS_DELETE": False, "API_TAGS_DELETE": False,
                "API_BLOBS_DIGEST_HEADER": True, "API_MANIFESTS_DIGEST_HEADER": True}
    if not data:
        return _run("current", settings, folder)
    # Without the data to compare with, this suite does not keep the answer whose digest header it would look at.
    settings |= {"API_PUSH": False, "API_MANIFESTS_DIGEST_HEADER": False}
    reads = {"RO_DATA_TAGS": data.tags, "RO_DATA_MANIFESTS": data.manifests, "RO_DATA_BLOBS": data.blobs,
             "RO_DATA_REFERRERS": () if "referrers" in without else data.manifests}
    # Part by part, and without the two that only push: of data that was not used or parts that were skipped whole, the suite
    # cannot write its reports.
    parts = {"ping": {}, "empty": {}, "read-only": {name: " ".join(of) for name, of in reads.items()}, "missing-manifest": {},
             "invalid-digest-format": {}}
    return [case for part, more in parts.items()
            for case in _run("current", settings | more | {"FILTER_TEST": f"OCI Conformance Test/{part}"}, folder / part)]


def run_legacy(port, repository, folder, data=None, without=()):
    """With `data`, of one image: it only reads."""
    shutil.rmtree(folder, ignore_errors=True)
    settings = {"ROOT_URL": f"http://127.0.0.1:{port}", "NAMESPACE": repository, "TEST_PULL": 1, "TEST_CONTENT_DISCOVERY": 1}
    if data:
        settings |= {"TAG_NAME": data.tags[0], "TAG_LIST": ",".join(data.tags), "MANIFEST_DIGEST": data.manifests[0],
                     "BLOB_DIGEST": data.blobs[0]}
    return _run("legacy", settings, folder, *(["-ginkgo.skip=listing references"] if "referrers" in without else []))


def _run(suite, settings, folder, *arguments):
    folder.mkdir(parents=True)
    settings = settings | {"RESULTS_DIR": folder, "REPORT_DIR": folder}
    # Both end with 1 when a test failed, which the report says too.
    env = {f"OCI_{name}": str(value).lower() if isinstance(value, bool) else str(value) for name, value in settings.items()}
    done = run([_program(suite), *arguments], timeout=120, cwd=folder, check=False, env=env)
    if not (folder / "junit.xml").exists():
        raise ProgramFailed(f"the {suite} suite wrote no report\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return cases(folder)


_STATUS = {"passed": "passed", "skipped": "skipped", "failed": "failed", "failure": "failed", "error": "failed"}
_ROOT = re.compile(r"^(OCI Conformance Test/|\[It\] OCI Distribution Conformance Tests )")


def cases(folder):
    """What the reports in a folder say. What comes before and after all tests is no test."""
    found = []
    for case in _elements(folder):
        name = _ROOT.sub("", case.get("name"))
        if not name.startswith("["):
            told = [element.get("message") or element.text or "" for element in case if element.tag in ("skipped", "failure")]
            found.append(Case(name, _STATUS[case.get("status")], "".join(told) or case.findtext("system-out") or ""))
    return found


def _elements(folder):
    for report in sorted(folder.rglob("junit.xml")):
        yield from xml.etree.ElementTree.parse(report).iter("testcase")


def pushed(folder, repository):
    """The Data that the current suite's pushes left in a repository, as its report says."""
    refs, digests = {"manifests": [], "blobs": []}, {"manifests": [], "blobs": []}
    text = "".join(case.findtext("system-err") or "" for case in _elements(folder))
    exchange = re.compile(r"Method: (?:PUT|POST)\nURL: http://[^/]+/v2/" + re.escape(repository) + r"/(manifests|blobs)/(\S+)\n"
                          r".*?~~~ RESPONSE ~~~\nStatus: (\d+)\n(.*?)={20}", re.DOTALL)
    for kind, ref, status, answer in exchange.findall(text):
        digest = re.search(r"Docker-Content-Digest: \[(\S+)\]", answer)
        if status == "201" and digest:
            refs[kind].append(ref)
            digests[kind].append(digest[1])
    tags = (ref for ref in refs["manifests"] if ":" not in ref)
    return Data(*(tuple(dict.fromkeys(found)) for found in (tags, digests["manifests"], digests["blobs"])))
