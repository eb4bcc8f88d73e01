"""Programs that call tools: ``dspy.ReAct`` on functions of the host's caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dspy
import pydantic

from terrarium.bridge import SpecError, tools

from ._schema import SCHEMA

#: The tool that DSPy adds.
FINISH = "finish"
#: Names that dspy.ReAct has for fields of its own, and for what it takes.
RESERVED_INPUTS = ("max_iters", "next_thought", "next_tool_args", "next_tool_name", "reasoning", "trajectory")
RESERVED_OUTPUTS = ("reasoning", "trajectory")

_NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}, "additionalProperties": False}
#: What grammars understand of a JSON schema; a tool whose parameters have more gets any object.
_UNDERSTOOD = frozenset(
    (
        *("additionalProperties", "anyOf", "default", "description", "enum", "items", "maximum", "minimum"),
        *("pattern", "properties", "required", "title", "type"),
    )
)


class HostTool(dspy.Tool):
    """A tool of the host's caller. What goes wrong with it, the language model reads in one line."""

    _failed: Callable[[str | None, object], Any] = pydantic.PrivateAttr()

    def __init__(self, definition: tools.Definition, failed: Callable[[str | None, object], Any] | None = None) -> None:
        """Make the tool; it can be called inside of ``terrarium.bridge.tools.given`` only.

        ``failed`` makes its result of its name and of why it has none; a line for the language model without it.
        """
        failed = failed or _observed

        def function(**arguments: Any) -> Any:
            answer = tools.call(definition.name, arguments)
            return failed(definition.name, answer.value) if answer.failed else answer.value

        parameters = definition.parameters.get("properties", {})
        super().__init__(
            function,
            name=definition.name,
            desc=definition.description,
            args=dict(parameters),
            arg_types=dict.fromkeys(parameters, Any),
        )
        self._failed = failed

    def __call__(self, **arguments: Any) -> Any:
        """Call the tool; arguments that do not fit its parameters are a failure that the language model reads."""
        try:
            return super().__call__(**arguments)
        except ValueError as error:  # DSPy's own check of the arguments
            return self._failed(self.name, error)


def _observed(name: str | None, reason: object) -> str:
    return f"Execution error in {name}: {reason}"  # as dspy.ReAct says it, without the traceback


def check(signature: type[dspy.Signature], path: str) -> None:
    """Raise SpecError for names of fields that dspy.ReAct needs itself."""
    for fields, reserved in (
        (signature.input_fields, RESERVED_INPUTS),
        (signature.output_fields, RESERVED_OUTPUTS),
    ):
        for name in fields:
            if name in reserved:
                raise SpecError(path, f"dspy.ReAct has the name {name!r} for itself. Reserved: {', '.join(reserved)}")


def module_of(signature: type[dspy.Signature], definitions: list[tools.Definition]) -> dspy.ReAct:
    """Return the module; a language model that can be constrained writes arguments of one of the tools."""
    module = dspy.ReAct(signature, tools=[HostTool(each) for each in definitions])
    schemas = []
    for schema in (*(each.parameters for each in definitions), _NO_ARGUMENTS):
        constrained = schema if _is_understood(schema) else {"type": "object"}
        if constrained not in schemas:
            schemas.append(constrained)
    field = module.react.signature.output_fields["next_tool_args"]
    field.json_schema_extra[SCHEMA] = {"anyOf": schemas} if len(schemas) > 1 else schemas[0]
    return module


def _is_understood(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return isinstance(schema, bool)
    if not schema.keys() <= _UNDERSTOOD or not isinstance(schema.get("type", ""), str):
        return False
    parts = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    parts += [schema[key] for key in ("items", "additionalProperties") if key in schema]
    return all(_is_understood(part) for part in parts)


def steps_of(trajectory: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps of a trajectory: ``thought``, ``tool``, ``arguments`` and ``observation`` of each.

    DSPy drops the first ones where all of them do not fit into the context window of the language model.
    """
    steps = []
    for key, thought in trajectory.items():
        kind, _, index = key.rpartition("_")
        if kind == "thought":
            steps.append(
                {
                    "thought": thought,
                    "tool": trajectory[f"tool_name_{index}"],
                    "arguments": trajectory[f"tool_args_{index}"],
                    "observation": trajectory[f"observation_{index}"],
                }
            )
    return steps
