#!/usr/bin/env python3
"""Every test that docs/traps.md names is in the tree, and every row names one or says why there is none. Prints one line a
fault and ends with 1 if there is one."""

import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
CPP_TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)
NAME = re.compile(r"`(\w+(?:\.\w+){1,2})`")


def cpp_tests():
    sources = "".join(path.read_text() for path in sorted((ROOT / "tests").rglob("*_test.cpp")))
    return {f"{suite}.{test}" for suite, test in CPP_TEST.findall(sources)}


def methods(name, classes):
    """The tests of a class of a module, those of its bases there included."""
    if name not in classes:
        return set()
    own = {item.name for item in classes[name].body if isinstance(item, ast.FunctionDef) and item.name.startswith("test_")}
    return own.union(*(methods(base.id, classes) for base in classes[name].bases if isinstance(base, ast.Name)))


def python_tests():
    tests = set()
    for path in sorted((ROOT / "tests" / "e2e").glob("test_*.py")):
        classes = {node.name: node for node in ast.parse(path.read_text()).body if isinstance(node, ast.ClassDef)}
        tests |= {f"{path.stem}.{name}.{method}" for name in classes for method in methods(name, classes)}
    return tests


def main():
    tests = cpp_tests() | python_tests()
    rows = [line for line in (ROOT / "docs" / "traps.md").read_text().splitlines() if re.match(r"\| [^|-]", line)]
    faults = [] if rows else ["docs/traps.md has no rows"]
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if cells[0] == "trap":
            continue
        if len(cells) != 4 or not cells[3]:
            faults.append(f"docs/traps.md: neither a test nor a reason: {cells[0]}")
            continue
        faults += [f"docs/traps.md: no test is called {name}" for name in NAME.findall(cells[3]) if name not in tests]
    print("\n".join(faults) if faults else "ok")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
