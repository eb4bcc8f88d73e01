"""Defaults that `configure` sets in one context hold in every other one, at its next call."""

from __future__ import annotations

from terrarium.bridge import SpecError, host
from terrarium.bridge.options import SharedDefaults, checked
from terrarium.bridge.testing import InMemoryRegistry


def test_defaults_reach_the_other_contexts() -> None:
    registry = InMemoryRegistry()
    services = registry.services()
    host.install(services)
    try:
        one, other = SharedDefaults("f", a=1), SharedDefaults("f", a=1)
        assert other.get() == {"a": 1}
        one.set({"a": 2})
        assert one.get() == other.get() == {"a": 2}
        reads = registry.asked["get"]
        assert other.get() == {"a": 2}
        assert registry.asked["get"] == reads, "read again only when they changed"
        other.set({})
        assert one.get() == {}
        assert host.call("program.list", "f") == []
    finally:
        host.uninstall(*services)


def test_numbers_that_the_host_cannot_take_are_refused() -> None:
    assert checked({"max_tokens": 2**31 - 1, "seed": 2**63 - 1}) == {"max_tokens": 2**31 - 1, "seed": 2**63 - 1}
    for name, value in (("max_tokens", 2**31), ("max_tokens", 0), ("seed", 2**63), ("seed", -(2**63) - 1)):
        try:
            checked({name: value})
        except SpecError as error:
            assert f"options.{name}" in str(error)
        else:
            raise AssertionError(f"{name}={value} was taken")


def test_without_a_host_they_are_the_bridge_s_own() -> None:
    host.uninstall(*InMemoryRegistry().services())
    defaults = SharedDefaults("f", a=1)
    defaults.set({"a": 3})
    assert defaults.get() == {"a": 3}
