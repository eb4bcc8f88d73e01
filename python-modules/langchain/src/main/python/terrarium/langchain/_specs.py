"""Specs of programs, read and checked without langchain-core, which takes a second to import."""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import Any

from terrarium.bridge import SpecError, tools
from terrarium.bridge.options import checked
from terrarium.bridge.types import json_schema

#: The one property of the object in which a value travels that is no object itself.
VALUE = "value"
#: The variable of a session's messages.
HISTORY = "history"

_KEYS = ("prompt", "parser", "output", "options", "tools")
_ROLES = {"system": "system", "human": "human", "user": "human", "ai": "ai", "assistant": "ai"}
_PARSERS = ("str", "json", "list")
# Upstream passes the variables to methods by name, and gives `stop` to models.
_OF_LANGCHAIN = ("self", "stop")
# Upstream passes the arguments of a tool to a method by name, which has these parameters of its own.
_OF_TOOLS = ("config", "run_manager", "self")


@dataclass(frozen=True)
class Spec:
    """What a spec says.

    ``prompt`` is a template, or messages as pairs of LangChain's role and a template; ``history`` is the index at which
    a session's messages go, and how many at most, None for nowhere. ``schema`` is the JSON schema of ``output``, a type
    of :mod:`terrarium.bridge.types`, where there is one. Without ``tools`` the list is empty.
    """

    prompt: str | list[tuple[str, str]]
    history: tuple[int, int] | None
    parser: str
    output: dict[str, Any] | None
    schema: dict[str, Any] | None
    options: dict[str, Any]
    tools: list[tools.Definition]


def read(spec: Any) -> Spec:
    """Return what a spec says; raises SpecError with the place inside it."""
    if not isinstance(spec, dict):
        raise SpecError("spec", f"must be a dict, not {type(spec).__name__}")
    for key in spec.keys() - set(_KEYS):
        raise SpecError("spec", f"unknown key {key!r}. Known keys: {', '.join(_KEYS)}")
    options = checked(spec.get("options"), "spec.options")
    output = spec.get("output")
    schema = _schema(output)
    parser = _parser(spec.get("parser"), typed=schema is not None)
    defined = _tools(spec["tools"]) if spec.get("tools") is not None else []
    prompt = spec.get("prompt")
    if isinstance(prompt, str):
        _variables(prompt, "spec.prompt")
        return Spec(prompt, None, parser, output, schema, options, defined)
    return Spec(*_messages(prompt), parser, output, schema, options, defined)


def is_wrapped(output: dict[str, Any]) -> bool:
    """Tell whether a value of that type travels as the only property of an object.

    JSON schemas of model providers have an object at the top.
    """
    return output["type"] not in ("record", "map")


def _schema(output: Any) -> dict[str, Any] | None:
    if output is None:
        return None
    schema = json_schema(output, "spec.output")
    if not is_wrapped(output):
        return schema
    return {
        "type": "object",
        "properties": {VALUE: schema},
        "required": [VALUE],
        "additionalProperties": False,
    }


def _tools(specs: Any) -> list[tools.Definition]:
    defined = tools.definitions(specs)
    for index, each in enumerate(defined):
        for name in each.parameters.get("properties", {}):
            if name in _OF_TOOLS:
                at = f"spec.tools[{index}].parameters"
                raise SpecError(at, f"LangChain uses the name {name!r} itself; give the parameter another one")
    return defined


def _parser(name: Any, *, typed: bool) -> str:
    if typed:
        if name not in (None, "json"):
            raise SpecError("spec.parser", f"must be json where 'output' is given, got {name!r}")
        return "json"
    if name is not None and not (isinstance(name, str) and name in _PARSERS):
        raise SpecError("spec.parser", f"must be one of {', '.join(_PARSERS)}, got {name!r}")
    return name or "str"


def _messages(prompt: Any) -> tuple[list[tuple[str, str]], tuple[int, int] | None]:
    if not isinstance(prompt, list) or not prompt:
        raise SpecError("spec.prompt", f"must be a text or a list of messages, got {prompt!r}")
    messages = []
    variables: set[str] = set()
    history = None
    for index, message in enumerate(prompt):
        path = f"spec.prompt[{index}]"
        if isinstance(message, dict) and message.get("role") == HISTORY:
            if history is not None:
                raise SpecError("spec.prompt", "has more than one message of the role 'history'")
            history = (index, _last(message, path))
        else:
            role, template = _role_and_template(message, path)
            variables |= _variables(template, f"{path}.template")
            messages.append((role, template))
    if history is not None and HISTORY in variables:
        raise SpecError("spec.prompt", "has a variable {history} beside the message of that role")
    return messages, history


def _last(message: dict[str, Any], path: str) -> int:
    last = message.get("last")
    if message.keys() != {"role", "last"} or not isinstance(last, int) or isinstance(last, bool) or last < 2:
        raise SpecError(path, f"must be a dict of 'role' and 'last', an integer of at least 2, got {message!r}")
    return last


def _role_and_template(message: Any, path: str) -> tuple[str, str]:
    if not isinstance(message, dict) or message.keys() != {"role", "template"}:
        raise SpecError(path, f"must be a dict of 'role' and 'template', got {message!r}")
    role, template = message["role"], message["template"]
    if not (isinstance(role, str) and role in _ROLES):
        raise SpecError(f"{path}.role", f"must be one of system, human, ai, got {role!r}")
    if not isinstance(template, str):
        raise SpecError(f"{path}.template", f"must be a text, got {template!r}")
    return _ROLES[role], template


class _Anything:
    """A value that every format takes."""

    def __format__(self, _: str) -> str:
        return ""


def _variables(template: str, path: str) -> set[str]:
    """Return the names of a template's variables; raises SpecError when no values can be filled in."""
    formatter = Formatter()
    try:
        fields = [(name, form) for _, name, form, _ in formatter.parse(template) if name is not None]
        names = {_name(name, form or "") for name, form in fields}
        formatter.vformat(template, (), dict.fromkeys(names, _Anything()))
    except (ValueError, KeyError, IndexError) as error:
        raise SpecError(path, f"is not a template with variables in braces: {error}") from error
    return names


def _name(name: str, format_spec: str) -> str:
    """Return the name of a variable that stands in braces, if LangChain takes it; raises ValueError."""
    if not name:
        raise ValueError("{} has no name")
    if name.isdigit() or any(each in name for each in ".[]"):
        raise ValueError(f"{{{name}}} is not the name of a variable")
    if name in _OF_LANGCHAIN:
        raise ValueError(f"{{{name}}} is a name that LangChain uses itself, take another one")
    if "{" in format_spec or "}" in format_spec:
        raise ValueError(f"the format of {{{name}}} has braces")
    return name
