#!/usr/bin/env python3
"""Programs in Go that are no packages of Debian's, or newer than those: built once from pinned versions with ordinary `go`, and
kept beside the images.

    tests/e2e/go_tools.py [NAME]...       builds them now, all by default, and says how long each took

A test class names what it runs in `needs`: `go_tool("crane")`. It is built when the first class asks. Where a build fails,
the tests are skipped by name, with the reason.
"""

import dataclasses
import fcntl
import hashlib
import json
import pathlib
import platform
import re
import shutil
import sys
import time

import image
from process import ProgramFailed, run

# The least that all of the programs build with. A `go` that is older only brings this one.
GO = "1.26.8"

_BUILD_TIMEOUT = 1500  # seconds; containerd alone takes minutes on a slow core
_HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Source:
    """Where programs come from: packages of one module at one version, built together. With `own`, a program of that
    folder beside this file, which requires the module."""
    module: str
    version: str
    packages: tuple
    own: str = ""


_SOURCES = (
    Source("github.com/google/go-containerregistry", "v0.22.1", ("cmd/crane",)),
    Source("github.com/regclient/regclient", "v0.11.7", ("cmd/regctl",)),
    Source("github.com/containerd/containerd/v2", "v2.4.2", ("cmd/containerd", "cmd/ctr", "cmd/containerd-shim-runc-v2")),
    Source("github.com/moby/buildkit", "v0.34.2", ("cmd/buildkitd", "cmd/buildctl")),
    Source("helm.sh/helm/v3", "v3.22.0", ("cmd/helm",)),
    Source("github.com/containerd/stargz-snapshotter", "v0.19.1", ("service",), own="containerd-stargz-grpc"),
)

TOOLS = {name: source for source in _SOURCES
         for name in ([source.own] if source.own else [package.rsplit("/", 1)[1] for package in source.packages])}

_failed = {}   # why a source cannot be built, by source


def go_tool(*names):
    """For `needs`: builds the programs that are missing, and says why one cannot be had, or None."""
    def lacking():
        try:
            for name in names:
                path(name)
        except ProgramFailed as failed:
            return f"cannot build {name}: {str(failed).splitlines()[-1]}"
        return None
    return lacking


def path(name):
    """The program, built now if it is not there yet. Raises ProgramFailed where it cannot be."""
    source = TOOLS[name]
    if source in _failed:
        raise ProgramFailed(_failed[source])
    try:
        return built(_folder(source), lambda folder: _build(source, folder)) / name
    except ProgramFailed as failed:
        _failed[source] = str(failed)
        raise


def version(name):
    return TOOLS[name].version


def built(name, build):
    """The folder of that name in the cache; where it is not there yet, `build` is called with an empty folder to fill."""
    cache = image.cache_folder().parent / "go"
    cache.mkdir(parents=True, exist_ok=True)
    folder, part = cache / name, cache / f"{name}.part"
    with open(cache / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            build(part)
            part.rename(folder)
    return folder


def go(*arguments, cwd="/", env=None, timeout=_BUILD_TIMEOUT):
    """Runs a command of a `go` that is new enough."""
    return run(["nice", _toolchain() / "bin" / "go", *arguments], timeout, cwd=cwd, env={**_ENVIRONMENT, **(env or {})})


# As the programs are released: static, without what is for debuggers. Nothing is taken over from this machine's settings
# but where modules come from.
_ENVIRONMENT = {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath", "GOTOOLCHAIN": "local", "GOWORK": "off"}
_LDFLAGS = "-ldflags=-s -w"


def _folder(source):
    """A name in the cache; another one as soon as something else would be built."""
    own = b"".join(file.read_bytes() for file in sorted((_HERE / source.own).iterdir())) if source.own else b""
    made_from = hashlib.sha256(f"{source} {GO} {_ENVIRONMENT} {_LDFLAGS}".encode() + own).hexdigest()
    return f"{source.module.replace('/', '_')}@{source.version}-{made_from[:8]}"


def _build(source, folder):
    if not source.own:
        # In the module's own folder, where all that its go.mod says holds; `go install` refuses some of that.
        module = _downloaded(_toolchain() / "bin" / "go", f"{source.module}@{source.version}")
        go("build", _LDFLAGS, "-o", f"{folder}/", *(f"./{package}" for package in source.packages), cwd=module)
        return
    module = folder / "src"
    shutil.copytree(_HERE / source.own, module)
    go("mod", "init", source.own, cwd=module)
    go("get", *(f"{source.module}/{package}@{source.version}" for package in source.packages), cwd=module)
    go("build", "-mod=mod", _LDFLAGS, "-o", folder / source.own, ".", cwd=module)
    shutil.rmtree(module)


def _toolchain():
    """The root of a Go that is at least GO: this machine's, or the module in which each release of Go comes."""
    found = shutil.which("go")
    if not found:
        raise ProgramFailed("there is no go")
    have = run([found, "env", "GOVERSION", "GOROOT"], timeout=20, env=_ENVIRONMENT, cwd="/").stdout.split()
    if _number(have[0]) >= _number(GO):
        return pathlib.Path(have[1])
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    root = _downloaded(found, f"golang.org/toolchain@v0.0.1-go{GO}.linux-{machine}")
    # Modules have no modes of files; `go` sets these itself where it is new enough to know of toolchains.
    for program in [*(root / "bin").iterdir(), *(file for file in (root / "pkg" / "tool").rglob("*") if file.is_file())]:
        program.chmod(0o755)
    return root


def _downloaded(program, module):
    """The folder of a module, which `go` checks against the public list of checksums."""
    answer = run([program, "mod", "download", "-json", module], timeout=600, env=_ENVIRONMENT, cwd="/", check=False)
    try:
        return pathlib.Path(json.loads(answer.stdout)["Dir"])
    except (KeyError, ValueError):
        raise ProgramFailed(f"no {module}: {answer.stdout or answer.stderr}".replace("\n", " ")) from None


def _number(release):
    """Of go1.26.8, go1.19, or 1.26rc1 (which is before all of 1.26's)."""
    numbers = [int(n) for n in re.match(r"(?:go)?(\d+(?:\.\d+)*)", release)[1].split(".")]
    return (*numbers, *[0] * (3 - len(numbers)), "rc" not in release)


def main():
    for name in sys.argv[1:] or TOOLS:
        start = time.monotonic()
        try:
            where = path(name)
        except ProgramFailed as failed:
            print(f"{name}: {failed}", flush=True)
            continue
        print(f"{time.monotonic() - start:6.1f} s  {where}", flush=True)
    return 1 if _failed else 0


if __name__ == "__main__":
    sys.exit(main())
