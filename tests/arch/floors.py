#!/usr/bin/env python3
"""Holds the floors of docs/architecture.md: who may include and link whom, and where a header stands.

An include goes down a floor or stays in its module; sideways only on floors 0 and 1. What a module links in
CMakeLists.txt goes the same way. A header stands in include/entrepot/<module>/ only if another module, or a test,
includes it; spdlog, SQLite, yaml-cpp and Beast stay where they belong. Prints one line a fault and ends with 1 if there
is one.
"""

import itertools
import pathlib
import re
import sys

FLOORS = {
    "base": 0,
    "io": 1, "oci": 1, "config": 1,
    "http": 2,
    "store": 3, "upstream": 3,
    "cache": 4,
    "registry": 5, "admin": 5,
    "app": 6,
}

# Libraries that only some modules may include.
LIBRARIES = {
    "spdlog/": {"base"},
    "prometheus/": {"base"},
    "sqlite3.h": {"store"},
    "yaml-cpp/": {"config"},
    "boost/beast": {"http"},
    "CLI/": {"app"},
    "boost/asio/co_spawn": {"io"},
}

INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)
MODULE = re.compile(r"^entrepot_module\((\w+)(?: ASIO)? LINKS ([^)]+)\)", re.MULTILINE)


def module_of(path):
    """The module that a file of ours belongs to, as it is included or as it stands in the tree."""
    parts = pathlib.PurePath(path).parts
    if parts[0] == "include":
        parts = parts[1:]
    if parts[0] in ("src", "entrepot"):
        parts = parts[1:]
    return parts[0] if len(parts) > 1 and parts[0] in FLOORS else None


def may_include(module, other):
    if module == other:
        return True
    if FLOORS[other] < FLOORS[module]:
        return True
    return FLOORS[other] == FLOORS[module] <= 1


def sources(root, folder):
    return sorted(p for p in (root / folder).rglob("*") if p.suffix in (".hpp", ".cpp"))


def check(root):
    faults = []
    included_from = {}
    for path in sources(root, "src") + sources(root, "include") + sources(root, "tests"):
        name = path.relative_to(root).as_posix()
        module = module_of(name) if not name.startswith("tests/") else None
        for target in INCLUDE.findall(path.read_text()):
            if target.startswith("entrepot/"):
                included_from.setdefault(target, set()).add(module or "tests")
            if module is None:
                continue
            other = module_of(target)
            if other and not may_include(module, other):
                faults.append(f"{name}: {module} (floor {FLOORS[module]}) includes {target} (floor {FLOORS[other]})")
            if other and other != module and not target.startswith("entrepot/"):
                faults.append(f"{name}: includes {target}, a private header of {other}")
            for library, owners in LIBRARIES.items():
                if target.startswith(library) and module not in owners:
                    faults.append(f"{name}: includes {target}, which only {', '.join(sorted(owners))} may")
    for path in sources(root, "include"):
        target = path.relative_to(root / "include").as_posix()
        if not included_from.get(target, set()) - {module_of(target)}:
            faults.append(f"include/{target}: no other module includes it; it belongs into src/{module_of(target)}/")
    return faults


def check_links(root):
    faults = []
    links = {module: targets.split() for module, targets in MODULE.findall((root / "CMakeLists.txt").read_text())}
    for module in sorted(links.keys() ^ FLOORS.keys()):
        faults.append(f"CMakeLists.txt: {module} has no floor, or is no module")
    for module, other in itertools.product(sorted(links.keys() & FLOORS.keys()), FLOORS):
        if f"entrepot_{other}" in links[module] and not may_include(module, other):
            faults.append(f"CMakeLists.txt: {module} (floor {FLOORS[module]}) links {other} (floor {FLOORS[other]})")
    return faults


def main():
    root = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
    faults = check(root) + check_links(root)
    print("\n".join(faults) if faults else "floors: all includes and links go down")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
