"""Answers that ended at the limit of tokens."""

from __future__ import annotations

import enum
from typing import Any, Literal, get_args, get_origin

import dspy

from terrarium.bridge.errors import TruncatedAnswerError
from terrarium.bridge.exchanges import Exchange

from ._members import closed_value
from ._signatures import is_text

_WORDS = ("True", "False", "None", "true", "false", "null")


class TruncatedParseError(dspy.AdapterParseError, TruncatedAnswerError):
    """An answer that cannot be read because the limit of tokens cut it off.

    DSPy handles it as any answer that cannot be read: the ``auto`` adapter asks again, for JSON.
    """

    def __init__(self, cut: Exchange, error: dspy.AdapterParseError) -> None:
        """Describe the exchange whose answer was cut off, by the error that reading it gave."""
        self.__dict__.update(error.__dict__)
        self.text = cut.response["text"]
        self.max_tokens = cut.request.get("max_tokens")
        self.message = str(TruncatedAnswerError(self.text, self.max_tokens, _reason(error)))
        Exception.__init__(self, self.message)


def _reason(error: dspy.AdapterParseError) -> str:
    if error.parsed_result is not None:
        missing = [name for name in error.signature.output_fields if name not in error.parsed_result]
        if missing:
            return f"{', '.join(missing)} missing"
    return str(error).partition("\n")[0].rstrip(".")


def is_closed(annotation: Any, text: str) -> bool:
    """Return whether a value is complete, whatever would have followed its text."""
    if is_text(annotation):
        return False
    if get_origin(annotation) is Literal or isinstance(annotation, enum.EnumMeta):
        choices = get_args(annotation) or [member.value for member in annotation]
        return not any(str(choice).startswith(text) and str(choice) != text for choice in choices)
    return text in _WORDS or (text[:1] in ("{", "[", '"') and closed_value(text) == text)
