"""Streams the texts among the outputs while the language model writes its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

import dspy
from dspy.clients.call_context import stream_emitted

from ._members import MemberTexts
from ._sections import Sections
from ._signatures import NO_TEXT, is_optional_text, is_text

See: TypeAlias = Callable[[str | dict[str, Any]], None]


class FieldWatch:
    """Emits the texts of each answer that is streamed, in pieces as ``DspyBridge.stream`` says."""

    def __init__(
        self,
        outputs: list[str],
        texts: list[str],
        emit: Callable[[object], object],
        optional: Iterable[str] = (),
        predictor: str = "self",
    ) -> None:
        """Watch for ``texts``, which are those of the ``outputs`` that are texts; ``optional`` ones may be missing.

        ``predictor`` is the name of the predictor that writes them.
        """
        self._outputs = outputs
        self._texts = texts
        self._optional = set(optional)
        self._predictor = predictor
        self._emit = emit
        self._emitted: dict[str, str] = {}
        self._ended: set[str] = set()

    def __call__(self, request: dict[str, Any]) -> See:
        """Return a function that takes the pieces of an answer and, last, the whole."""
        sections = Sections(self._outputs) if request["schema"] is None else None
        members = MemberTexts(self._texts)
        held: dict[str, str] = dict.fromkeys(self._optional, "")

        def held_back(texts: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
            """Hold back what may be the word for a missing text; ``ended`` returns it if it was none."""
            for name, text in texts:
                if name in held:
                    held[name] += text
                    if any(word.startswith(held[name]) for word in NO_TEXT):
                        continue
                    text = held.pop(name)
                yield name, text

        def ended(names: Iterable[str]) -> Iterator[tuple[str, str]]:
            """Return the texts that have ended, with what was held back of them; a missing one is none."""
            for name in names:
                text = held.pop(name, "")
                if text not in NO_TEXT:
                    yield name, text

        def see(piece: str | dict[str, Any]) -> None:
            if isinstance(piece, str):
                new = list(held_back(sections.read(piece)) if sections else members.read(piece))
            elif sections:
                new = list(held_back(sections.end(cut=piece.get("finish_reason") == "length")))
            else:
                new = []
            self._push(new, ended(sections.ended() if sections else members.ended()))

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
            if name not in self._ended or text != emitted:
                self._push([], [(name, text[len(emitted) :])])
        return None

    def _push(self, pieces: list[tuple[str, str]], ended: Iterable[tuple[str, str]]) -> None:
        """Emit pieces, and the last pieces of texts that have ended; where there is one already, that is the last."""
        last = dict(ended)
        for index, (name, text) in enumerate(pieces):
            is_last = last.get(name) == "" and all(name != other for other, _ in pieces[index + 1 :])
            if is_last:
                del last[name]
            self._emit_piece(name, text, is_last)
        for name, text in last.items():
            self._emit_piece(name, text, True)

    def _emit_piece(self, name: str, text: str, last: bool) -> None:
        """Emit a piece; a text that is empty has none."""
        if name not in self._texts or not (text or (last and self._emitted.get(name))):
            return
        if text:
            stream_emitted()  # DSPy does not ask again for what was shown
            self._emitted[name] = self._emitted.get(name, "") + text
        if last:
            self._ended.add(name)
        self._emit({"predictor": self._predictor, "field": name, "text": text, "last": last})


class PredictorWatch:
    """Emits the pieces of those texts among a module's outputs that exactly one of its predictors writes.

    The module may return other texts in the end, and may call a predictor again.
    """

    def __init__(self, module: dspy.Module, texts: list[str], emit: Callable[[object], object]) -> None:
        """Watch the predictors of a module for its ``texts``."""
        self._watches: dict[int, FieldWatch] = {}
        written: dict[str, list[str]] = {}
        predictors = module.named_predictors()
        for name, predictor in predictors:
            for output, field in predictor.signature.output_fields.items():
                if output in texts and is_text(field.annotation):
                    written.setdefault(output, []).append(name)
        for name, predictor in predictors:
            own = [output for output, writers in written.items() if writers == [name]]
            if own:
                fields = predictor.signature.output_fields
                optional = [output for output in own if is_optional_text(fields[output].annotation)]
                self._watches[id(predictor)] = FieldWatch(list(fields), own, emit, optional, name)

    def __call__(self, request: dict[str, Any]) -> See:
        """Return a function that takes the pieces of an answer and, last, the whole."""
        callers = dspy.settings.caller_modules
        watch = self._watches.get(id(callers[-1])) if callers else None
        return _ignore if watch is None else watch(request)


def _ignore(_piece: str | dict[str, Any]) -> None:
    """Take a piece that nobody watches."""
