"""The session of a call, on a host that keeps one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from terrarium.bridge import ArgumentError, host, session


class FakeSession:
    """A host's session: the state as its functions see it; None for a call in no session."""

    def __init__(self, state: dict[str, Any] | None) -> None:
        self.state = state
        self.refuses = False

    def get(self) -> dict[str, Any] | None:
        return self.state

    def put(self, state: dict[str, Any]) -> None:
        assert type(state) is dict
        if self.refuses:
            raise OverflowError("too large")
        self.state = state


@contextmanager
def offered(state: dict[str, Any] | None) -> Iterator[FakeSession]:
    fake = FakeSession(state)
    host.install({"session.get": fake.get, "session.put": fake.put})
    try:
        yield fake
    finally:
        host.uninstall("session.get", "session.put")


def refusal(leave: Callable[[], Any], kind: type[Exception] = ArgumentError) -> str:
    try:
        leave()
    except kind as error:
        return str(error)
    raise AssertionError(f"{kind.__name__} was not raised")


def test_a_new_session_is_empty_and_active() -> None:
    with offered({}):
        assert session.active()
        assert session.state() == {}


def test_the_state_is_replaced() -> None:
    with offered({"a": 1}) as fake:
        session.put({"b": 2})
        assert session.state() == {"b": 2}
        assert fake.state == {"b": 2}


def test_an_update_keeps_the_other_entries() -> None:
    with offered({"a": 1, "b": 2}):
        assert session.update({"b": 3, "c": 4}) == {"a": 1, "b": 3, "c": 4}
        assert session.state() == {"a": 1, "b": 3, "c": 4}


def test_the_state_that_is_read_is_a_copy() -> None:
    with offered({"a": 1}) as fake:
        session.state()["a"] = 2
        assert fake.state == {"a": 1}


def test_a_call_in_no_session_has_no_state_and_can_leave_none() -> None:
    with offered(None) as fake:
        assert not session.active()
        assert session.state() == {}
        assert "in no session" in refusal(lambda: session.put({"a": 1}))
        assert "in no session" in refusal(lambda: session.update({"a": 1}))
        assert fake.state is None


def test_without_a_host_there_is_no_session() -> None:
    with offered({}):
        pass
    assert not session.active()
    assert session.state() == {}
    assert "in no session" in refusal(lambda: session.put({"a": 1}))


def test_a_state_is_a_dict() -> None:
    with offered({}) as fake:
        assert "must be a dict, not list" in refusal(lambda: session.put([1]))  # type: ignore[arg-type]
        assert fake.state == {}


def test_what_the_host_refuses_leaves_the_state() -> None:
    with offered({"a": 1}) as fake:
        fake.refuses = True
        assert refusal(lambda: session.update({"b": 2}), OverflowError) == "too large"
        assert session.state() == {"a": 1}
