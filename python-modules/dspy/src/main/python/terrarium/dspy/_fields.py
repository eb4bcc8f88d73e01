"""Streams the texts among the outputs while the language model writes its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import dspy
from dspy.clients.call_context import stream_emitted

from ._members import MemberTexts
from ._sections import Sections
from ._signatures import NO_TEXT, is_text

See: TypeAlias = Callable[[str | dict[str, Any]], None]


class FieldWatch:
    """Emits ``{"field": name, "text": piece}`` for the texts of each answer that is streamed."""

    def __init__(
        self, outputs: list[str], texts: list[str], emit: Callable[[object], object], optional: Iterable[str] = ()
    ) -> None:
        """Watch for ``texts``, which are those of the ``outputs`` that are texts; ``optional`` ones may be missing."""
        self._outputs = outputs
        self._texts = texts
        self._optional = set(optional)
        self._emit = emit
        self._emitted: dict[str, str] = {}

    def __call__(self, request: dict[str, Any]) -> See:
        """Return a function that takes the pieces of an answer and, last, the whole."""
        sections = Sections(self._outputs) if request["schema"] is None else None
        members = MemberTexts(self._texts)
        held: dict[str, str] = dict.fromkeys(self._optional, "")

        def held_back(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
            """Hold back what may be the word for a missing text; :meth:`complete` emits it if it was none."""
            for name, text in texts:
                if name in held:
                    held[name] += text
                    if any(word.startswith(held[name]) for word in NO_TEXT):
                        continue
                    text = held.pop(name)
                yield name, text

        def see(piece: str | dict[str, Any]) -> None:
            if isinstance(piece, str):
                self._push(held_back(sections.read(piece)) if sections else members.read(piece))
            elif sections:
                self._push(held_back(sections.end(cut=piece.get("finish_reason") == "length")))

        return see

    def complete(self, outputs: dict[str, Any]) -> str | None:
        """Emit the rest of each text, which there is when the answer had to be repaired.

        Emits nothing when no piece of the answer was emitted before. Returns the name of an output whose emitted pieces
        are not the beginning of its text, or None.
        """
        for name in self._texts if self._emitted else ():
            emitted, text = self._emitted.get(name, ""), outputs[name]
            if not isinstance(text, str):
                continue
            if not text.startswith(emitted):
                return name
            self._push([(name, text[len(emitted) :])])
        return None

    def _push(self, pieces: Iterable[tuple[str, str]]) -> None:
        for name, text in pieces:
            if text and name in self._texts:
                stream_emitted()  # DSPy does not ask again for what was shown
                self._emitted[name] = self._emitted.get(name, "") + text
                self._emit({"field": name, "text": text})


class PredictorWatch:
    """Emits the pieces of those texts among a module's outputs that exactly one of its predictors writes.

    The module may return other texts in the end, and may call a predictor again.
    """

    def __init__(self, module: dspy.Module, texts: list[str], emit: Callable[[object], object]) -> None:
        """Watch the predictors of a module for its ``texts``."""
        self._watches: dict[int, FieldWatch] = {}
        written: dict[str, list[dspy.Predict]] = {}
        for predictor in module.predictors():
            for name, field in predictor.signature.output_fields.items():
                if name in texts and is_text(field.annotation):
                    written.setdefault(name, []).append(predictor)
        for predictor in module.predictors():
            own = [name for name, writers in written.items() if writers == [predictor]]
            if own:
                self._watches[id(predictor)] = FieldWatch(list(predictor.signature.output_fields), own, emit)

    def __call__(self, request: dict[str, Any]) -> See:
        """Return a function that takes the pieces of an answer and, last, the whole."""
        callers = dspy.settings.caller_modules
        watch = self._watches.get(id(callers[-1])) if callers else None
        return _ignore if watch is None else watch(request)


def _ignore(_piece: str | dict[str, Any]) -> None:
    """Take a piece that nobody watches."""
