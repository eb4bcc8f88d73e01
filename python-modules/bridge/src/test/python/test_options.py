"""Defaults that `configure` sets in one context hold in every other one, at its next call."""

from __future__ import annotations

from typing import Any

from terrarium.bridge import host
from terrarium.bridge.options import SharedDefaults


class _Registry:
    """The host's program registry."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, str], tuple[int, dict[str, Any]]] = {}
        self.reads = 0

    def put(self, framework: str, program: str, spec: dict[str, Any]) -> None:
        self.stored[framework, program] = (len(self.stored) + self.reads + 1, spec)

    def get(self, framework: str, program: str) -> dict[str, Any] | None:
        self.reads += 1
        entry = self.stored.get((framework, program))
        return None if entry is None else entry[1]

    def version(self, framework: str, program: str) -> int | None:
        entry = self.stored.get((framework, program))
        return None if entry is None else entry[0]


def test_defaults_reach_the_other_contexts() -> None:
    registry = _Registry()
    host.install({"program.put": registry.put, "program.get": registry.get, "program.version": registry.version})
    try:
        one, other = SharedDefaults("f", a=1), SharedDefaults("f", a=1)
        assert other.get() == {"a": 1}
        one.set({"a": 2})
        assert one.get() == other.get() == {"a": 2}
        reads = registry.reads
        assert other.get() == {"a": 2}
        assert registry.reads == reads, "read again only when they changed"
        other.set({})
        assert one.get() == {}
    finally:
        host.uninstall("program.put", "program.get", "program.version")


def test_without_a_host_they_are_the_bridge_s_own() -> None:
    host.uninstall("program.put", "program.get", "program.version")
    defaults = SharedDefaults("f", a=1)
    defaults.set({"a": 3})
    assert defaults.get() == {"a": 3}
