"""Runs the bridge's contract tests, plain functions with asserts, inside a context."""

import importlib.util
import inspect
import os
import sys
from types import ModuleType

from terrarium.bridge import BaseBridge, handler, host

_ELSEWHERE = ("pydantic", "pytest")  # packages that this context has not; the tests that need them run on CPython


class Contract(BaseBridge):
    framework = "contract"

    @handler
    def list_tests(self, folder: str) -> dict[str, list[str]]:
        """The test functions of each file, in the order in which they stand there."""
        files = sorted(each for each in os.listdir(folder) if each.startswith("test_") and each.endswith(".py"))
        return {file: _tests(folder, file) for file in files}

    @handler
    def run_test(self, folder: str, file: str, name: str) -> None:
        """Runs one, without services, as on any Python."""
        host.uninstall(*host.names())
        getattr(_module(folder, file), name)()


def _tests(folder: str, file: str) -> list[str]:
    try:
        module = _module(folder, file)
    except ModuleNotFoundError as error:
        if error.name in _ELSEWHERE:
            return []
        raise
    return [
        name
        for name, value in vars(module).items()
        if name.startswith("test_") and inspect.isfunction(value) and value.__module__ == module.__name__
    ]


def _module(folder: str, file: str) -> ModuleType:
    name = file.removesuffix(".py")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, os.path.join(folder, file))
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
    return sys.modules[name]
