"""Programs that write code which looks at their inputs: ``dspy.RLM`` in a code context of the host."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import dspy

from terrarium.bridge import SpecError, tools

from ._interpreter import HostInterpreter
from ._react import HostTool

#: The numbers of DSPy where a spec has none.
_NUMBERS = {"max_iters": 20, "max_llm_calls": 50}
_RESERVED_INPUTS = ("config",)


class HostRlm(dspy.RLM):
    """``dspy.RLM`` whose code runs in a code context, and whose options are those of every language model it asks."""

    def forward(self, *, config: dict[str, Any] | None = None, **inputs: Any) -> dspy.Prediction:
        """Run the module; ``config`` holds options of the language model, for the code's own questions, too."""
        if not config:
            return super().forward(**inputs)
        with dspy.context(lm=dspy.settings.lm.copy(**config)):
            return super().forward(**inputs)


def module_of(signature: type[dspy.Signature], spec: dict[str, Any]) -> tuple[HostRlm, list[tools.Definition]]:
    """Return the module of a spec, and its tools; raises SpecError with the place inside the spec."""
    definitions = tools.definitions(spec["tools"]) if spec.get("tools") else []
    numbers = {}
    for key, default in _NUMBERS.items():
        number = numbers[key] = spec.get(key, default)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise SpecError(f"spec.{key}", f"must be an integer above zero, got {number!r}")
    for name in _RESERVED_INPUTS:
        if name in signature.input_fields:
            raise SpecError(
                "spec.signature", f"the program has the name {name!r} for itself; name that input otherwise"
            )
    try:
        module = HostRlm(
            signature, tools=[_tool(each) for each in definitions], interpreter_factory=HostInterpreter, **numbers
        )
    except ValueError as error:  # names that code cannot have
        raise SpecError("spec", f"dspy.RLM refuses it: {error}") from error
    return module, definitions


def _tool(definition: tools.Definition) -> HostTool:
    """Return a tool that raises its failure in the code, which can give its arguments by position."""
    tool = HostTool(definition, _raised)
    names: list[str] = [*definition.parameters.get("properties", {})]
    required = definition.parameters.get("required", names)
    parameters = [
        inspect.Parameter(
            name,
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            default=inspect.Parameter.empty if name in required else None,
        )
        for name in sorted(names, key=lambda name: name not in required)
    ]
    function: Callable[..., Any] = tool.func
    function.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return tool


def _raised(name: str | None, reason: object) -> Any:
    raise RuntimeError(f"{name}: {reason}")


def steps_of(trajectory: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the steps of a trajectory: ``reasoning``, ``code`` and ``output`` of each."""
    return [{key: step[key] for key in ("reasoning", "code", "output")} for step in trajectory]
