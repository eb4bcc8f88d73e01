"""Output parsers that take no answer for whole that is not, and whose streams end with what the whole is."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar, Protocol, TypeAlias

from langchain_core.exceptions import OutputParserException
from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import CommaSeparatedListOutputParser, JsonOutputParser, PydanticOutputParser
from langchain_core.output_parsers.format_instructions import JSON_FORMAT_INSTRUCTIONS
from langchain_core.outputs import ChatGeneration, Generation

from terrarium.bridge import times
from terrarium.bridge.errors import TruncatedAnswerError

from ._coerce import MismatchError, coerce, declared_part
from ._json_answers import DECODER, DECODER_OF_ALL_DIGITS, NOTHING, PartialJson, read
from ._specs import VALUE, is_wrapped

_Chunk: TypeAlias = "str | BaseMessage"


class TruncatedOutputError(OutputParserException, TruncatedAnswerError):
    """An answer that ended at its limit of tokens cannot be parsed; ``llm_output`` is the answer so far.

    What LangChain does about an OutputParserException, such as fallbacks, it does about this one.
    """

    def __init__(self, text: str, max_tokens: int | None, reason: str = "") -> None:
        TruncatedAnswerError.__init__(self, text, max_tokens, reason)
        self.observation = None
        self.llm_output = text
        self.send_to_llm = False


class _Growth(Protocol):
    """What a stream makes of one answer while it comes."""

    def add(self, chunk: _Chunk) -> list[Any]:
        """Return what to yield for this chunk."""

    def end(self) -> list[Any]:
        """Return what to yield after the last chunk; raises OutputParserException when there is no whole."""


class _StreamsByGrowth:
    """A parser whose stream is that of a ``_Growth``."""

    def _growth(self) -> _Growth:
        raise NotImplementedError

    def _transform(self, input: Iterator[_Chunk]) -> Iterator[Any]:  # noqa: A002 - upstream's signature
        growth = self._growth()
        for chunk in input:
            yield from growth.add(chunk)
        yield from growth.end()

    async def _atransform(self, input: AsyncIterator[_Chunk]) -> AsyncIterator[Any]:  # noqa: A002
        growth = self._growth()
        async for chunk in input:
            for piece in growth.add(chunk):
                yield piece
        for piece in growth.end():
            yield piece


class CompleteJsonOutputParser(_StreamsByGrowth, JsonOutputParser):
    """LangChain's JsonOutputParser for answers that are JSON to their end, in a code fence or prose or by themselves.

    Upstream removes characters from the end of other answers, and closes brackets, until some JSON is left. Streamed,
    the value grows, and the last piece is the whole.
    """

    decoder: ClassVar[json.JSONDecoder] = DECODER

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Return the parsed JSON; with ``partial`` what is certain of it so far, or None.

        Raises OutputParserException when it is no JSON, of the class TruncatedOutputError when it is cut off.
        """
        text = result[0].text
        if partial:
            value = PartialJson().add(text)
            return None if value is NOTHING else value
        try:
            value = read(text, self.decoder)
        except ValueError as error:
            _require_end(result[0])
            raise OutputParserException(f"Invalid json output: {text}", llm_output=text) from error
        if isinstance(value, (int, float)) and text[-1:].isdigit():  # a number by itself does not show its end
            _require_end(result[0])
        return value

    def part(self, value: Any) -> Any:
        """Return what a stream shows of a JSON value that is not whole yet, or ``NOTHING``."""
        return value

    def _growth(self) -> _Growth:
        return _JsonGrowth(self)


class CompletePydanticOutputParser(PydanticOutputParser[Any], CompleteJsonOutputParser):
    """LangChain's PydanticOutputParser, for such answers as CompleteJsonOutputParser is for.

    Times with an offset have the standard library's zones, so that the instance can be written as JSON on GraalPy.
    """

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Return the instance; raises OutputParserException when the answer is cut off or does not fit."""
        return times.standard(super().parse_result(result, partial=partial))

    def part(self, value: Any) -> Any:
        """Return the instance, once the value makes one."""
        try:
            return times.standard(self._parse_obj(value))
        except OutputParserException:
            return NOTHING


class TypedOutputParser(CompleteJsonOutputParser):
    """Parses JSON into plain data of a type of the type language; the type has been checked before.

    A type that is neither record nor map is expected as the only property, ``value``, of an object.
    """

    decoder: ClassVar[json.JSONDecoder] = DECODER_OF_ALL_DIGITS

    output: dict[str, Any]
    json_schema: dict[str, Any]

    @property
    def _type(self) -> str:
        return "terrarium_typed_json"

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> Any:
        """Return plain data; with ``partial`` what there is so far, as it is, or None.

        Raises OutputParserException when the answer is cut off, no JSON or not of the type, with the path of the value.
        """
        value = super().parse_result(result, partial=partial)
        if partial:
            part = self.part(value)
            return None if part is NOTHING else part
        try:
            if is_wrapped(self.output):
                fields = [{"name": VALUE, "type": self.output}]
                return coerce(value, {"type": "record", "name": "Output", "fields": fields}, "output")[VALUE]
            return coerce(value, self.output, "output")
        except MismatchError as error:
            raise OutputParserException(str(error), llm_output=result[0].text) from error

    def part(self, value: Any) -> Any:
        """Return the part of the value that its type declares, as it is."""
        if is_wrapped(self.output):
            value = value.get(VALUE, NOTHING) if isinstance(value, dict) else NOTHING
        return value if value is NOTHING else declared_part(value, self.output)

    def get_format_instructions(self) -> str:
        """Return what to put into a prompt for a model that is not held to the schema."""
        schema = {name: part for name, part in self.json_schema.items() if name != "type"}
        return JSON_FORMAT_INSTRUCTIONS.format(schema=json.dumps(schema, ensure_ascii=False))


class CompleteListOutputParser(_StreamsByGrowth, CommaSeparatedListOutputParser):
    """LangChain's CommaSeparatedListOutputParser, but a list that is cut off is an error.

    The items of a stream are those of the whole answer, wherever that is cut into pieces.
    """

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return False: nobody else could load it."""
        return False

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> list[str]:
        """Return the items; raises TruncatedOutputError when the answer ended at its limit of tokens."""
        if not partial:
            _require_end(result[0], "the last item may lack its end")
        return super().parse_result(result, partial=partial)

    def _growth(self) -> _Growth:
        return _ListGrowth(self)


class _JsonGrowth:
    """Yields each value that is another than the one before, the last time the whole."""

    def __init__(self, parser: CompleteJsonOutputParser) -> None:
        self._parser = parser
        self._chunks: list[_Chunk] = []
        self._json = PartialJson()
        self._latest: Any = NOTHING

    def add(self, chunk: _Chunk) -> list[Any]:
        self._chunks.append(chunk)
        value = self._json.add(_text(chunk))
        if value is not NOTHING:
            value = self._parser.part(value)
        return [] if value is NOTHING or value == self._latest else self._next(value)

    def end(self) -> list[Any]:
        if not self._chunks:
            return []
        whole = self._parser.parse_result([_joined(self._chunks)])
        return [] if repr(whole) == repr(self._latest) else self._next(whole)  # 1 and 1.0 are equal

    def _next(self, value: Any) -> list[Any]:
        before, self._latest = self._latest, value
        return [self._parser._diff(None if before is NOTHING else before, value) if self._parser.diff else value]


class _ListGrowth:
    """Yields lists of one item each, an item when the next one has begun."""

    def __init__(self, parser: CompleteListOutputParser) -> None:
        self._parser = parser
        self._chunks: list[_Chunk] = []
        self._text = ""
        self._given = 0

    def add(self, chunk: _Chunk) -> list[Any]:
        self._chunks.append(chunk)
        self._text += _text(chunk)
        return self._next(self._parser.parse(self._text)[:-1])

    def end(self) -> list[Any]:
        return self._next(self._parser.parse_result([_joined(self._chunks)])) if self._chunks else []

    def _next(self, items: list[str]) -> list[Any]:
        new = [[item] for item in items[self._given :]]
        self._given += len(new)
        return new


def _text(chunk: _Chunk) -> str:
    return chunk if isinstance(chunk, str) else chunk.text


def _joined(chunks: list[_Chunk]) -> Generation:
    if all(isinstance(chunk, str) for chunk in chunks):
        return Generation(text="".join(map(str, chunks)))
    first, *others = chunks
    message: Any = first
    return ChatGeneration(message=message + others if others else message)


def _require_end(generation: Generation, reason: str = "") -> None:
    """Raise TruncatedOutputError when the answer ended at its limit of tokens."""
    if isinstance(generation, ChatGeneration):
        metadata = generation.message.response_metadata
        if metadata.get("finish_reason") == "length":
            raise TruncatedOutputError(generation.text, metadata.get("max_tokens"), reason)
