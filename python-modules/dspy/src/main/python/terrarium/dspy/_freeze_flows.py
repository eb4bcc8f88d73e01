"""Frozen programs of several requests: plans of their predictors, and runs of DSPy that show their order.

The host runs the control flow of such a module itself. Each run of DSPy is on random answers, and on random results of
the functions that the module calls.
"""

from __future__ import annotations

import contextlib
import copy
import datetime
import decimal
import io
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import dspy

from terrarium.bridge.tools import given as given_tools

from . import _chosen, _freeze, _react
from ._freeze import Values, answer_of, check_predictor, fields_of, marks_of, plan_of, refused
from ._model import Known, recording
from ._names import Names
from ._runtime import Program, Runtime

#: How many runs show that a flow is exact, and how many steps a run of dspy.ReAct has at most.
PROOFS = 12
MAX_STEPS = 3

Outputs: TypeAlias = dict[str, Any]


class _Simple(Values):
    """Random values with texts that every adapter reads."""

    def text(self) -> str:
        """Return a letter."""
        return "a"


def flow(runtime: Runtime, program: Program, options: dict[str, Any], cache: bool) -> dict[str, Any]:
    """Return what ``DspyBridge.freeze_program`` does; raises ArgumentError with the name of what cannot be frozen."""
    make = _FLOWS.get(type(program.module))
    if make is None:
        return _freeze.plan(runtime, program, options, cache)
    _freeze.check(program, runtime.adapter(options["adapter"]), cache)
    return make(_Frozen(runtime, program, options))


class _Frozen:
    """A program that is being frozen, and what runs it on random values."""

    def __init__(self, runtime: Runtime, program: Program, options: dict[str, Any]) -> None:
        self.runtime = runtime
        self.program = program
        self.options = options
        self.adapter = runtime.adapter(options["adapter"])
        self.module: Any = program.module
        self.values = Values()

    def plan(
        self,
        signature: Any,
        call: Callable[[dict[str, str]], object],
        inputs: list[dict[str, Any]] | None = None,
        number: int = 0,
        outputs: Callable[[Any, dict[str, str]], Outputs] = lambda _, __: {},
        functions: dict[str, Callable[..., Any]] | None = None,
    ) -> dict[str, Any]:
        """Return the plan of a predictor: of the request of that ``number`` that a call with marks makes.

        ``inputs`` are those of the plan, where they are not the signature's. ``outputs`` returns outputs of a
        signature's answer, where they are not random.
        """
        inputs = inputs or fields_of(signature)[0]
        marks = marks_of(inputs)
        events: list[dict[str, Any]] = []
        known = self._known(events, lambda asking: outputs(asking, marks), _Simple())
        with dspy.context(warn_on_type_mismatch=False), self._given(events, functions or {}), recording(known=known):
            call(marks)
        asked = [event for event in events if "request" in event][number]
        return {**plan_of(self.adapter, signature, asked["request"], marks, asked["asker"]), "inputs": inputs}

    def predict(self, module: dspy.Module, arguments: dict[str, Any]) -> Any:
        """Call a module as the program calls it."""
        return self.runtime.predict(self.program, module, arguments, self.options, cache=False, callbacks=[])

    def proofs(
        self,
        given: Callable[[], dict[str, Any]],
        outputs: Callable[[Any], Outputs] = lambda _: {},
        functions: dict[str, Callable[..., Any]] | None = None,
        **more: Any,
    ) -> list[dict[str, Any]]:
        """Return runs of DSPy; ``outputs`` returns outputs of a signature's answer, where they are not random."""
        shown = []
        for _ in range(PROOFS):
            inputs = given()
            events: list[dict[str, Any]] = []
            proof = {"inputs": inputs, "events": events, "outputs": None, "steps": None}
            known = self._known(events, outputs, self.values)
            arguments = self.program.arguments("freeze_program", inputs)
            with contextlib.suppress(dspy.AdapterParseError), self._given(events, functions or {}):
                run = self.runtime.run(self.program, arguments, self.options, cache=False, known=known, **more)
                proof.update(outputs=run.outputs, steps=run.steps if self.program.steps_of else None)
            shown.append(proof)
        return shown

    @contextlib.contextmanager
    def _given(self, events: list[dict[str, Any]], functions: dict[str, Callable[..., Any]]) -> Any:
        """Record the calls of functions; the module may print what failed."""

        def recorded(name: str) -> Callable[..., Any]:
            def function(*arguments: Any) -> Any:
                result = functions[name](*arguments) if name in functions else None
                events.append({"function": name, "arguments": copy.deepcopy(list(arguments)), "result": result})
                return result

            return function

        names = [each.name for each in self.program.tools]
        with (
            contextlib.redirect_stdout(io.StringIO()),
            given_tools("freeze_program", self.program.tools, {name: recorded(name) for name in names}),
        ):
            yield

    def _known(self, events: list[dict[str, Any]], outputs: Callable[[Any], Outputs], values: Values) -> Known:
        def known(request: dict[str, Any]) -> dict[str, Any]:
            signature = dspy.settings.caller_modules[-1].signature
            made = {each["name"]: values.of(each["type"]) for each in fields_of(signature)[1]}
            answer = {"text": answer_of(self.adapter, signature, {**made, **outputs(signature)})}
            events.append({"request": request, "asker": self._asker(), "answer": answer})
            return answer

        return known

    def _asker(self) -> str:
        """Return the name of the predictor that makes the present request; a run is of a copy of the module."""
        outermost = dspy.settings.caller_modules[0]
        return Names(outermost if type(outermost) is type(self.module) else self.module).of_asker()

    def given(self, signature: Any) -> dict[str, Any]:
        """Return random inputs by name."""
        return {each["name"]: self.values.of(each["type"]) for each in fields_of(signature)[0]}


def _react_flow(frozen: _Frozen) -> dict[str, Any]:
    module, values = frozen.module, frozen.values
    extract = module.extract.predict
    for predictor in (module.react, extract):
        check_predictor(predictor)

    def outputs(signature: Any) -> Outputs:
        if "next_tool_name" not in signature.output_fields:
            return {}
        tool = values.random.choice(list(module.tools))
        return {"next_tool_name": tool, "next_tool_args": _arguments(values, module.tools[tool].args)}

    tools = [name for name in module.tools if name != _react.FINISH]
    return {
        "kind": "react",
        "react": frozen.plan(module.react.signature, lambda marks: frozen.predict(module.react, marks)),
        "extract": frozen.plan(extract.signature, lambda marks: frozen.predict(module.extract, marks)),
        "tools": {name: module.tools[name].args for name in tools},
        "proofs": frozen.proofs(
            lambda: frozen.given(frozen.program.signature),
            outputs,
            {name: lambda _: _observed(values) for name in tools},
            max_iters=MAX_STEPS,
        ),
    }


def _observed(values: Values) -> dict[str, Any]:
    """Return what the function of a tool may return."""
    if values.random.random() < 0.2:
        return {"error": values.text()}
    others = (decimal.Decimal("2.50"), datetime.date(2024, 2, 29), {"nested": {"price": decimal.Decimal("-1.0")}})
    return {"value": values.random.choice((values.plain(), *others))}


def _arguments(values: Values, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return arguments of a tool, without those of schemas that say more than a type."""
    made = {name: _argument(values, schema) for name, schema in parameters.items() if isinstance(schema, dict)}
    return {name: value for name, value in made.items() if value is not None}


def _argument(values: Values, schema: dict[str, Any]) -> Any:
    kind = schema.get("type")
    if "enum" in schema:
        return values.random.choice(schema["enum"])
    if kind == "array":
        item = _argument(values, schema.get("items") or {})
        return [] if item is None else [item]
    if kind == "object":
        return _arguments(values, schema.get("properties") or {})
    if kind in ("string", "integer", "number", "boolean"):
        return values.of({"type": kind})
    return None


def _comparison_flow(frozen: _Frozen) -> dict[str, Any]:
    module, values = frozen.module, frozen.values
    predictor = module.predict
    check_predictor(predictor, config=("temperature",))
    answer = next(each for each in fields_of(predictor.signature)[1] if each["name"] == module.last_key)

    def given() -> dict[str, Any]:
        attempts = [
            {"reasoning": values.text(), "outputs": {module.last_key: values.of(answer["type"])}}
            for _ in range(module.M)
        ]
        return {"inputs": frozen.given(frozen.program.signature), "attempts": attempts}

    return {
        "kind": "multi_chain_comparison",
        "plan": frozen.plan(predictor.signature, lambda marks: frozen.predict(predictor, marks)),
        "last": module.last_key,
        "attempts": module.M,
        "proofs": frozen.proofs(given),
    }


def _best_of_n_flow(frozen: _Frozen) -> dict[str, Any]:
    predictor = _tried(frozen)[1]
    return {
        "kind": "best_of_n",
        **_attempts(frozen, predictor),
        "proofs": frozen.proofs(lambda: frozen.given(predictor.signature), functions=_rewards(frozen)),
    }


def _refine_flow(frozen: _Frozen) -> dict[str, Any]:
    from dspy.predict.refine import OfferFeedback, inspect_modules

    from orjson import OPT_INDENT_2, dumps

    module, values = frozen.module, frozen.values
    name, predictor = _tried(frozen)
    if module.N == 1:  # without any advice
        return _best_of_n_flow(frozen)
    inputs, outputs = fields_of(predictor.signature)
    for field in (*inputs, *outputs):
        _check_written(field["type"], field["name"])
    texts = [{"name": field, "type": {"type": "string"}} for field in OfferFeedback.input_fields]
    hint: dict[str, Any] = {"name": "hint_", "type": {"type": "string"}}
    written = {"target_threshold": module.threshold, "module_names": [name]}

    def hinted(marks: dict[str, str]) -> Any:
        return frozen.predict(copy.copy(module), {each["name"]: marks[each["name"]] for each in inputs})

    def advised(signature: Any, advice: dict[str, str]) -> Outputs:
        return {"advice": advice} if signature is OfferFeedback else {}

    return {
        "kind": "refine",
        **_attempts(frozen, predictor),
        "hinted": frozen.plan(
            predictor.signature,
            hinted,
            inputs=[*inputs, hint],
            number=2,
            outputs=lambda signature, marks: advised(signature, {name: marks[hint["name"]]}),
            functions={_chosen.REWARD.name: lambda *_: -math.inf},
        ),
        "advice": frozen.plan(
            OfferFeedback, lambda marks: frozen.predict(dspy.Predict(OfferFeedback), marks), inputs=texts
        ),
        "constants": {
            "program_code": module.module_code,
            "modules_defn": inspect_modules(module.module),
            "reward_code": module.reward_fn_code,
            **{each: dumps(value, option=OPT_INDENT_2).decode() for each, value in written.items()},
        },
        "predictor": name,
        "proofs": frozen.proofs(
            lambda: frozen.given(predictor.signature),
            lambda signature: advised(
                signature, values.random.choice(({name: values.text()}, {"other": values.text()}, {}))
            ),
            _rewards(frozen),
        ),
    }


def _tried(frozen: _Frozen) -> tuple[str, dspy.Predict]:
    """Return the name and the one predictor of the module that is tried several times."""
    within = frozen.module.module
    if type(within) not in (dspy.Predict, dspy.ChainOfThought):
        raise refused(f"the module {type(within).__name__} within {type(frozen.module).__name__}")
    name, predictor = within.named_predictors()[0]
    check_predictor(predictor)
    return name, predictor


def _attempts(frozen: _Frozen, predictor: dspy.Predict) -> dict[str, Any]:
    return {
        "plan": frozen.plan(
            predictor.signature,
            lambda marks: frozen.predict(copy.copy(frozen.module), marks),
            functions={_chosen.REWARD.name: lambda *_: math.inf},
        ),
        "n": frozen.module.N,
        "threshold": frozen.module.threshold,
    }


def _rewards(frozen: _Frozen) -> dict[str, Callable[..., Any]]:
    threshold, choice = frozen.module.threshold, frozen.values.random.choice
    return {_chosen.REWARD.name: lambda *_: choice((threshold, threshold - 1.5, threshold - 0.25))}


def _check_written(spec: dict[str, Any], name: str) -> None:
    """Raise ArgumentError for a value that DSPy does not write as JSON in what it asks for advice."""
    if spec["type"] in ("record", "date", "datetime", "any"):
        raise refused(f"the field {name!r} in dspy.Refine, since it is of the type {spec['type']}")
    for part in ("items", "values", "of"):
        if isinstance(spec.get(part), dict):
            _check_written(spec[part], name)


_FLOWS: dict[type, Callable[[_Frozen], dict[str, Any]]] = {
    _react.ReAct: _react_flow,
    _chosen.Comparison: _comparison_flow,
    dspy.BestOfN: _best_of_n_flow,
    dspy.Refine: _refine_flow,
}
