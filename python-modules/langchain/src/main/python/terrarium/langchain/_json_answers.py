"""JSON in the answers of language models: in a whole answer, and in what there is of one so far."""

from __future__ import annotations

import json
import re
from typing import Any

NOTHING = object()
"""Stands for no value, where None is one."""

_BLANKS_AND_BACKTICKS = " \n\r\t`"
_FENCE = "```"

#: Ends with the bracket that a document in an answer begins with: an object anywhere, an array where nothing but a code
#: fence stands before it, since prose has square brackets of its own.
_START = re.compile(r"\{|^[\s`]*\[|```\w*\s*\[")
_BRACKET = re.compile(r"[][{}]")

_TOKEN = re.compile(r'\s*(?:([][{}:,])|("[^"\\]*(?:\\.[^"\\]*)*")|([^][{}:,"\s]+))', re.DOTALL)
#: A text that has no end yet, up to the last escape sequence that has one, which is the group.
_OPEN_TEXT = re.compile(r'"[^"\\]*(?:(\\(?:u[0-9a-fA-F]{4}|[^u]))[^"\\]*)*', re.DOTALL)
_HIGH_SURROGATE = re.compile(r"\\u[dD][89abAB]")


class _WrittenFloat(float):
    """A float whose ``str`` is how it was written, with all the digits."""

    _text: str

    def __new__(cls, text: str) -> _WrittenFloat:
        made = super().__new__(cls, text)
        made._text = text
        return made

    def __str__(self) -> str:
        return self._text


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key is given twice")
    return made


# Not strict: a model may write line breaks into texts as they are.
DECODER = json.JSONDecoder(strict=False)
DECODER_OF_ALL_DIGITS = json.JSONDecoder(strict=False, parse_float=_WrittenFloat)
_DECODER_OF_DISTINCT_KEYS = json.JSONDecoder(strict=False, object_pairs_hook=_distinct)


def read(answer: str, decoder: json.JSONDecoder = DECODER) -> Any:
    """Return the one JSON value that an answer is or holds.

    Around it there may be a code fence, and prose: before an object any that has no brace, after it any that has no
    bracket. Raises ValueError when the answer is not JSON from the first bracket to its partner, or has more brackets.
    """
    try:
        return decoder.decode(answer.strip(_BLANKS_AND_BACKTICKS))
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    except ValueError:
        found = _START.search(answer)
        if found is None:
            raise
    start = found.end() - 1
    value, end = decoder.raw_decode(answer, start)
    rest = answer[end:]
    fenced = answer.count(_FENCE, 0, start) % 2 == 1 and rest.lstrip().startswith(_FENCE)
    if not fenced and _BRACKET.search(rest):
        raise ValueError(f"more brackets follow the JSON that ends at character {end}")
    return value


class PartialJson:
    """The JSON of an answer that comes in pieces, as far as it is certain.

    From piece to piece the value only gains: items, keys, characters of a text. A number is in it once its end has
    come, a pair of escaped surrogates once both have. After a key that an object has twice, and wherever the answer
    turns out to be no JSON, no value comes any more. Not thread-safe.
    """

    def __init__(self) -> None:
        self._answer = ""
        self._start = -1
        self._at = 0  # up to where the tokens are read
        self._safe = 0  # the end of the last value, or the beginning of the last container
        self._closers: list[str] = []
        self._at_key = False
        self._ended = False
        self._decoded = ""

    def add(self, piece: str) -> Any:
        """Return the value with this piece, or ``NOTHING`` when the piece adds nothing to it."""
        self._answer += piece
        if self._ended or (self._start < 0 and not self._find_start()):
            return NOTHING
        self._read_tokens()
        completed = self._completed()
        if completed == self._decoded:
            return NOTHING
        self._decoded = completed
        try:
            return _DECODER_OF_DISTINCT_KEYS.decode(completed)
        except (ValueError, RecursionError):
            self._ended = True
            return NOTHING

    def _find_start(self) -> bool:
        found = _START.search(self._answer)
        if found is None or self._answer.lstrip(_BLANKS_AND_BACKTICKS).startswith('"'):  # the whole may be a text
            return False
        self._start = self._at = found.end() - 1
        return True

    def _read_tokens(self) -> None:
        while not self._ended and (token := _TOKEN.match(self._answer, self._at)):
            mark, _, word = token.groups()
            end = token.end()
            if word is not None and end == len(self._answer) and word not in ("true", "false", "null"):
                return  # a number that may go on
            if mark is None:
                if not self._at_key:
                    self._safe = end
            elif mark in "{[":
                self._closers.append("}" if mark == "{" else "]")
                self._at_key = mark == "{"
                self._safe = end
            elif mark in "}]":
                self._at_key = False
                self._ended = self._closers.pop() != mark or not self._closers
                self._safe = end
            else:
                self._at_key = mark == "," and self._closers[-1] == "}"
            self._at = end

    def _completed(self) -> str:
        """Return what there is, up to where it is certain, with the quote and the brackets that it lacks."""
        closers = "".join(reversed(self._closers))
        rest = self._answer[self._at :].lstrip()
        if self._ended or self._at_key or not rest.startswith('"'):
            return self._answer[self._start : self._safe] + closers
        return f'{self._answer[self._start : self._at]}{_whole_characters(rest)}"{closers}'


def _whole_characters(text: str) -> str:
    """Return an open text, with its quote, without what may be half of an escape sequence or half a pair of them."""
    found = _OPEN_TEXT.match(text)
    assert found is not None  # noqa: S101 - it begins with a quote
    begin, end = found.span(1)
    if end == found.end() and _HIGH_SURROGATE.match(text, begin):
        return text[:begin]
    return found[0]
