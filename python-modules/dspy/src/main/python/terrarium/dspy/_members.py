"""The members of an answer that is a JSON object."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_COLON = re.compile(r"[ \t\n\r]*:[ \t\n\r]*")
_SEPARATOR = re.compile(r"[ \t\n\r]*([,}])[ \t\n\r]*")
_PLAIN = re.compile(r'[^"\\]+')
_ESCAPED = re.compile(
    r"""\\(?:["\\/bfnrt]|u(?![dD][89a-fA-F])[0-9a-fA-F]{4}|u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})"""
)
_LONGEST_ESCAPE = 12


def closed_object(answer: str) -> str | None:
    """Return the JSON object that begins at the answer's first brace; None when there is no complete one."""
    begin = answer.find("{")
    return None if begin < 0 else closed_value(answer[begin:])


def closed_value(text: str) -> str | None:
    """Return the JSON value with which the text begins; None when there is none."""
    try:
        _, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None
    return text[:end]


def first_of_each(answer: str) -> str:
    """Return a JSON object without members whose keys it had before; any other answer is returned unchanged."""
    members, end = _members(answer)
    kept: dict[str, str] = {}
    for key, at, _, member_end in members:
        kept.setdefault(key, answer[at:member_end])
    return answer[: members[0][1]] + ", ".join(kept.values()) + answer[end:] if members else answer


def values_as_written(answer: str) -> dict[str, str]:
    """Return the JSON text of each member of an answer's first object, the first one of each key.

    Returns an empty dict when there is no complete object at the answer's first brace.
    """
    values: dict[str, str] = {}
    for key, _, at, end in _members(answer)[0]:
        values.setdefault(key, answer[at:end])
    return values


def _members(answer: str) -> tuple[list[tuple[str, int, int, int]], int]:
    """Return the members of the object at the first brace, and where the last one ends; none when it is no JSON.

    Each is a key and the places in the answer where the member, its value and what follows it begin.
    """
    members: list[tuple[str, int, int, int]] = []
    at = _end(_SPACE.match(answer, answer.find("{") + 1))
    try:
        while True:
            key, end = _DECODER.raw_decode(answer, at)
            value_at = _end(_COLON.match(answer, end))
            _, end = _DECODER.raw_decode(answer, value_at)
            if not isinstance(key, str):
                return [], 0
            members.append((key, at, value_at, end))
            separator = _SEPARATOR.match(answer, end)
            at = _end(separator)
            if separator and separator[1] == "}":
                return members, end
    except (ValueError, RecursionError):
        return [], 0


def _end(match: re.Match[str] | None) -> int:
    if match is None:
        raise ValueError("no JSON")
    return match.end()


class MemberTexts:
    """Reads the texts among the members of a JSON object while it is written.

    Texts are returned unescaped. Of two members with the same name the first one counts. Reading ends where the answer
    stops being JSON.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """Read the members of those names."""
        self._names = set(names)
        self._ended: list[str] = []
        self._rest = ""
        self._depth = 0
        self._expected = "{"  # later "key", ":", "value", "," or "end"
        self._string: str | None = None  # the kind of the string that is being read: "key", "text" or "other"
        self._key = ""

    def read(self, piece: str) -> list[tuple[str, str]]:
        """Read the next piece of the answer; returns the new pieces of texts with their names."""
        self._rest += piece
        given: dict[str, str] = {}
        for name, text in self._texts():
            given[name] = given.get(name, "") + text
        return list(given.items())

    def ended(self) -> list[str]:
        """Return the names of the texts that have ended since the last time."""
        ended, self._ended = self._ended, []
        return ended

    def _texts(self) -> Iterator[tuple[str, str]]:
        text, at = self._rest, 0
        while at < len(text) and self._expected != "end":
            if self._string is None:
                self._token(text[at])
                at += 1
                continue
            if text[at] == '"':
                self._end_string()
                at += 1
                continue
            part = _PLAIN.match(text, at) or _ESCAPED.match(text, at)
            if part is None:
                if len(text) - at >= _LONGEST_ESCAPE:
                    self._expected = "end"
                break
            at = part.end()
            if self._string == "other":
                continue
            plain = json.loads(f'"{part[0]}"') if part[0][0] == "\\" else part[0]
            if self._string == "text":
                yield self._key, plain
            else:
                self._key += plain
        self._rest = text[at:]

    def _end_string(self) -> None:
        if self._string == "text":
            self._names.discard(self._key)
            self._ended.append(self._key)
        if self._depth == 1:
            self._expected = ":" if self._string == "key" else ","
        self._string = None

    def _token(self, letter: str) -> None:
        """Read a letter outside of strings."""
        if letter in " \t\n\r":
            return
        if self._depth > 1:
            self._nested(letter)
        elif letter == self._expected == "{":
            self._depth, self._expected = 1, "key"
        elif letter == self._expected == ":":
            self._expected = "value"
        elif letter == self._expected == ",":
            self._expected = "key"
        elif letter == '"' and self._expected == "key":
            self._string, self._key = "key", ""
        elif self._expected == "value":
            self._begin_value(letter)
        elif self._expected != "," or letter not in "+-.0123456789Eabcdefghijklmnopqrstuvwxyz":
            self._expected = "end"  # the object's brace, or no JSON

    def _begin_value(self, letter: str) -> None:
        self._expected = ","
        if letter == '"':
            self._string = "text" if self._key in self._names else "other"
            return
        self._names.discard(self._key)
        if letter in "{[":
            self._depth = 2

    def _nested(self, letter: str) -> None:
        if letter == '"':
            self._string = "other"
        elif letter in "{[":
            self._depth += 1
        elif letter in "}]":
            self._depth -= 1
