"""The sections of an answer in the chat adapter's form, told apart while the language model writes it."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Where CPython's ``str.splitlines`` ends a line; GraalPy's knows fewer ends.
_LINE_END = re.compile("\r\n|[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_HEADER = re.compile(r"\[\[ ## (\w+) ## \]\]")
_BEGIN = "[[ ## "
_BEGUN_HEADER = re.compile(r"\[\[ ## \w+(?: (?:#(?:#(?: \]?)?)?)?)?")
_COMPLETED = "[[ ## completed ## ]]"

#: The length from which the beginning of a marker, at the end of an answer that was cut off, is taken for one.
_CERTAIN = len("[[ ##")

#: As much of a piece is read at once, since what is not read is copied for each line.
_CHUNK = 4096


def marker(name: str) -> str:
    """Return what the language model writes before a field."""
    return f"{_BEGIN}{name} ## ]]"


class Sections:
    """Splits an answer into sections and collects the texts of those that have the name of an output.

    Of two sections with the same name the first one counts. As in DSPy, a header begins a section only at the beginning
    of a line and is text elsewhere. Unlike DSPy, blanks before the header are ignored, and the marker
    ``[[ ## completed ## ]]`` ends the last section also at the end of a line of text.

    A piece of text is returned as soon as it cannot be part of a marker. White space at the ends of a section is left
    out.
    """

    def __init__(self, names: Iterable[str]) -> None:
        """Collect the sections of those names."""
        self._names = set(names)
        self._marker = None if "completed" in self._names else _COMPLETED
        self._given: dict[str, list[str]] = {}
        self._new: list[tuple[str, str]] = []
        self._unended: list[str] = []  # sections whose end was not returned yet
        self._ended: list[str] = []
        self._name: str | None = None  # of the section that is being read, None for one that does not count
        self._rest = ""  # of the answer
        self._at_line_start = True
        self._after_header = False  # on the same line
        self._space = ""  # white space, which is part of the section only if text follows
        self._held: str | None = None  # the marker and what follows it, which is text if another section follows

    @property
    def texts(self) -> dict[str, str]:
        """The sections so far, by name."""
        return {name: "".join(pieces) for name, pieces in self._given.items()}

    @property
    def open(self) -> str | None:
        """The name of the section in which the answer ended; None when a marker ended it or it is not collected."""
        return self._name

    def read(self, piece: str) -> list[tuple[str, str]]:
        """Read the next piece of the answer; returns the new pieces of texts with the names of their sections."""
        for at in range(0, len(piece), _CHUNK):
            self._rest += piece[at : at + _CHUNK]
            self._advance(last=False, cut=False)
        return self._taken()

    def end(self, cut: bool) -> list[tuple[str, str]]:
        """Read the end of the answer; returns the last pieces of texts.

        In an answer that was ``cut`` off, the beginning of a marker at its end is left out.
        """
        self._advance(last=True, cut=cut)
        if self._held is not None:
            self._name = self._held = None
        self._end_sections()
        return self._taken()

    def ended(self) -> list[str]:
        """Return the names of the sections that have ended since the last time."""
        ended, self._ended = self._ended, []
        return ended

    def _end_sections(self) -> None:
        self._ended += self._unended
        self._unended = []

    def _taken(self) -> list[tuple[str, str]]:
        new, self._new = self._new, []
        return new

    def _advance(self, last: bool, cut: bool) -> None:
        while self._begin_line(last, cut) if self._at_line_start else self._continue_line(last, cut):
            pass

    def _begin_line(self, last: bool, cut: bool) -> bool:
        """Read a header, or the blanks before the text of a line; returns whether there is more to read."""
        text = self._rest.lstrip()
        if not text:
            return False
        header = _HEADER.match(text)
        if header:
            self._begin_section(header[1])
            self._rest = text[header.end() :]
            self._at_line_start, self._after_header = False, True
            return True
        if _BEGIN.startswith(text) or _BEGUN_HEADER.fullmatch(text):
            if not last:
                return False
            if cut and len(text) >= _CERTAIN:
                self._begin_section(None)
                self._rest = ""
                return False
        self._add(_LINE_END.sub("\n", self._rest[: len(self._rest) - len(text)]))
        self._rest = text
        self._at_line_start, self._after_header = False, False
        return True

    def _continue_line(self, last: bool, cut: bool) -> bool:
        """Read the rest of a line; returns whether there is more to read."""
        text = self._rest
        end = _LINE_END.search(text)
        if end and not (text.endswith("\r") and end.end() == len(text) and not last):
            self._end_line(text[: end.start()])
            if self._after_header:  # DSPy strips what stands there
                self._space = ""
                self._held = None if self._held is None else self._held.rstrip()
            self._add("\n")
            self._rest = text[end.end() :]
            self._at_line_start = True
            return True
        certain = len(text) - self._doubtful(text)
        if not last:
            self._add(text[: min(certain, len(text.rstrip("\r")))])
            self._rest = text[min(certain, len(text.rstrip("\r"))) :]
        elif cut and len(text) - certain >= _CERTAIN:
            self._add(text[:certain])
            self._rest = ""
            self._name = None
        else:
            self._end_line(text)
            self._rest = ""
        return False

    def _doubtful(self, text: str) -> int:
        """Return how many letters at the end of an unfinished line may be a marker that ends the answer."""
        if self._marker is None:
            return 0
        stripped = text.rstrip()
        if stripped.endswith(self._marker):
            return len(text) - len(stripped) + len(self._marker)
        longest = min(len(self._marker) - 1, len(text))
        return next((n for n in range(longest, 0, -1) if text.endswith(self._marker[:n])), 0)

    def _end_line(self, line: str) -> None:
        stripped = line.rstrip()
        if self._held is None and self._marker and stripped.endswith(self._marker):
            before = len(stripped) - len(self._marker)
            self._add(line[:before])
            self._held = line[before:]
        else:
            self._add(line)

    def _begin_section(self, name: str | None) -> None:
        if self._held is not None:
            held, self._held = self._held, None
            self._add(held)
        self._space = ""
        self._end_sections()
        self._name = name if name in self._names and name not in self._given else None
        if self._name is not None:
            self._given[self._name] = []
            self._unended.append(self._name)

    def _add(self, text: str) -> None:
        if self._held is not None:
            self._held += text
            return
        body = text.rstrip()
        if self._name is not None and body:
            given = self._given[self._name]
            piece = self._space + body if given else (self._space + body).lstrip()
            given.append(piece)
            self._new.append((self._name, piece))
            self._space = ""
        self._space += text[len(body) :]
