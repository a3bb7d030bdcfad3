#!/usr/bin/env python3
"""CPython's own tests of what starts Pythons, with the shim in the interpreter's place and without.

    tests/cpython_suites.py SHIM [PYTHON] [SUITE...]

PYTHON (this one, unless it is named) has to be 3.8 or above and to ship its tests, as those that pyenv builds and
the image python:3.11 do; Debian has them in libpython3.11-testsuite. It is copied, and its own place stays its
own. Exits with 1 where a test ends otherwise with the shim.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.etree import ElementTree

SUITES = ["test_venv", "test_subprocess", "test_multiprocessing_spawn"]


def private_copy(python, root):
    """An installation of its own: the interpreter's file, and its libraries by a link."""
    facts = "import os, sys; print(os.path.realpath(sys._base_executable), sys.base_prefix, sep='\\n')"
    file, prefix = subprocess.check_output([python, "-c", facts], text=True).splitlines()
    (root / "bin").mkdir()
    copy = root / "bin" / os.path.basename(file)
    shutil.copy(file, copy)
    (root / "bin/python3").symlink_to(copy.name)
    (root / "bin/python").symlink_to(copy.name)
    (root / "lib").symlink_to(f"{prefix}/lib")
    return copy


def results(python, suites):
    """Test to how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.xml")
        command = [python, "-m", "test", "--junit-xml", report, *suites]
        subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        cases = ElementTree.parse(report).iter("testcase")
        # Of one that has several outcomes (subtests) all.
        ends = {}
        for case in cases:
            end = sorted(child.tag for child in case if child.tag in ("error", "failure", "skipped"))
            ends.setdefault(case.get("name"), []).append(",".join(end) or "ok")
        return ends


def main():
    shim, python = [*sys.argv[1:], sys.executable][:2]
    find = f"import importlib.util as u; print(*(s for s in {SUITES} if u.find_spec('test.' + s)))"
    suites = sys.argv[3:] or subprocess.check_output([python, "-c", find], text=True).split()
    with tempfile.TemporaryDirectory() as folder:
        copy = private_copy(python, Path(folder))
        without = results(copy, suites)
        subprocess.run([shim, "install", "--in-place", copy], check=True, stdout=subprocess.DEVNULL)
        with_shim = results(copy, suites)
    differ = {name for name in without.keys() | with_shim.keys() if without.get(name) != with_shim.get(name)}
    for name in sorted(differ):
        print(f"{name}: {without.get(name)} without the shim, {with_shim.get(name)} with it")
    ends = [end for ends in without.values() for end in ends]
    counts = ", ".join(f"{ends.count(end)} {end}" for end in sorted(set(ends)))
    print(f"{python}: {', '.join(suites)}: {len(ends)} tests without the shim ({counts}); {len(differ)} end otherwise with it")
    sys.exit(1 if differ or not ends else 0)


if __name__ == "__main__":
    main()
