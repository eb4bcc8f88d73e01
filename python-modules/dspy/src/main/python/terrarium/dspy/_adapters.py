"""DSPy's adapters, asking for answers that keep to the schema of the outputs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import dspy
import pydantic

from terrarium.bridge import times

from ._schema import NoSchemaError, output_schema
from ._signatures import shadowing_allowed


class _FixedInstructions:
    """Writes the system message of a signature once; it is the same for all inputs.

    No adapter itself: DSPy wraps ``parse`` in every subclass of one, which would hide the next one's.
    """

    def format_system_message(self, signature: Any) -> str:
        """Return what DSPy writes."""
        return _system_message(self, signature, signature.__doc__)  # which its instructions are made of

    def written_system_message(self, signature: Any) -> str:
        """Write it anew; pydantic makes a JSON schema for every output that has a type."""
        message: str = super().format_system_message(signature)  # type: ignore[misc]
        return message


@functools.lru_cache(maxsize=256)
def _system_message(adapter: _FixedInstructions, signature: Any, _doc: str | None) -> str:
    return adapter.written_system_message(signature)


class SchemaJsonAdapter(_FixedInstructions, dspy.JSONAdapter):
    """The JSON adapter, with one schema for every kind of output that the type language has.

    An answer that is valid is read as it stands; DSPy's lenient reading, which guesses what a text
    may mean (``"12.50"`` becomes 12.5), is left for the others.
    """

    def _prepare_response_format(self, lm: Any, lm_kwargs: dict[str, Any], signature: Any) -> None:
        try:
            schema = output_schema(signature)
        except NoSchemaError:
            super()._prepare_response_format(lm, lm_kwargs, signature)
            return
        lm_kwargs["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "outputs", "schema": schema, "strict": True},
        }

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """Return the outputs by name; raises AdapterParseError when there is no way to read them."""
        try:
            answer = _answer_reader(signature)(completion)
        except pydantic.ValidationError:
            fields: dict[str, Any] = super().parse(signature, completion)
            return fields
        return {name: getattr(answer, name) for name in signature.output_fields}


@functools.lru_cache(maxsize=256)
def _answer_reader(signature: Any) -> Callable[[str], pydantic.BaseModel]:
    """Return what reads a JSON object of the outputs, or raises ValidationError."""
    fields: dict[str, Any] = {name: (field.annotation, ...) for name, field in signature.output_fields.items()}
    with shadowing_allowed():
        return times.json_reader(pydantic.TypeAdapter(pydantic.create_model("Answer", **fields)))


class HostChatAdapter(_FixedInstructions, dspy.ChatAdapter):
    """The chat adapter; as in DSPy, it may ask for JSON when an answer cannot be read."""

    def _make_json_adapter_fallback(self) -> dspy.JSONAdapter:
        return _json_adapter()


@functools.cache
def _json_adapter() -> SchemaJsonAdapter:
    """Return the one that all programs share, so that its system messages are found again."""
    return SchemaJsonAdapter()


def adapter_of(name: str) -> dspy.Adapter:
    """Return ``json``, ``chat`` (never falls back) or ``auto`` (chat, then JSON: DSPy's default)."""
    if name == "json":
        return _json_adapter()
    if name == "chat":
        return HostChatAdapter(use_json_adapter_fallback=False)
    return HostChatAdapter()


def forget() -> None:
    """Drop what was made of signatures."""
    for cache in (_system_message, _answer_reader):
        cache.cache_clear()
