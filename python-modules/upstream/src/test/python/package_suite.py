"""A framework that runs pytest in a context on GraalPy, for `packages.py`."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from importlib import import_module
from itertools import takewhile
from pathlib import Path
from typing import Any

from terrarium.bridge import BaseBridge, handler

# Without what caches, watches threads or rewrites modules; the tests are found where they lie in their package.
_OPTIONS = (
    "-q",
    "--tb=short",
    "--no-summary",
    "--capture=sys",
    "--assert=plain",
    "-pno:cacheprovider",
    "-pno:faulthandler",
    "-ppytest_mock",
    "--continue-on-collection-errors",
    "-oaddopts=",
    "-ofilterwarnings=default",
    "-oconsider_namespace_packages=true",
)


class Outcomes:
    """A plugin that counts the outcomes, and keeps the reason of each failure."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []

    def pytest_runtest_logreport(self, report: Any) -> None:
        if hasattr(report, "wasxfail"):
            self._count(report, "skipped")
        elif report.when == "call" or report.skipped:
            self._count(report, report.outcome)
        elif report.failed:
            self._count(report, "error")

    def pytest_collectreport(self, report: Any) -> None:
        if not report.passed:
            self._count(report, "error" if report.failed else "skipped")

    def _count(self, report: Any, outcome: str) -> None:
        self.counts[outcome] += 1
        if outcome in ("failed", "error"):
            lines = str(report.longrepr).strip().splitlines() or [""]
            reason = next((line for line in reversed(lines) if line.startswith("E ")), lines[-1])
            self.failures.append(f"{report.nodeid}: {reason.removeprefix('E').strip()[:200]}")


def _add_tests_to_packages(folder: str, files: list[str]) -> None:
    """Let `package.tests` be imported from the folder, which has nothing else of the package."""
    for file in files:
        inside = list(takewhile(lambda part: part not in ("test", "tests"), Path(file).parts))
        if inside:
            import_module(".".join(inside)).__path__.append(str(Path(folder, *inside)))


class PackageSuite(BaseBridge):
    framework = "package_suite"

    @handler
    def run(self, folder: str, tools: str, files: list[str], options: list[str]) -> str:
        """Return the counts and the failures as JSON."""
        sys.path[:0] = [folder]
        sys.path.append(tools)  # the packages themselves come before
        os.chdir(folder)
        os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        _add_tests_to_packages(folder, files)
        pytest: Any = import_module("pytest")  # of the tools
        outcomes = Outcomes()
        status = pytest.main([*_OPTIONS, *options, *files], plugins=[outcomes])
        return json.dumps({"status": int(status), "counts": outcomes.counts, "failures": outcomes.failures})
