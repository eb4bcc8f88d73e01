"""Programs that call tools: ``dspy.ReAct`` on functions of the host's caller."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dspy
import pydantic

from terrarium.bridge import SpecError, tools
from terrarium.bridge.errors import TruncatedAnswerError

from ._adapters import HostChatAdapter, SchemaJsonAdapter
from ._schema import SCHEMA

#: The tool that DSPy adds.
FINISH = "finish"
#: Names that dspy.ReAct has for fields of its own, and for what it takes.
RESERVED_INPUTS = ("max_iters", "next_thought", "next_tool_args", "next_tool_name", "reasoning", "trajectory")
RESERVED_OUTPUTS = ("reasoning", "trajectory")

#: The key of what a language model wrote in place of an object of arguments.
_NO_OBJECT = "arguments that are no object"
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
        if _NO_OBJECT in arguments:
            return self._failed(self.name, "its arguments must be a JSON object")
        try:
            return super().__call__(**arguments)
        except ValueError as error:  # DSPy's own check of the arguments
            return self._failed(self.name, error)


class ReAct(dspy.ReAct):
    """``dspy.ReAct``, in which the language model reads that a tool does not exist.

    DSPy checks the name of the tool while it reads an answer, so that one wrong name would end the whole call, and so
    would arguments that are no object. Here both are steps like the call of a tool that fails.
    """

    def __init__(self, signature: type[dspy.Signature], definitions: list[tools.Definition]) -> None:
        """Make the module, whose prompts are those of DSPy."""
        super().__init__(signature, tools=[HostTool(each) for each in definitions])
        self.tools: dict[str, dspy.Tool] = _Tools(self.tools)
        self._any_step = self.react.signature.with_updated_fields("next_tool_name", type_=str).with_updated_fields(
            "next_tool_args", type_=Any
        )

    def _call_with_potential_trajectory_truncation(
        self, module: dspy.Module, trajectory: dict[str, Any], **inputs: Any
    ) -> Any:
        try:
            return super()._call_with_potential_trajectory_truncation(module, trajectory, **inputs)
        except dspy.AdapterParseError as error:
            if module is not self.react or isinstance(error, TruncatedAnswerError):
                raise
            step = self._step_of(error)
            if step is None:
                raise
            return step

    def _step_of(self, error: dspy.AdapterParseError) -> dspy.Prediction | None:
        """Return the step of an answer that cannot be called; None when the answer is no step at all."""
        adapter = HostChatAdapter() if error.adapter_name == "ChatAdapter" else SchemaJsonAdapter()
        try:
            step = adapter.parse(self._any_step, error.lm_response)
        except dspy.AdapterParseError:
            return None
        arguments = step["next_tool_args"]
        if not isinstance(arguments, dict):
            none = arguments in (None, "") or step["next_tool_name"] == FINISH
            arguments = {} if none else {_NO_OBJECT: arguments}
        return dspy.Prediction(**{**step, "next_tool_args": arguments})


class _Tools(dict[str, dspy.Tool]):
    """Tools by name, in which an unknown name is that of a tool that always fails."""

    def __missing__(self, name: str) -> Callable[..., str]:
        reason = f"there is no tool of that name. Tools: {', '.join(self)}"
        return lambda **_: _observed(name, reason)


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


def module_of(signature: type[dspy.Signature], definitions: list[tools.Definition]) -> ReAct:
    """Return the module; a language model that can be constrained writes arguments of one of the tools."""
    module = ReAct(signature, definitions)
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
