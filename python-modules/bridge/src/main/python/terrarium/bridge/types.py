"""The type language of specs, as JSON schema.

A type is a dict: ``{"type": "string"|"integer"|"number"|"boolean"|"date"|"datetime"|"decimal"}``,
of which integers and numbers may have a ``minimum`` and a ``maximum``,
``{"type": "enum", "values": [str, ...]}``, ``{"type": "list", "items": T}``, ``{"type": "map",
"values": T}`` (keys are strings), ``{"type": "optional", "of": T}``, ``{"type": "record",
"name": str, "description": str | None, "fields": [{"name": str, "type": T, "description": str | None}, ...]}``
or ``{"type": "native", "name": str}``, a type of the framework's own, whose values cross as dicts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

from .errors import SpecError, nearest

_DATE = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"

#: The JSON schemas of the types that hold no other; do not change them.
SIMPLE: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "pattern": f"^{_DATE}$"},
    # Local, without an offset. A pattern, because the format "date-time" requires an offset.
    "datetime": {"type": "string", "pattern": f"^{_DATE}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$"},
    # With an end, which a small language model may not find by itself.
    "decimal": {"type": "string", "pattern": r"^-?[0-9]{1,20}(\.[0-9]{1,20})?$"},
}

KINDS = (*SIMPLE, "enum", "native", "list", "map", "optional", "record")

_BOUNDS = ("minimum", "maximum")


def kind_of(spec: Any, path: str = "type") -> str:
    """Return the kind of a type, after checking that it has what its kind needs (not deeply).

    Raises SpecError with ``path`` and the kinds there are.
    """
    if not isinstance(spec, dict):
        raise SpecError(path, f"a type must be a dict with 'type', got {spec!r}")
    kind = spec.get("type")
    if kind not in KINDS:
        close = nearest(kind, KINDS) if isinstance(kind, str) else None
        hint = f"; did you mean {close!r}?" if close else "."
        raise SpecError(path, f"unknown type {kind!r}{hint} Known types: {', '.join(KINDS)}")
    _check_bounds(spec, str(kind), path)
    part = {"list": "items", "map": "values", "optional": "of"}.get(kind)
    if part is not None and part not in spec:
        raise SpecError(path, f"{kind} needs {part!r}, the type of what it holds")
    if kind == "enum":
        values = spec.get("values")
        if (
            not isinstance(values, list)
            or not values
            or not all(isinstance(value, str) for value in values)
            or len(set(values)) != len(values)
        ):
            raise SpecError(path, f"enum needs 'values', a list of distinct strings, got {values!r}")
    if kind == "native" and not (isinstance(spec.get("name"), str) and spec["name"].isidentifier()):
        raise SpecError(path, f"native needs 'name', that of a type of the framework's, got {spec.get('name')!r}")
    if kind == "record":
        if not (isinstance(spec.get("name"), str) and spec["name"].isidentifier()):
            raise SpecError(path, f"record needs 'name', an identifier, got {spec.get('name')!r}")
        check_fields(spec.get("fields"), f"{path}.fields")
    return str(kind)


def _check_bounds(spec: dict[str, Any], kind: str, path: str) -> None:
    for name in _BOUNDS:
        if name not in spec:
            continue
        if kind not in ("integer", "number"):
            raise SpecError(path, f"{kind} can have no {name!r}, only integer and number")
        bound = spec[name]
        number = isinstance(bound, int if kind == "integer" else (int, float)) and not isinstance(bound, bool)
        if not number or (isinstance(bound, float) and not math.isfinite(bound)):
            raise SpecError(f"{path}.{name}", f"must be a finite number and of the type {kind}, got {bound!r}")
    if all(name in spec for name in _BOUNDS) and spec["minimum"] > spec["maximum"]:
        raise SpecError(path, f"has a minimum of {spec['minimum']!r} above its maximum of {spec['maximum']!r}")


def check_fields(fields: Any, path: str) -> None:
    """Check the names of a list of fields; their types are left to :func:`kind_of`.

    Raises SpecError for a list that is empty, a name that is no identifier or one given twice.
    """
    if not isinstance(fields, list) or not fields:
        raise SpecError(path, f"must be a list of at least one field, got {fields!r}")
    seen: set[str] = set()
    for index, field in enumerate(fields):
        at = f"{path}[{index}]"
        if not isinstance(field, dict):
            raise SpecError(at, f"a field must be a dict with 'name' and 'type', got {field!r}")
        name = field.get("name")
        if not (isinstance(name, str) and name.isidentifier()):
            raise SpecError(f"{at}.name", f"must be an identifier, got {name!r}")
        if name in seen:
            raise SpecError(f"{at}.name", f"field {name!r} is there twice")
        if "type" not in field:
            raise SpecError(at, f"field {name!r} has no 'type'")
        description = field.get("description")
        if description is not None and not isinstance(description, str):
            raise SpecError(f"{at}.description", f"must be a string or None, got {description!r}")
        seen.add(name)


def _no_native(name: str, path: str) -> dict[str, Any]:
    raise SpecError(path, f"{name!r} is a type of another framework's own")


#: Returns the JSON schema of a framework's own type, of its name and of the path for an error.
Native: TypeAlias = Callable[[str, str], dict[str, Any]]


def json_schema(spec: Any, path: str = "type", native: Native = _no_native) -> dict[str, Any]:
    """Return the JSON schema of a type: in place (no ``$ref``), closed, every field required.

    That is the subset which grammar-constrained decoding understands everywhere. An optional
    value is ``null`` or its type. ``native`` gives the schemas of types of the framework's own, of which there are none
    by default. Raises SpecError with the path of the type that is malformed.
    """
    kind = kind_of(spec, path)
    if kind in SIMPLE:
        return {**SIMPLE[kind], **{name: spec[name] for name in _BOUNDS if name in spec}}
    if kind == "enum":
        return {"type": "string", "enum": list(spec["values"])}
    if kind == "native":
        return native(spec["name"], path)
    if kind == "list":
        return {"type": "array", "items": json_schema(spec["items"], f"{path}.items", native)}
    if kind == "map":
        return {
            "type": "object",
            "additionalProperties": json_schema(spec["values"], f"{path}.values", native),
        }
    if kind == "optional":
        return {"anyOf": [json_schema(spec["of"], f"{path}.of", native), {"type": "null"}]}
    schema = object_schema(spec["fields"], f"{path}.fields", native)
    if spec.get("description"):
        schema["description"] = spec["description"]
    return schema


def object_schema(fields: list[dict[str, Any]], path: str = "fields", native: Native = _no_native) -> dict[str, Any]:
    """Return the JSON schema of an object that has exactly these fields, in this order."""
    check_fields(fields, path)
    properties: dict[str, Any] = {}
    for index, field in enumerate(fields):
        schema = json_schema(field["type"], f"{path}[{index}].type", native)
        if field.get("description"):
            schema["description"] = field["description"]
        properties[field["name"]] = schema
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def reader_of_natives(spec: Any, read: Callable[[str, Any], Any]) -> Callable[[Any], Any] | None:
    """Return what makes a framework's own values within a value of a type; None for a type that holds none.

    ``read`` makes one, of its type's name and of plain data. What is not of the type is left as it is, for whoever
    checks the value.
    """
    kind = spec["type"]
    if kind == "native":
        return lambda value: read(spec["name"], value)
    if kind == "record":
        fields = {field["name"]: reader_of_natives(field["type"], read) for field in spec["fields"]}
        made = {name: each for name, each in fields.items() if each is not None}
        return (lambda value: _each(value, made)) if made else None
    part = {"list": "items", "map": "values", "optional": "of"}.get(kind)
    inner = None if part is None else reader_of_natives(spec[part], read)
    if inner is None:
        return None
    if kind == "list":
        return lambda value: [inner(item) for item in value] if isinstance(value, list) else value
    if kind == "map":
        return lambda value: _each(value, dict.fromkeys(value, inner)) if isinstance(value, dict) else value
    return lambda value: None if value is None else inner(value)


def _each(value: Any, readers: dict[str, Callable[[Any], Any]]) -> Any:
    if not isinstance(value, dict):
        return value
    return {name: readers[name](item) if name in readers else item for name, item in value.items()}
