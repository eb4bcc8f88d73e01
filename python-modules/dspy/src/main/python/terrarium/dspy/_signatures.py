"""Signatures from specs: the type language as Python types, fields as DSPy's fields."""

from __future__ import annotations

import datetime
import decimal
import types
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, Optional, Union, get_args, get_origin

import dspy
import pydantic
from dspy.signatures.signature import make_signature

from terrarium.bridge import SpecError
from terrarium.bridge.lru import Lru
from terrarium.bridge.programs import content_of
from terrarium.bridge.types import check_fields, json_schema, kind_of

from . import _native

#: Names that a signature has for itself.
RESERVED = ("fields", "input_fields", "instructions", "output_fields", "signature")
#: Names that dspy.Predict, or what it is called through, takes for itself.
RESERVED_INPUTS = (*RESERVED, "completions", "config", "demos", "instance", "lm", "new_signature", "self")

_SIMPLE: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": float,
    "boolean": bool,
    "date": datetime.date,
    "datetime": datetime.datetime,
    "decimal": decimal.Decimal,
}

#: What stands for a text that is missing in the chat adapter's form.
NO_TEXT = ("None", "null")

#: Types beyond the built-in ones that a signature in one string may name.
_NAMED: dict[str, Any] = {
    "date": datetime.date,
    "datetime": datetime.datetime,
    "Decimal": decimal.Decimal,
}

#: Where a field has the type spec that its annotation was made of, which may have bounds.
DECLARED = "terrarium_declared"

#: By content, so that programs of equal signatures share one class.
_cache: Lru[str, type[dspy.Signature]] = Lru(256)


@contextmanager
def shadowing_allowed() -> Iterator[None]:
    """Keep pydantic from warning of fields that shadow its own methods, such as ``json`` and ``copy``."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Field name .* shadows an attribute", category=UserWarning)
        yield


def signature_of(spec: Any, path: str = "signature") -> type[dspy.Signature]:
    """Return the signature of DSPy's short form or of a dict of fields; equal specs have the same, not to be changed.

    Raises SpecError with the place inside the spec.
    """
    content = content_of(spec)
    signature = _cache.get(content)
    if signature is None:
        signature = _new(spec, path)
        _cache.put(content, signature)
    return signature


def forget() -> None:
    """Drop the signatures that are kept."""
    _cache.clear()


def _new(spec: Any, path: str) -> type[dspy.Signature]:
    if isinstance(spec, str):
        signature = _of_text(spec, path)
    elif isinstance(spec, dict):
        signature = _of_fields(spec, path)
    else:
        raise SpecError(path, f"must be a string or a dict, not {type(spec).__name__}")
    for name in signature.input_fields:
        _check_name(name, RESERVED_INPUTS, path)
    return signature


def _check_name(name: str, reserved: tuple[str, ...], path: str) -> None:
    if name in reserved:
        raise SpecError(path, f"DSPy has the name {name!r} for itself. Reserved names: {', '.join(reserved)}")


def _of_text(text: str, path: str) -> type[dspy.Signature]:
    try:
        return _made(text, None, "StringSignature")
    except Exception as error:  # DSPy parses with ast and evaluates the types: errors of any kind
        raise SpecError(path, f"{text!r} is no signature such as 'question -> answer: int': {error}") from error


def _of_fields(spec: dict[str, Any], path: str) -> type[dspy.Signature]:
    for key in spec.keys() - {"name", "instructions", "inputs", "outputs"}:
        raise SpecError(path, f"unknown key {key!r}. Known keys: name, instructions, inputs, outputs")
    name = spec.get("name") or "Task"
    if not (isinstance(name, str) and name.isidentifier()):
        raise SpecError(f"{path}.name", f"must be an identifier, got {name!r}")
    instructions = spec.get("instructions") or None
    if instructions is not None and not isinstance(instructions, str):
        raise SpecError(f"{path}.instructions", f"must be a string, got {instructions!r}")
    fields: dict[str, tuple[Any, Any]] = {}
    for part, make in (("inputs", dspy.InputField), ("outputs", dspy.OutputField)):
        check_fields(spec.get(part), f"{path}.{part}")
        for index, field in enumerate(spec[part]):
            at = f"{path}.{part}[{index}]"
            if field["name"] in fields:
                raise SpecError(f"{at}.name", f"{field['name']!r} is an input and an output")
            _check_name(field["name"], RESERVED, f"{at}.name")
            if field["name"].startswith("_"):
                raise SpecError(f"{at}.name", f"must not start with an underscore, got {field['name']!r}")
            description = field.get("description")
            info = make(desc=description) if description else make()
            info.json_schema_extra[DECLARED] = field["type"]
            fields[field["name"]] = (type_of(field["type"], f"{at}.type"), info)
            if part == "outputs":
                json_schema(field["type"], f"{at}.type", _native.schema)  # which some types have not
    try:
        return _made(fields, instructions, name)
    except Exception as error:  # of pydantic, for names that it keeps to itself, such as model_config
        raise SpecError(path, f"DSPy refuses these fields: {error}") from error


def _made(fields: Any, instructions: str | None, name: str) -> type[dspy.Signature]:
    with shadowing_allowed():
        signature: type[dspy.Signature] = make_signature(fields, instructions, name, custom_types=dict(_NAMED))
        return signature


def type_of(spec: Any, path: str = "type") -> Any:
    """Return the Python type of a type spec; a record becomes a pydantic model.

    Raises SpecError with the place inside the spec.
    """
    kind = kind_of(spec, path)
    if kind == "enum":
        return Literal[tuple(spec["values"])]
    if kind == "list":
        return list[type_of(spec["items"], f"{path}.items")]  # type: ignore[misc]
    if kind == "map":
        return dict[str, type_of(spec["values"], f"{path}.values")]  # type: ignore[misc]
    if kind == "optional":
        return Optional[type_of(spec["of"], f"{path}.of")]  # noqa: UP045 - DSPy's prompts name this form
    if kind == "record":
        return _model(spec, path)
    if kind == "native":
        return _native.type_of(spec["name"], path)
    return _SIMPLE[kind]


def is_text(annotation: Any) -> bool:
    """Return whether an output of that type is a text, or may be one."""
    return annotation is str or (get_origin(annotation) in (Union, types.UnionType) and str in get_args(annotation))


def is_optional_text(annotation: Any) -> bool:
    """Return whether an output of that type is a text or None, and nothing else."""
    arguments = get_args(annotation)
    return get_origin(annotation) in (Union, types.UnionType) and set(arguments) == {str, type(None)}


def _model(spec: dict[str, Any], path: str) -> type[pydantic.BaseModel]:
    fields: dict[str, Any] = {}
    for index, field in enumerate(spec["fields"]):
        annotation = type_of(field["type"], f"{path}.fields[{index}].type")
        info: dict[str, Any] = {"description": field.get("description")}
        if field["type"]["type"] == "optional":
            info["default"] = None
        fields[field["name"]] = (annotation, pydantic.Field(**info))
    try:
        with shadowing_allowed():
            model: type[pydantic.BaseModel] = pydantic.create_model(
                spec["name"],
                __config__=pydantic.ConfigDict(protected_namespaces=()),
                __doc__=spec.get("description"),
                **fields,
            )
    except Exception as error:
        raise SpecError(path, f"pydantic refuses these fields: {error}") from error
    return model
