"""Output parsers that take no answer for whole that was cut off."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.format_instructions import JSON_FORMAT_INSTRUCTIONS
from langchain_core.outputs import ChatGeneration, Generation

from terrarium.bridge import times

from ._coerce import MismatchError, coerce

VALUE = "value"
"""The one property of the object in which a value travels that is no object itself."""


class CompleteJsonOutputParser(JsonOutputParser):
    """LangChain's JsonOutputParser, but an answer that ended at its limit of tokens is an error.

    Upstream closes the brackets of such an answer and returns what there was. Streamed, its last piece is the whole.
    """

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Return the parsed JSON; raises OutputParserException when it is cut off or no JSON."""
        _require_complete(result, partial)
        return super().parse_result(result, partial=partial)

    def _transform(self, input: Iterator[str | BaseMessage]) -> Iterator[Any]:  # noqa: A002 - upstream's signature
        return _ending_complete(self, super()._transform, input)

    def _atransform(self, input: AsyncIterator[str | BaseMessage]) -> AsyncIterator[Any]:  # noqa: A002
        return _ending_complete_async(self, super()._atransform, input)


class CompletePydanticOutputParser(PydanticOutputParser[Any]):
    """LangChain's PydanticOutputParser, but an answer that ended at its limit of tokens is an error.

    Times with an offset have the standard library's zones, so that the instance can be written as JSON on GraalPy.
    """

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Return the instance; raises OutputParserException when the answer is cut off or does not fit."""
        _require_complete(result, partial)
        return times.standard(super().parse_result(result, partial=partial))

    def _transform(self, input: Iterator[str | BaseMessage]) -> Iterator[Any]:  # noqa: A002 - upstream's signature
        return _ending_complete(self, super()._transform, input)

    def _atransform(self, input: AsyncIterator[str | BaseMessage]) -> AsyncIterator[Any]:  # noqa: A002
        return _ending_complete_async(self, super()._atransform, input)


class TypedOutputParser(CompleteJsonOutputParser):
    """Parses JSON into plain data of a type of the type language; the type has been checked before.

    A type that is neither record nor map is expected as the only property, ``value``, of an object.
    """

    output: dict[str, Any]
    json_schema: dict[str, Any]

    @property
    def _type(self) -> str:
        return "terrarium_typed_json"

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Return plain data; with `partial` what there is so far, as it is.

        Raises OutputParserException when the answer is cut off, no JSON or not of the type, with the path of the value.
        """
        value = super().parse_result(result, partial=partial)
        if partial:
            return value.get(VALUE) if isinstance(value, dict) and is_wrapped(self.output) else value
        try:
            if is_wrapped(self.output):
                fields = [{"name": VALUE, "type": self.output}]
                return coerce(value, {"type": "record", "name": "Output", "fields": fields}, "output")[VALUE]
            return coerce(value, self.output, "output")
        except MismatchError as error:
            raise OutputParserException(str(error), llm_output=result[0].text) from error

    def get_format_instructions(self) -> str:
        """Return what to put into a prompt for a model that is not held to the schema."""
        schema = {name: part for name, part in self.json_schema.items() if name != "type"}
        return JSON_FORMAT_INSTRUCTIONS.format(schema=json.dumps(schema, ensure_ascii=False))


def is_wrapped(output: dict[str, Any]) -> bool:
    """Tell whether a value of that type travels as the only property of an object.

    JSON schemas of model providers have an object at the top.
    """
    return output["type"] not in ("record", "map")


def _ending_complete(
    parser: JsonOutputParser,
    transform: Callable[[Iterator[str | BaseMessage]], Iterator[Any]],
    chunks: Iterator[str | BaseMessage],
) -> Iterator[Any]:
    """Yield what upstream makes of an answer so far, and then what it is as a whole, if that is something else."""
    answer: Any = None

    def kept() -> Iterator[str | BaseMessage]:
        nonlocal answer
        for chunk in chunks:
            answer = chunk if answer is None else answer + chunk
            yield chunk

    latest = None
    for latest in transform(kept()):
        yield latest
    yield from _whole(parser, answer, latest)


async def _ending_complete_async(
    parser: JsonOutputParser,
    transform: Callable[[AsyncIterator[str | BaseMessage]], AsyncIterator[Any]],
    chunks: AsyncIterator[str | BaseMessage],
) -> AsyncIterator[Any]:
    """Do the same for what comes asynchronously."""
    answer: Any = None

    async def kept() -> AsyncIterator[str | BaseMessage]:
        nonlocal answer
        async for chunk in chunks:
            answer = chunk if answer is None else answer + chunk
            yield chunk

    latest = None
    async for latest in transform(kept()):
        yield latest
    for whole in _whole(parser, answer, latest):
        yield whole


def _whole(parser: JsonOutputParser, answer: Any, latest: Any) -> list[Any]:
    """Return what an answer is as a whole in a list, or an empty one where that has been said."""
    if answer is None:
        return []
    whole = parser.parse_result(
        [Generation(text=answer) if isinstance(answer, str) else ChatGeneration(message=answer)]
    )
    return [] if repr(whole) == repr(latest) or parser.diff else [whole]  # 1 and 1.0 are equal


def _require_complete(result: list[Generation], partial: bool) -> None:
    generation = result[0]
    if partial or not isinstance(generation, ChatGeneration):
        return
    if generation.message.response_metadata.get("finish_reason") == "length":
        usage = getattr(generation.message, "usage_metadata", None) or {}
        raise OutputParserException(
            f"the answer was cut off after {usage.get('output_tokens')} tokens; raise max_tokens: {generation.text!r}",
            llm_output=generation.text,
        )
