"""Modules whose control flow is the host's: ``forward`` is a function of the host's caller, which calls predictors.

The host runs such a module by itself, and calls its predictors as parts of a program. Where DSPy runs the module, as an
optimizer does, ``forward`` is called from here, and calls back for each predictor, in the same thread: that call runs
the predictor of this very module, which may be an optimizer's copy, under DSPy's settings of the moment.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import dspy

from terrarium.bridge import ArgumentError, SpecError, tools

from ._plain import plain_inputs

if TYPE_CHECKING:
    from ._runtime import Program

#: The function of the host's caller: ``(inputs, run) -> outputs``, with the number by which it calls predictors.
FORWARD = tools.Definition("@forward", "", {})

_runs = itertools.count(1)
_running: ContextVar[dict[int, HostModule]] = ContextVar("terrarium_dspy_running", default={})  # noqa: B039 - copied


class _Parts(dict[str, "Program"]):
    """The programs of the predictors, which copies of a module share: they tell of the signatures, which are fixed."""

    def __deepcopy__(self, _memo: Any) -> _Parts:
        return self


class HostModule(dspy.Module):
    """A module of named predictors, each of which is an attribute, whose ``forward`` is the host's."""

    def __init__(self, parts: dict[str, Program]) -> None:
        """Take the modules of the parts for its own."""
        super().__init__()
        self.parts = _Parts(parts)
        for name, part in parts.items():
            setattr(self, name, part.module)

    def forward(self, **inputs: Any) -> dspy.Prediction:
        """Have the host's caller make the outputs; can be called inside of ``terrarium.bridge.tools.given`` only."""
        run = next(_runs)
        token = _running.set({**_running.get(), run: self})
        try:
            outputs = tools.function(FORWARD.name)(plain_inputs(inputs), run)
        finally:
            _running.reset(token)
        return dspy.Prediction(**outputs)


def of_run(run: int, predictor: str) -> tuple[Program, dspy.Module]:
    """Return the program of a predictor that the present call of ``forward`` may call, and the predictor itself.

    Raises ArgumentError outside of that call, and for the name of another predictor.
    """
    module = _running.get().get(run)
    if module is None:
        raise ArgumentError(
            "call_predictor",
            "predictors of a module that Python runs can be called by its 'forward' only, on its thread",
        )
    return part_of(module.parts, predictor, "call_predictor"), getattr(module, predictor)


def part_of(parts: dict[str, Program], name: str, command: str) -> Program:
    """Return the part of that name; raises ArgumentError with the names there are."""
    part = parts.get(name)
    if part is None:
        raise ArgumentError.of_names(command, missing=(), unknown=[name], accepted=parts, what="predictor")
    return part


def parts_of(specs: Any, program: Callable[[Any, str], Program], path: str = "spec.predictors") -> dict[str, Program]:
    """Return the programs of named predictors.

    Raises SpecError for a name that a module has for itself, and for what is no spec of a program without tools.
    """
    if not isinstance(specs, dict) or not specs:
        raise SpecError(path, f"must be a dict of specs by the predictors' names, got {specs!r}")
    parts = {}
    for name, spec in specs.items():
        at = f"{path}.{name}"
        if not (isinstance(name, str) and name.isidentifier()) or name.startswith("_"):
            raise SpecError(
                path, f"a predictor's name must be an identifier without a leading underscore, got {name!r}"
            )
        if hasattr(HostModule, name) or name in ("parts", "callbacks", "history"):
            raise SpecError(at, f"a module has the name {name!r} for itself; name the predictor otherwise")
        parts[name] = program(spec, at)
        if parts[name].tools:
            raise SpecError(at, "a predictor calls no functions of the host's: call the tools in 'forward'")
    return parts
