"""The fields of an answer while the language model writes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pydantic_core
from dspy.clients.call_context import stream_emitted
from dspy.streaming import StreamListener

from ._adapters import HostChatAdapter
from ._model import Watch


def watch_fields(names: list[str], emit: Callable[[object], object]) -> Watch:
    """Return what emits ``{"field": name, "text": piece}`` for those fields of each answer that is streamed."""

    def watch(request: dict[str, Any]) -> Callable[[str | dict[str, Any]], None]:
        fields = _ChatFields(names) if request["schema"] is None else _JsonFields(names)

        def see(piece: str | dict[str, Any]) -> None:
            for name, text in fields.read(piece) if isinstance(piece, str) else fields.rest():
                stream_emitted()  # DSPy does not ask again for what was shown
                emit({"field": name, "text": text})

        return see

    return watch


class _JsonFields:
    """The texts among the fields of a JSON object, unescaped. Other values are not texts before they are whole."""

    def __init__(self, names: list[str]) -> None:
        self._answer = ""
        self._seen = dict.fromkeys(names, "")

    def read(self, piece: str) -> Iterator[tuple[str, str]]:
        self._answer += piece
        try:
            so_far = pydantic_core.from_json(self._answer, allow_partial="trailing-strings")
        except ValueError:
            return
        for name, seen in self._seen.items():
            value = so_far.get(name) if isinstance(so_far, dict) else None
            if isinstance(value, str) and value != seen:
                self._seen[name] = value
                yield name, value[len(seen) :]

    def rest(self) -> Iterator[tuple[str, str]]:
        return iter(())


class _ChatFields:
    """The fields of an answer in the chat adapter's form, found by DSPy's own listeners."""

    def __init__(self, names: list[str]) -> None:
        self._listeners = [StreamListener(name) for name in names]
        for listener in self._listeners:
            listener.adapter_identifiers[HostChatAdapter.__name__] = listener.adapter_identifiers["ChatAdapter"]

    def read(self, piece: str) -> Iterator[tuple[str, str]]:
        chunk = SimpleNamespace(choices=[SimpleNamespace(delta=SimpleNamespace(content=piece))])
        return self._texts(lambda listener: listener.receive(chunk))

    def rest(self) -> Iterator[tuple[str, str]]:
        return self._texts(lambda listener: listener.finalize())

    def _texts(self, ask: Callable[[StreamListener], Any]) -> Iterator[tuple[str, str]]:
        for listener in self._listeners:
            response = ask(listener)
            if response is not None and response.chunk:
                yield listener.signature_field_name, response.chunk
