"""DSPy's adapters, asking for answers that keep to the schema of the outputs."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import dspy
import pydantic
from dspy.adapters import utils

from terrarium.bridge.errors import TruncatedAnswerError
from terrarium.bridge.exchanges import Exchange

from . import _decimals
from ._cut import TruncatedParseError, is_closed
from ._decimals import parse_value
from ._members import closed_object, first_of_each, values_as_written
from ._model import cut_off, mark_whole
from ._schema import NoSchemaError, output_schema
from ._sections import Sections, marker
from ._signatures import NO_TEXT, is_optional_text, is_text, shadowing_allowed

_json_adapter_module: Any = import_module("dspy.adapters.json_adapter")


def install() -> None:
    """Make DSPy's JSON adapter refuse null for a text."""
    _json_adapter_module.parse_value = _parse_member


def remove() -> None:
    """Restore DSPy's adapters, and drop what is kept for signatures."""
    _json_adapter_module.parse_value = utils.parse_value
    if _forms.cache_info().currsize:
        _forms().remove()
    _decimals.forget()
    for cache in (_system_message, _answer_reader, _forms):
        cache.cache_clear()


def _parse_member(value: Any, annotation: Any) -> Any:
    """Read a value of a JSON object; DSPy would read null as the text ``None``."""
    if value is None and annotation is str:
        raise ValueError("it is null, and must be a text")
    return parse_value(value, annotation)


def _parse_section(text: str, annotation: Any) -> Any:
    """Read a section; DSPy would read the word that it writes for a missing text as that text."""
    return None if text in NO_TEXT and is_optional_text(annotation) else parse_value(text, annotation)


class _HostAdapter:
    """The common part of the adapters.

    The system message of a signature is written once; it is the same for all inputs. An answer that cannot be read
    because it was cut off raises TruncatedParseError.

    Not an adapter itself: DSPy wraps ``parse`` in every subclass of one, which would hide the next one's.
    """

    def _call_postprocess(self, *args: Any, **kwargs: Any) -> list[dict[str, Any]]:
        try:
            values: list[dict[str, Any]] = super()._call_postprocess(*args, **kwargs)  # type: ignore[misc]
            return values
        except dspy.AdapterParseError as error:
            cut = cut_off()
            if cut is None or isinstance(error, TruncatedAnswerError):
                raise
            raise TruncatedParseError(cut, error) from error

    def format_system_message(self, signature: Any) -> str:
        """Return what DSPy writes."""
        return _system_message(self, signature, signature.__doc__)  # which its instructions are made of

    def written_system_message(self, signature: Any) -> str:
        """Write it anew; pydantic makes a JSON schema for every output that has a type."""
        message: str = super().format_system_message(signature)  # type: ignore[misc]
        return message


@functools.lru_cache(maxsize=256)
def _system_message(adapter: _HostAdapter, signature: Any, _doc: str | None) -> str:
    return adapter.written_system_message(signature)


class SchemaJsonAdapter(_HostAdapter, dspy.JSONAdapter):
    """The JSON adapter, with one schema for every kind of output that the type language has.

    What of an answer is valid is read as it stands; DSPy's lenient reading, which guesses what a text
    may mean (``"12.50"`` becomes 12.5), is left for the rest.

    Of two members with the same name the first one counts, as of two sections in the chat adapter, and so does the
    first of two objects with all outputs. A number, list or object in place of a text is the text of its JSON as it
    stands in the answer, as in the chat adapter.
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
        cut = cut_off(completion)
        if cut is not None:
            whole = closed_object(completion)
            if whole is None:
                raise TruncatedParseError(
                    cut, dspy.AdapterParseError("JSONAdapter", signature, completion, "The JSON object is not closed")
                )
            completion = whole
        for name in signature.output_fields:
            if completion.count(f'"{name}"') > 1:
                completion = first_of_each(completion)
                break
        names = tuple(signature.output_fields)
        try:
            fields = _read(signature, names, completion)
        except pydantic.ValidationError:
            fields = self._parse_leniently(signature, names, completion)
        if cut is not None:
            mark_whole(cut)
        return fields

    def _parse_leniently(self, signature: Any, names: tuple[str, ...], completion: str) -> dict[str, Any]:
        written = values_as_written(completion)
        if written.keys() >= set(names):
            completion = closed_object(completion) or completion
        texts = _as_texts(signature, written)
        if texts != written:
            members = ", ".join(f"{json.dumps(name)}: {value}" for name, value in texts.items())
            with suppress(dspy.AdapterParseError):  # the error is to show the answer as it is
                return self._parse_object(signature, names, f"{{{members}}}")
        return self._parse_object(signature, names, completion)

    def _parse_object(self, signature: Any, names: tuple[str, ...], completion: str) -> dict[str, Any]:
        try:
            return _read(signature, names, completion)
        except pydantic.ValidationError as error:
            fields: dict[str, Any] = super().parse(signature, completion)
            faulty = {fault["loc"][0] if fault["loc"] else None for fault in error.errors(include_url=False)}
            valid = () if None in faulty else tuple(name for name in names if name not in faulty)
            if valid:
                fields |= _read(signature, valid, completion)
            return fields


def _as_texts(signature: Any, written: dict[str, str]) -> dict[str, str]:
    """Return the values of an answer, with those in place of a text as texts."""
    texts = dict(written)
    for name, field in signature.output_fields.items():
        value = written.get(name, "null")
        if value != "null" and value[0] != '"' and (field.annotation is str or is_optional_text(field.annotation)):
            texts[name] = json.dumps(value)
    return texts


def _read(signature: Any, names: tuple[str, ...], completion: str) -> dict[str, Any]:
    answer = _answer_reader(signature, names)(completion)
    return {name: getattr(answer, name) for name in names}


@functools.lru_cache(maxsize=256)
def _answer_reader(signature: Any, names: tuple[str, ...]) -> Callable[[str], pydantic.BaseModel]:
    """Return what reads these outputs of a JSON object as they stand, or raises ValidationError.

    Strictly, since a text is no number: pydantic would make the integer 5 of ``"5.0"`` where ``int | float`` is asked
    for.
    """
    fields: dict[str, Any] = {name: (signature.output_fields[name].annotation, ...) for name in names}
    with shadowing_allowed():

        def model(strict: bool) -> pydantic.TypeAdapter[Any]:
            config = pydantic.ConfigDict(strict=strict)
            return pydantic.TypeAdapter(pydantic.create_model("Answer", __config__=config, **fields))

        return _decimals.json_reader(model(strict=True), lambda: model(strict=False))


class HostChatAdapter(_HostAdapter, dspy.ChatAdapter):
    """The chat adapter; as in DSPy, it may ask for JSON when an answer cannot be read.

    :class:`Sections` splits an answer, and DSPy reads the values, except that a text which may be missing is missing
    where its section is ``None`` or ``null``. When an answer was cut off in a text, that text is returned; a value of
    another type has to be complete.
    """

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """Return the outputs by name; raises AdapterParseError when there is no way to read them."""
        outputs = signature.output_fields
        cut = cut_off(completion)
        sections = Sections(outputs)
        sections.read(completion)
        sections.end(cut is not None)
        texts = sections.texts

        def failed(message: str | None, **parsed: Any) -> dspy.AdapterParseError:
            return dspy.AdapterParseError("ChatAdapter", signature, completion, message, **parsed)

        fields: dict[str, Any] = {}
        for name, text in texts.items():
            try:
                fields[name] = _parse_section(text, outputs[name].annotation)
            except ValueError as error:
                message = f"Failed to parse field {name} with value {text} from the LM response. Error message: {error}"
                raise failed(message) from error
        for name in outputs:
            if name not in texts and any(marker(name) in text for text in texts.values()):
                raise failed(f"The marker of field {name} does not begin a line.")
        fields = utils.apply_output_field_defaults(signature, fields)
        if fields.keys() != outputs.keys():
            raise failed(None, parsed_result=fields)
        if cut is not None:
            self._check_end(cut, sections, outputs, failed)
        return fields

    def _check_end(
        self, cut: Exchange, sections: Sections, outputs: Any, failed: Callable[..., dspy.AdapterParseError]
    ) -> None:
        """Raise TruncatedParseError for a value that the limit of tokens may have cut off, unless it is a text."""
        name = sections.open
        annotation, text = (None, "") if name is None else (outputs[name].annotation, sections.texts[name])
        if name is None or is_closed(annotation, text):
            mark_whole(cut)
        elif not (text and is_text(annotation)):
            raise TruncatedParseError(cut, failed(f"Field {name} is not complete"))

    def _make_json_adapter_fallback(self) -> dspy.JSONAdapter:
        return _json_adapter()


@functools.cache
def _json_adapter() -> SchemaJsonAdapter:
    """Return the one that all programs share, so that its system messages are found again."""
    return SchemaJsonAdapter()


@functools.lru_cache(maxsize=1)
def _forms() -> Any:
    from . import _forms  # which takes modules of DSPy that the usual adapters do without

    _forms.install()
    return _forms


#: What makes the adapter of each name, given the model that extracts outputs.
_MAKERS: dict[str, Callable[[dspy.LM], dspy.Adapter]] = {
    "json": lambda _: _json_adapter(),
    "chat": lambda _: HostChatAdapter(use_json_adapter_fallback=False),
    "auto": lambda _: HostChatAdapter(),
    "xml": lambda _: _forms().HostXmlAdapter(use_json_adapter_fallback=False),
    "two_step": lambda model: _forms().HostTwoStepAdapter(model),
    "baml": lambda _: _forms().SchemaBamlAdapter(),
}


def adapter_of(name: str, extraction_model: dspy.LM) -> dspy.Adapter:
    """Return the adapter of one of the names of ``_options.ADAPTERS``."""
    return _MAKERS[name](extraction_model)
