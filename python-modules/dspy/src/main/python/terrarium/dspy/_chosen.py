"""Programs that choose among several answers: ``dspy.BestOfN``, ``dspy.Refine`` and ``dspy.MultiChainComparison``."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dspy

from terrarium.bridge import SpecError, tools

from ._kinds import AttemptError
from ._plain import plain_inputs

if TYPE_CHECKING:
    from ._runtime import Program

#: The function of the host's caller that rates outputs: ``(inputs, outputs) -> float``. Tools have no such names.
REWARD = tools.Definition("@reward", "", {})

_MOST = 100


def tried(cls: Callable[..., dspy.Module], of: Program, spec: dict[str, Any]) -> dspy.Module:
    """Return the module that runs a program several times, and returns the outputs that the host's caller rates best.

    Raises SpecError with the place inside the spec.
    """
    n = count_of(spec.get("n"), "spec.n", least=1)
    threshold = spec.get("threshold")
    if isinstance(threshold, bool) or not isinstance(threshold, (int, float)) or not math.isfinite(threshold):
        raise SpecError("spec.threshold", f"must be a finite number, got {threshold!r}")

    def reward(inputs: dict[str, Any], prediction: Any) -> float:
        rated: float = tools.ending_call(REWARD.name, plain_inputs(inputs), of.plain(prediction))
        return rated

    module = cls(module=of.module, N=n, reward_fn=reward, threshold=float(threshold))
    if cls is dspy.Refine:
        described = spec.get("reward")
        if not (isinstance(described, str) and described.strip()):
            raise SpecError(
                "spec.reward", f"must say in words what is rewarded, which the model reads, got {described!r}"
            )
        module.reward_fn_code = described  # DSPy takes the source of the function, which is the host's here
    return module


def comparison(of: Program, attempts: Any) -> tuple[dspy.Module, dict[str, Callable[[Any], Any]]]:
    """Return the module that compares attempts at what a program answers, and what reads its inputs.

    Raises SpecError with the place inside the spec.
    """
    if "rationale" in of.signature.fields:
        raise SpecError("spec.signature", "dspy.MultiChainComparison writes 'rationale' itself; name it otherwise")
    count = count_of(attempts, "spec.attempts", least=2)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The 'prefix' argument", category=DeprecationWarning)  # of DSPy's own
        module = Comparison(of.signature, M=count)
    return module, {
        "inputs": lambda value: of.arguments("call", value),
        "attempts": lambda value: _attempts(value, count, list(of.outputs)[-1]),
    }


class Comparison(dspy.MultiChainComparison):
    """``dspy.MultiChainComparison``, whose inputs are one argument, and whose attempts are another."""

    def forward(self, inputs: dict[str, Any], attempts: list[dict[str, Any]], config: dict[str, Any]) -> Any:
        return super().forward(attempts, **inputs, config=config)


def _attempts(value: Any, count: int, last: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or len(value) != count:
        raise AttemptError(f"must be a list of {count} attempts, got {value!r}")
    completions = []
    for attempt in value:
        outputs = attempt.get("outputs") if isinstance(attempt, dict) else None
        reasoning = attempt.get("reasoning") if isinstance(attempt, dict) else None
        if not isinstance(outputs, dict) or last not in outputs or not isinstance(reasoning, str):
            raise AttemptError(
                f"an attempt must have the text 'reasoning' and 'outputs' with {last!r}, got {attempt!r}"
            )
        completions.append({**outputs, "reasoning": reasoning})
    return completions


def count_of(value: Any, path: str, least: int, most: int = _MOST) -> int:
    """Return a whole number of a spec; raises SpecError for what is none in these bounds."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise SpecError(path, f"must be a whole number from {least} to {most}, got {value!r}")
    return value
