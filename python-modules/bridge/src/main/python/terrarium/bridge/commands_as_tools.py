"""Commands of a bridge as tools: what a language model is told of their parameters."""

from __future__ import annotations

import json
import sys
import types
import typing
from collections import abc
from typing import TYPE_CHECKING, Any

from .annotations import evaluated, fields_of
from .builtin import keep
from .errors import ArgumentError
from .types import SIMPLE

if TYPE_CHECKING:
    from .handlers import Handler

keep(globals())

_COMMAND = "describe_tools"
_NAMED = {bool: "boolean", int: "integer", float: "number", str: "string"}
_OF_MODULES = {("datetime", "date"): "date", ("datetime", "datetime"): "datetime", ("decimal", "Decimal"): "decimal"}
_LISTS = (
    list,
    set,
    frozenset,
    abc.Sequence,
    abc.Iterable,
    abc.Collection,
    abc.MutableSequence,
    abc.Set,
    abc.MutableSet,
)
_DICTS = (dict, abc.Mapping, abc.MutableMapping)


class _NoSchemaError(Exception):
    """A type has no JSON schema."""


def definition(handler: Handler, function: Any, owner: type) -> dict[str, str]:
    """Return ``name``, ``description`` and ``parameters`` of a command, the last the text of a JSON schema.

    The description is the docstring; that of a parameter is the text in ``Annotated[T, "text"]``. Raises ArgumentError
    for a parameter whose type has no JSON schema.
    """
    properties = {}
    required = []
    for parameter in handler.parameters:
        name = str(parameter["name"])
        try:
            properties[name] = _schema(evaluated(function, owner, name), ())
        except _NoSchemaError as error:
            raise ArgumentError(
                _COMMAND, f"parameter {name!r} of {handler.name!r} cannot be a tool's parameter: {error}"
            ) from None
        if parameter["required"]:
            required.append(name)
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {"name": handler.name, "description": handler.doc, "parameters": json.dumps(schema, ensure_ascii=False)}


def _schema(annotation: Any, inside: tuple[Any, ...]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        texts = [each for each in annotation.__metadata__ if isinstance(each, str)]
        return {**_schema(annotation.__origin__, inside), **({"description": texts[0]} if texts else {})}
    if annotation in (Any, object):
        return {}
    if annotation in (None, type(None)):
        return {"type": "null"}
    if origin is typing.Literal:
        return {"enum": list(arguments)}
    if origin in (typing.Union, types.UnionType):
        return {"anyOf": [_schema(each, inside) for each in arguments]}
    generic = origin or annotation
    if generic in _LISTS or (generic is tuple and arguments[1:] == (...,)):
        return {"type": "array", **({"items": _schema(arguments[0], inside)} if arguments else {})}
    if generic in _DICTS:
        return {"type": "object", **({"additionalProperties": _schema(arguments[1], inside)} if arguments else {})}
    return _class(generic, inside)


def _class(cls: Any, inside: tuple[Any, ...]) -> dict[str, Any]:
    if cls in _NAMED:
        return {"type": _NAMED[cls]}
    for (module, name), kind in _OF_MODULES.items():
        if getattr(sys.modules.get(module), name, None) is cls:
            return dict(SIMPLE[kind])
    enum = sys.modules.get("enum")
    if enum is not None and isinstance(cls, type) and issubclass(cls, enum.Enum):
        return {"type": "string", "enum": list(getattr(cls, "__members__", ()))}
    fields = fields_of(cls)
    if fields is None or cls in inside:
        reason = "contains itself" if cls in inside else "has no JSON schema"
        raise _NoSchemaError(f"{getattr(cls, '__name__', cls)} {reason}")
    return {
        "type": "object",
        "properties": {name: _schema(annotation, (*inside, cls)) for name, (annotation, _) in fields.items()},
        "required": [name for name, (_, needed) in fields.items() if needed],
        "additionalProperties": False,
    }
