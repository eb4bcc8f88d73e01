"""A plugin for pytest: runs a framework's own tests with all that Terrarium changes in that framework.

`check.py upstream` runs it, with TERRARIUM_SUITE naming the distribution. The framework is loaded here, as its bridge
loads it in a context and before any test imports it: its imports wait for their first use, so do LangChain's models,
what the bridge keeps is kept, and the stand-ins for packages without a build for GraalPy are found before these.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from terrarium.bridge import BaseBridge, host
from terrarium.dspy import DspyBridge
from terrarium.langchain import LangchainBridge

SUITE = os.environ["TERRARIUM_SUITE"]

_BRIDGES: dict[str, type[BaseBridge]] = {"dspy": DspyBridge, "langchain-core": LangchainBridge}

#: Files of tests that need what the lock does not have.
_LEFT_OUT = {
    "dspy": {
        "test_lm15_subtree_updater.py": "tests a script of DSPy's repository, which is not released",
    },
    "langchain-core": {
        "indexing/test_in_memory_indexer.py": "needs langchain-tests",
        "language_models/test_compat_bridge.py": "needs langchain-tests",
        "stores/test_in_memory.py": "needs langchain-tests",
        "vectorstores/test_in_memory.py": "needs langchain-tests",
    },
}

#: Tests that fail by what Terrarium changes, with the reason; one that passes again fails the suite.
_DIFFERENT: dict[str, dict[str, str]] = {
    "dspy": {},
    "langchain-core": {},
}

#: Fewer modules than these are rewritten only when something keeps the rewritten ones from being found.
_FEWEST_DEFERRING = {"dspy": 60, "langchain-core": 100}


def _stand_in_for_forbiddenfruit() -> None:
    """Have blockbuster watch modules alone: what it changes built-in types with is not released as a wheel."""
    module = types.ModuleType("forbiddenfruit")
    vars(module)["curse"] = lambda *_: None
    sys.modules[module.__name__] = module


def _refuse_the_network() -> None:
    """Find no host but this one: with tracing on, langsmith would send what the tests do to a service."""
    look_up = socket.getaddrinfo

    def getaddrinfo(host: Any, *arguments: Any, **options: Any) -> Any:
        if isinstance(host, str) and host != "localhost" and not host.replace(".", "").isdigit() and ":" not in host:
            raise socket.gaierror(socket.EAI_NONAME, f"no network in these tests: {host}")
        return look_up(host, *arguments, **options)

    socket.getaddrinfo = getaddrinfo


def _install_json_services() -> None:
    """Install the host's half of the stand-in for orjson."""

    def dumps(data: Any, flags: int) -> str:
        layout: dict[str, Any] = {"indent": 2, "separators": (",", ": ")} if flags else {"separators": (",", ":")}
        return json.dumps(data, ensure_ascii=False, **layout)

    services: dict[str, Callable[..., Any]] = {"orjson.dumps": dumps, "orjson.loads": json.loads}
    host.install(services)


def _load_framework() -> None:
    """Load it as the bridge does, but for LangSmith's variables, by which the tests themselves say what is traced."""
    before = dict(os.environ)
    _BRIDGES[SUITE]()._load_framework()
    for name in [each for each in os.environ if each not in before and each.startswith(("LANGCHAIN_", "LANGSMITH_"))]:
        del os.environ[name]
    utils = sys.modules.get("langsmith.utils")
    if utils is not None:  # it remembers what it read
        utils.get_env_var.cache_clear()


_stand_in_for_forbiddenfruit()
_refuse_the_network()
_install_json_services()
_load_framework()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    return True if collection_path.as_posix().endswith(tuple(_LEFT_OUT[SUITE])) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = dict(_DIFFERENT[SUITE])
    for item in items:
        reason = missing.pop(item.nodeid, None)
        if reason is not None:
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
    if missing:
        raise pytest.UsageError(f"known differences that are no tests: {', '.join(missing)}")


def pytest_sessionfinish(session: pytest.Session) -> None:
    deferring = sum("__terrarium_module__" in vars(module) for module in list(sys.modules.values()))
    if deferring < _FEWEST_DEFERRING[SUITE] and session.exitstatus == pytest.ExitCode.OK:
        print(f"\nonly {deferring} modules defer their imports: the suite ran without what it is to test")  # noqa: T201
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
