"""JSON schemas for what a language model has to write, of the annotations of a signature's outputs.

DSPy asks for a schema only when no output is a mapping, and its schemas use ``$ref`` and patterns
that grammar-constrained decoding does not understand. These are in place, closed, with every field
required, in the order in which DSPy asks for them.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import types
from typing import Any, Literal, Union, get_args, get_origin

import dspy
import pydantic

from terrarium.bridge.types import SIMPLE, json_schema

from . import _native
from ._signatures import DECLARED

#: Where a field has the JSON schema of what has to be written, in place of the one of its annotation.
SCHEMA = "terrarium_schema"

_LEAVES: dict[Any, dict[str, Any]] = {
    str: SIMPLE["string"],
    int: SIMPLE["integer"],
    float: SIMPLE["number"],
    bool: SIMPLE["boolean"],
    datetime.date: SIMPLE["date"],
    datetime.datetime: SIMPLE["datetime"],
    decimal.Decimal: SIMPLE["decimal"],
    type(None): {"type": "null"},
    Any: {},
    list: {"type": "array"},
    dict: {"type": "object"},
}


class NoSchemaError(TypeError):
    """An annotation has no schema of this kind, such as a model that contains itself."""


@functools.lru_cache(maxsize=256)
def output_schema(signature: type[dspy.Signature]) -> dict[str, Any]:
    """Return the schema of an object that has the signature's outputs; do not change it.

    Raises NoSchemaError when an output's type has none.
    """
    return _object(signature.output_fields, ())


def _object(fields: dict[str, Any], open_models: tuple[type, ...]) -> dict[str, Any]:
    properties = {}
    for name, field in fields.items():
        schema = _declared(field) or dict(_schema(field.annotation, open_models))
        description = _description(name, field)
        if description:
            schema["description"] = description
        properties[name] = schema
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _declared(field: Any) -> dict[str, Any] | None:
    """Return the schema that a field has of its own, or of the type spec that it was made of, if it has any."""
    extra = field.json_schema_extra
    if not isinstance(extra, dict):
        return None
    if SCHEMA in extra:
        return dict(extra[SCHEMA])
    spec = extra.get(DECLARED)
    return None if spec is None else json_schema(spec, native=_native.schema)


def _description(name: str, field: Any) -> str | None:
    extra = field.json_schema_extra
    text = extra.get("desc") if isinstance(extra, dict) else None
    text = text or field.description
    return None if text == f"${{{name}}}" else text  # what DSPy says when there is no description


def _schema(annotation: Any, open_models: tuple[type, ...]) -> dict[str, Any]:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is None or not arguments:  # such as typing.Dict
        return _simple(origin or annotation, open_models)
    if origin is Literal:
        return _choice(list(arguments))
    if origin in (Union, types.UnionType):
        return {"anyOf": [_schema(each, open_models) for each in arguments]}
    if origin in (list, set, frozenset) or (origin is tuple and arguments[1:] == (...,)):
        return {"type": "array", "items": _schema(arguments[0], open_models)}
    if origin is dict and arguments[0] is str:
        return {"type": "object", "additionalProperties": _schema(arguments[1], open_models)}
    raise NoSchemaError(f"no schema for {annotation}")


def _simple(annotation: Any, open_models: tuple[type, ...]) -> dict[str, Any]:
    if annotation in _LEAVES:
        return _LEAVES[annotation]
    if not isinstance(annotation, type):
        raise NoSchemaError(f"no schema for {annotation}")
    if issubclass(annotation, enum.Enum):
        return _choice([member.value for member in annotation])
    if issubclass(annotation, pydantic.BaseModel) and not issubclass(annotation, dspy.Type):
        if annotation in open_models:
            raise NoSchemaError(f"{annotation.__name__} contains itself")
        schema = _object(annotation.model_fields, (*open_models, annotation))
        if annotation.__doc__ and annotation.__doc__ != pydantic.BaseModel.__doc__:
            schema["description"] = annotation.__doc__
        return schema
    raise NoSchemaError(f"no schema for {annotation.__name__}")


def _choice(values: list[Any]) -> dict[str, Any]:
    return {"type": "string", "enum": values} if all(isinstance(v, str) for v in values) else {"enum": values}
