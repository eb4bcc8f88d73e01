"""Tools of the host's caller: functions that a language model may call, as a call of a program carries them.

A program's spec has the definitions of its tools, and each call of the program brings the functions. A function takes
one dict, of the arguments by name, and returns ``{"value": ...}``, or ``{"error": message}`` for a failure that the
language model is to read. A failure that is to end the call is raised.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, TypeAlias

from .builtin import keep
from .errors import ArgumentError, HostCallError, SpecError

keep(globals())

Function: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]

_KEYS = {"name", "description", "parameters"}
_functions: ContextVar[dict[str, Function] | None] = ContextVar("terrarium_tools", default=None)


class Definition(NamedTuple):
    """What a language model is told of a tool; ``parameters`` is a JSON schema of an object."""

    name: str
    description: str
    parameters: dict[str, Any]


class Answer(NamedTuple):
    """What a tool gave: its result, or the message of its failure."""

    value: Any
    failed: bool


class EndOfCall(BaseException):
    """Ends the call: a tool failed in a way that its caller wants to see; ``__cause__`` is what the host raised."""


def definitions(specs: Any, path: str = "spec.tools", reserved: tuple[str, ...] = ()) -> list[Definition]:
    """Return the definitions of a spec: ``[{"name", "description", "parameters"}]``, the last a JSON schema as text.

    Raises SpecError for what is none, and for names that are there twice or ``reserved``.
    """
    if not isinstance(specs, list) or not specs:
        raise SpecError(path, f"must be a list of at least one tool, got {specs!r}")
    made: dict[str, Definition] = {}
    for index, spec in enumerate(specs):
        at = f"{path}[{index}]"
        if not isinstance(spec, dict) or spec.keys() != _KEYS or not all(isinstance(v, str) for v in spec.values()):
            raise SpecError(at, f"must be a dict of the texts name, description and parameters, got {spec!r}")
        name = spec["name"]
        if name in reserved:
            raise SpecError(f"{at}.name", f"the framework has the name {name!r} for itself; give the tool another one")
        if name in made:
            raise SpecError(f"{at}.name", f"tool {name!r} is there twice")
        made[name] = Definition(name, spec["description"], _schema(spec["parameters"], f"{at}.parameters"))
    return list(made.values())


def _schema(text: str, path: str) -> dict[str, Any]:
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise SpecError(path, f"must be a JSON schema as text: {error}") from error
    if not isinstance(schema, dict):
        raise SpecError(path, f"must be the JSON schema of an object, got {text}")
    return in_place(schema)


def in_place(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON schema without references; where a schema contains itself, anything goes."""
    named = {f"#/{key}/{name}": part for key in ("$defs", "definitions") for name, part in schema.get(key, {}).items()}

    def resolved(part: Any, seen: tuple[str, ...]) -> Any:
        if isinstance(part, list):
            return [resolved(each, seen) for each in part]
        if not isinstance(part, dict):
            return part
        reference = part.get("$ref")
        if isinstance(reference, str):
            rest = {key: each for key, each in part.items() if key != "$ref"}
            known = {} if reference in seen else named.get(reference, {})
            return {**resolved(known, (*seen, reference)), **rest}
        return {key: resolved(each, seen) for key, each in part.items()}

    plain: dict[str, Any] = resolved({k: v for k, v in schema.items() if k not in ("$defs", "definitions")}, ())
    return plain


@contextmanager
def given(command: str, defined: list[Definition], functions: Any) -> Iterator[None]:
    """Let the tools that are called inside the block, in this thread or task, be these functions by name.

    Raises ArgumentError when a defined tool has no function, or a function is not that of a tool; and, at the end, what
    the host raised for a tool that ends the call.
    """
    names = [each.name for each in defined]
    if not isinstance(functions, dict):
        raise ArgumentError(command, f"tools must be a dict of functions by name, not {type(functions).__name__}")
    missing = [name for name in names if not callable(functions.get(name))]
    unknown = [str(name) for name in functions if name not in names]
    if missing or unknown:
        raise ArgumentError.of_names(command, missing=missing, unknown=unknown, accepted=names, what="tool")
    token = _functions.set(functions)
    try:
        yield
    except EndOfCall as end:
        if end.__cause__ is None:
            raise
        raise end.__cause__  # noqa: B904 - which has a cause of its own, the host's exception
    finally:
        _functions.reset(token)


def call(name: str, arguments: dict[str, Any]) -> Answer:
    """Call a tool of the present call.

    Raises EndOfCall when its failure is to end the call.
    """
    answer = ending_call(name, arguments)
    return Answer(answer["error"], failed=True) if "error" in answer else Answer(answer["value"], failed=False)


def ending_call(name: str, *arguments: Any) -> Any:
    """Call a function of the present call; what the host raises ends the call, as EndOfCall."""
    return ending(function(name), *arguments)


def ending(host_function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function of the host; what the host raises ends the call, as EndOfCall."""
    try:
        return host_function(*arguments)
    except HostCallError as error:
        raise EndOfCall(str(error)) from error


def function(name: str) -> Callable[..., Any]:
    """Return a function of the present call, as the host's caller gave it."""
    functions = _functions.get()
    if functions is None:
        raise RuntimeError(f"the tool {name!r} is called outside of the call that brought it")
    return functions[name]
