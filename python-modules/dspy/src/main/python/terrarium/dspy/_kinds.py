"""The kinds of programs: what a spec of each kind may have, and the module that is made of it.

What only some kinds need is imported with the first program of such a kind: most contexts have none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dspy

from terrarium.bridge import SpecError, tools

from ._signatures import shadowing_allowed, signature_of

if TYPE_CHECKING:
    from ._runtime import Program


class AttemptError(Exception):
    """An input that is no list of attempts."""


@dataclass(frozen=True)
class Asked:
    """What a program is made of: its spec, and what makes the programs within, of a spec and its place."""

    spec: dict[str, Any]
    program: Callable[[Any, str], Program]

    @property
    def signature(self) -> type[dspy.Signature]:
        """The spec's signature; raises SpecError with the place inside it."""
        return signature_of(self.spec.get("signature"), "spec.signature")


@dataclass(frozen=True)
class Made:
    """What was made of a spec.

    ``outputs`` are the fields that the program returns; those of the module's last predictor if None. ``inputs`` have
    what reads each input, where these are not the signature's. ``tools`` are the functions of the host's caller that
    the module calls. ``of`` is the program whose signature it has, and ``parts`` are the programs of its predictors
    that can be run by themselves. ``steps_of`` makes steps of the module's trajectory, where it has any. ``configured``
    tells that the module takes the options of the language model as ``config``, and ``writes_code`` that the command
    ``explore`` runs it.
    """

    module: dspy.Module
    outputs: dict[str, Any] | None = None
    inputs: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    tools: list[tools.Definition] = field(default_factory=list)
    of: Program | None = None
    parts: dict[str, Program] = field(default_factory=dict)
    steps_of: Callable[[Any], list[dict[str, Any]]] | None = None
    configured: bool = True
    writes_code: bool = False


@dataclass(frozen=True)
class Kind:
    """How a kind of program is made, and the keys of its spec beside ``kind``, ``options`` and ``signature``."""

    make: Callable[[Asked], Made]
    keys: tuple[str, ...] = ()


def _predict(asked: Asked) -> Made:
    return Made(dspy.Predict(asked.signature))


def _chain_of_thought(asked: Asked) -> Made:
    if "reasoning" in asked.signature.input_fields:
        raise SpecError("spec.signature", "a chain of thought writes 'reasoning' itself; name that input otherwise")
    return Made(dspy.ChainOfThought(asked.signature))


def _react_of(asked: Asked) -> Made:
    from . import _react

    _react.check(asked.signature, "spec.signature")
    defined = tools.definitions(asked.spec.get("tools"), reserved=(_react.FINISH,))
    return Made(_react.module_of(asked.signature, defined), tools=defined, steps_of=_react.steps_of)


def _rlm_of(asked: Asked) -> Made:
    from . import _rlm

    module, defined = _rlm.module_of(asked.signature, asked.spec)
    return Made(module, tools=defined, steps_of=_rlm.steps_of, writes_code=True)


def _module(asked: Asked) -> Made:
    from terrarium.bridge import user_code

    from . import _user_code

    package = user_code.package_of(asked.spec.get("source"))
    module = _user_code.made(package, asked.spec.get("class"), asked.spec.get("arguments") or {})
    if type(module) in (dspy.Predict, dspy.ChainOfThought):  # what a function made
        return Made(module)
    return Made(module, dict(asked.signature.output_fields), configured=False)


def _composed(asked: Asked) -> Made:
    from . import _host_module

    parts = _host_module.parts_of(asked.spec.get("predictors"), asked.program)
    module = _host_module.HostModule(parts)
    outputs = dict(asked.signature.output_fields)
    return Made(module, outputs, tools=[_host_module.FORWARD], parts=parts, configured=False)


def _multi_chain_comparison(asked: Asked) -> Made:
    from . import _chosen

    of = asked.program({"kind": "predict", "signature": asked.spec.get("signature")}, "spec")
    module, inputs = _chosen.comparison(of, asked.spec.get("attempts"))
    return Made(module, inputs=inputs)


def _tried(name: str) -> Callable[[Asked], Made]:
    def make(asked: Asked) -> Made:
        from . import _chosen

        of = _in_state(asked.program, asked.spec, "spec")
        module = _chosen.tried(getattr(dspy, name), of, asked.spec)
        return Made(module, of.outputs, tools=[*of.tools, _chosen.REWARD], of=of, configured=False)

    return make


def _knn_few_shot(asked: Asked) -> Made:
    from . import _combined

    of = _in_state(asked.program, asked.spec, "spec")
    module, defined = _combined.nearest_few_shot(of, asked.spec)
    return Made(module, of.outputs, tools=[*of.tools, *defined], of=of, configured=False)


def _ensemble(asked: Asked) -> Made:
    from . import _combined

    specs = asked.spec.get("programs")
    if not isinstance(specs, list) or not specs or not all(isinstance(each, dict) for each in specs):
        raise SpecError("spec.programs", f"must be a list of dicts of 'of' and 'state', got {specs!r}")
    programs = [_in_state(asked.program, each, f"spec.programs[{index}]") for index, each in enumerate(specs)]
    module, defined = _combined.ensemble(programs, asked.spec)
    of = programs[0]
    named = {each.name: each for program in programs for each in program.tools}
    return Made(module, of.outputs, tools=[*named.values(), *defined], of=of, configured=False)


def _in_state(program: Callable[[Any, str], Program], spec: dict[str, Any], path: str) -> Program:
    """Return the program of a dict of ``of``, its spec, and ``state``."""
    of = program(spec.get("of"), f"{path}.of")
    if spec.get("state") is not None:
        of.load_state(spec["state"])
    return of


KINDS: dict[str, Kind] = {
    "predict": Kind(_predict),
    "chain_of_thought": Kind(_chain_of_thought),
    "react": Kind(_react_of, ("tools",)),
    "rlm": Kind(_rlm_of, ("tools", "max_iters", "max_llm_calls")),
    "module": Kind(_module, ("source", "class", "arguments")),
    "composed": Kind(_composed, ("predictors",)),
    "multi_chain_comparison": Kind(_multi_chain_comparison, ("attempts",)),
    "knn_few_shot": Kind(_knn_few_shot, ("of", "state", "k", "train", "bootstrap", "vectorizer", "metric")),
    "ensemble": Kind(_ensemble, ("programs", "size", "reduce")),
    "best_of_n": Kind(_tried("BestOfN"), ("of", "state", "n", "threshold")),
    "refine": Kind(_tried("Refine"), ("of", "state", "n", "threshold", "reward")),
}


def made(spec: Any, program: Callable[[Any, str], Program]) -> Made:
    """Return what is made of a spec; ``program`` makes the programs within, of a spec and its place.

    Raises SpecError with the place inside the spec.
    """
    kind = _checked(spec)
    with shadowing_allowed():
        return kind.make(Asked(spec, program))


def _checked(spec: Any) -> Kind:
    if not isinstance(spec, dict):
        raise SpecError("spec", f"must be a dict, not {type(spec).__name__}")
    name = spec.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    keys = kind.keys if kind else ()
    known = ("kind", *(() if "of" in keys or "programs" in keys else ("signature",)), "options", *keys)
    for key in spec.keys() - set(known):
        raise SpecError("spec", f"unknown key {key!r}. Known keys: {', '.join(known)}")
    if kind is None:
        raise SpecError("spec.kind", f"must be one of {', '.join(KINDS)}, got {name!r}")
    return kind
