"""The session of the call: what its turns leave for each other, in any context.

The host keeps the state and gives it to one call at a time, in the order of the calls. What a call puts lasts when the
call succeeds, and is lost when it fails. The state is plain data by name, and as large as the host allows.

    from terrarium.bridge import handler, session

    @handler
    def ask(self, question: str) -> str:
        turns = session.state().get("turns", [])
        answer = self.answer(turns, question)
        session.update({"turns": [*turns, question, answer]})
        return answer

All of this is for the thread of the call; threads that it starts are in no session.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import host
from .errors import ArgumentError


def active() -> bool:
    """Tell whether the call is in a session."""
    return _get() is not None


def state() -> dict[str, Any]:
    """Return a copy of the session's state: what was put last. Empty at first, and without a session."""
    return dict(_get() or {})


def put(new: Mapping[str, Any]) -> None:
    """Replace the session's state; an empty one is forgotten.

    Raises ArgumentError when the call is in no session, and HostCallError when the state is too large.
    """
    if not isinstance(new, Mapping):
        raise ArgumentError("session.put", f"the state must be a dict, not {type(new).__name__}")
    if not active():
        raise ArgumentError("session.put", "the call is in no session; make it in one, by its options")
    host.call("session.put", dict(new))


def update(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Set some entries of the session's state, leave the others, and return it. Raises what ``put`` raises."""
    changed = {**state(), **changes}
    put(changed)
    return changed


def _get() -> dict[str, Any] | None:
    return host.call("session.get") if host.available("session.get") else None
