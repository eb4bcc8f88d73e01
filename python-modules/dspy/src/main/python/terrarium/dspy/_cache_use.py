"""What ``dspy.LM`` says of its cache, for the host's cache of answers: ``cache=False`` and ``rollout_id``.

DSPy keeps both from its engines. Its files stay as they are: a name in a module is bound anew.
"""

from __future__ import annotations

from typing import Any

from dspy.clients import execution

from ._model import HostEngine, cache_use

_attempt = execution._attempt


def install() -> None:
    """Pass on what each call says, to the host's engines."""
    execution._attempt = _passing_on


def remove() -> None:
    """Bind what was bound before."""
    execution._attempt = _attempt


def _passing_on(lm: Any, call: Any, backend: Any, request: Any, provider: Any, state: Any, results: Any) -> None:
    if not isinstance(backend, HostEngine):
        _attempt(lm, call, backend, request, provider, state, results)
        return
    token = cache_use.set(_use(lm, call, len(results)))
    try:
        _attempt(lm, call, backend, request, provider, state, results)
    finally:
        cache_use.reset(token)


def _use(lm: Any, call: Any, candidate: int) -> dict[str, Any]:
    use: dict[str, Any] = {}
    if not call.kwargs.get("cache", lm.cache):
        use["cache"] = False
    rollout = call.legacy.get("rollout_id", call.kwargs.get("rollout_id"))
    # Of several candidates, each is an answer of its own, as in the one entry that DSPy's cache has for them.
    if candidate or rollout is not None:
        use["rollout"] = str(rollout) if not candidate else f"{rollout}/{candidate}"
    return use
