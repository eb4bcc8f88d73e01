"""DSPy's callbacks, for observers of the host and for status messages in streams; only for calls that ask for them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import dspy
from dspy.utils.callback import BaseCallback
from dspy.utils.callback_context import ACTIVE_CALL_ID

from terrarium.bridge import SpecError, spans

from ._names import Names, type_of
from ._plain import plain_value

logger = logging.getLogger(__name__)

#: What DSPy has callbacks for: ``module``, ``lm``, ``tool``, ``adapter_format`` and others.
KINDS = tuple(name[3:-6] for name in dir(BaseCallback) if name.startswith("on_") and name.endswith("_start"))


class _Callback(BaseCallback):
    """A callback with one method for the starts of all kinds, and one for the ends."""

    of_terrarium = True  # and so no reason not to freeze a program

    def started(self, kind: str, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        raise NotImplementedError

    def ended(self, kind: str, call_id: str, outputs: Any, exception: BaseException | None, /) -> None:
        raise NotImplementedError


def _forward(kind: str) -> None:
    def start(self: _Callback, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        self.started(kind, call_id, instance, inputs)

    def end(self: _Callback, call_id: str, outputs: Any, exception: BaseException | None = None) -> None:
        self.ended(kind, call_id, outputs, exception)

    setattr(_Callback, f"on_{kind}_start", start)
    setattr(_Callback, f"on_{kind}_end", end)


for _kind in KINDS:
    _forward(_kind)


class SpanReporter(_Callback):
    """Reports what DSPy runs as spans of the call."""

    def __init__(self, names: Names) -> None:
        """Report with the names of a module's parts."""
        self._names = names

    def started(self, kind: str, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Report the start, within what runs now."""
        name = name_of(kind, instance, self._names)
        spans.started(call_id, ACTIVE_CALL_ID.get(), kind, name, type_of(instance), _content(_flat, inputs))

    def ended(self, _kind: str, call_id: str, outputs: Any, exception: BaseException | None, /) -> None:
        """Report the end."""
        failure = None if exception is None else type(exception).__name__
        spans.ended(call_id, failure, _content(plain, outputs))


def _content(form: Callable[[Any], Any], value: Any) -> Any:
    return form(value) if spans.detail == spans.CONTENT else None


def name_of(kind: str, instance: Any, names: Names) -> str:
    """Return the name of what DSPy runs: a module's in its program, a tool's, or that of the host's language model."""
    if kind == "module":
        return names.of(instance)
    if kind == "tool":
        return str(instance.name)
    if kind == "lm":
        model = str(getattr(instance, "model", type_of(instance)))
        return model.removeprefix("terrarium/named/").removeprefix("terrarium/")
    return type_of(instance)


def _flat(inputs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a method by name, as plain data; those by position as ``args``, if there are any."""
    named = {name: value for name, value in inputs.items() if name not in ("args", "kwargs")}
    named |= {"args": inputs["args"]} if inputs.get("args") else {}
    return {str(name): plain(value) for name, value in {**named, **inputs.get("kwargs", {})}.items()}


def plain(value: Any) -> Any:
    """Return any value as plain data; the name of its class for what has no such form."""
    if isinstance(value, dspy.Example):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, type):
        return value.__name__
    try:
        return plain_value(value)
    except Exception:
        return type(value).__name__


class StatusMessages(_Callback):
    """Emits ``{"status": message}`` when tools, modules and language models start and end, as ``dspy.streamify`` does.

    A message that fails is left out, with a warning in the log, as DSPy does it.
    """

    def __init__(self, given: Any, names: Names, emit: Callable[[object], object]) -> None:
        """Take the messages from what a call was given.

        True stands for DSPy's own; ``{"source", "class"}`` for a ``StatusMessageProvider`` of the user's in Python; a
        function of the host's is called with the kind (``tool_start`` and such), the name, and the inputs or outputs.
        """
        self._names = names
        self._emit = emit
        self._function = given if callable(given) else None
        self._provider = None if self._function else _provider(given)
        self._open: dict[str, str] = {}

    def started(self, kind: str, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
        """Emit the message of a start."""
        if kind not in ("tool", "module", "lm"):
            return
        name = name_of(kind, instance, self._names)
        if kind == "tool" and name == "finish":  # of dspy.ReAct, which DSPy passes over
            return
        self._open[call_id] = name
        if self._function:
            self._send(self._function(f"{kind}_start", name, _flat(inputs)))
        else:
            self._send(getattr(self._provider, f"{kind}_start_status_message")(instance, inputs))

    def ended(self, kind: str, call_id: str, outputs: Any, _exception: BaseException | None, /) -> None:
        """Emit the message of an end."""
        name = self._open.pop(call_id, None)
        if name is None:
            return
        if self._function:
            self._send(self._function(f"{kind}_end", name, plain(outputs)))
        else:
            self._send(getattr(self._provider, f"{kind}_end_status_message")(outputs))

    def _send(self, message: Any) -> None:
        if message:
            self._emit({"status": str(message)})


def _provider(given: Any) -> Any:
    from dspy.streaming.messages import StatusMessageProvider

    if given is True:
        return StatusMessageProvider()
    from terrarium.bridge import user_code

    from . import _user_code

    if not isinstance(given, dict) or given.keys() != {"source", "class"}:
        raise SpecError("status", f"must be true, a function, or a dict of 'source' and 'class', got {given!r}")
    return _user_code.instance(
        user_code.package_of(given["source"], "status.source"), given["class"], {}, StatusMessageProvider, "status"
    )


def callbacks_of(
    module: dspy.Module, status: Any = None, emit: Callable[[object], object] | None = None
) -> list[BaseCallback]:
    """Return the callbacks for a call of a module: those that spans and status messages take."""
    names = Names(module)
    made: list[BaseCallback] = []
    if spans.detail != spans.OFF:
        made.append(SpanReporter(names))
    if status and emit:
        made.append(StatusMessages(status, names, emit))
    return made
