"""DSPy's optimizers, run on a program of the host's.

The optimizer's own code runs here, in one context. What it evaluates as a whole goes to the host, which runs a
candidate's examples concurrently, in other contexts or without any. What needs a trace runs here: the search for
demonstrations, and SIMBA's and GEPA's samples.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib
import importlib.util
import io
import logging
import random
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

import dspy
import tqdm  # type: ignore[import-untyped]
from dspy import teleprompt
from dspy.evaluate.evaluate import Evaluate, EvaluationResult
from dspy.utils.saving import get_dependency_versions

from terrarium.bridge import ArgumentError
from terrarium.bridge.programs import content_of
from terrarium.bridge.tools import EndOfCall, ending

from . import _metrics
from ._model import ask, recording
from ._plain import plain_value
from ._runtime import Program, reader_of

_PROMPT_MODELS = {"prompt_model": "prompt_model", "reflection_model": "reflection_lm"}
_DEPENDENCY = "dev.terrarium:terrarium-python-dspy-optimizers"

_BOOTSTRAP = ("max_bootstrapped_demos", "max_labeled_demos", "max_rounds", "max_errors", "metric_threshold")


class Kind(NamedTuple):
    """An optimizer of DSPy: its class, what its constructor and its ``compile`` take, and what it needs."""

    name: str
    made_with: tuple[str, ...]
    compiled_with: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    metric: bool = True
    validation: bool = False


KINDS = {
    "labeled_few_shot": Kind("LabeledFewShot", ("k",), ("sample",), metric=False),
    "bootstrap_few_shot": Kind("BootstrapFewShot", (*_BOOTSTRAP, "teacher_model")),
    "random_search": Kind(
        "BootstrapFewShotWithRandomSearch",
        (*_BOOTSTRAP, "num_candidate_programs", "stop_at_score", "teacher_model"),
        validation=True,
    ),
    "mipro": Kind(
        "MIPROv2",
        (
            *("auto", "num_candidates", "max_bootstrapped_demos", "max_labeled_demos", "seed", "init_temperature"),
            *("max_errors", "metric_threshold", "prompt_model", "teacher_model"),
        ),
        (
            *("num_trials", "minibatch", "minibatch_size", "minibatch_full_eval_steps", "program_aware_proposer"),
            *("data_aware_proposer", "view_data_batch_size", "tip_aware_proposer", "fewshot_aware_proposer"),
        ),
        packages=("numpy", "optuna"),
        validation=True,
    ),
    "copro": Kind("COPRO", ("breadth", "depth", "init_temperature", "prompt_model")),
    "simba": Kind(
        "SIMBA",
        (
            *("bsize", "num_candidates", "max_steps", "max_demos", "demo_input_field_maxlen"),
            *("temperature_for_sampling", "temperature_for_candidates", "prompt_model", "teacher_model"),
        ),
        ("seed",),
        packages=("numpy",),
    ),
    "gepa": Kind(
        "GEPA",
        (
            *("auto", "max_full_evals", "max_metric_calls", "reflection_minibatch_size", "reflection_model"),
            *("candidate_selection_strategy", "skip_perfect_score", "add_format_failure_as_feedback", "use_merge"),
            *("max_merge_invocations", "component_selector", "failure_score", "perfect_score", "seed"),
        ),
        packages=("gepa",),
        validation=True,
    ),
    "better_together": Kind("BetterTogether", (), ("strategy", "valset_ratio", "seed"), validation=True),
}

REFUSED = {
    "knn_few_shot": "KNNFewShot chooses demonstrations anew for each input, which no compiled state can hold",
    "ensemble": "Ensemble makes one program of several, and no compiled state of one; call each and take the majority",
    "bootstrap_finetune": "BootstrapFinetune trains the weights of a language model, which no host's model offers",
}

_running: ContextVar[Optimization | None] = ContextVar("terrarium_dspy_optimization", default=None)
_evaluate = Evaluate.__call__


class Functions:
    """The functions that the host gave for one optimization; what one raises ends it."""

    NAMES = ("begin", "evaluate", "score", "recall", "remember")

    def __init__(self, functions: Any) -> None:
        """Check that all functions are there."""
        if not isinstance(functions, dict) or functions.keys() != set(self.NAMES):
            raise ArgumentError("optimize", f"host must be a dict of the functions {', '.join(self.NAMES)}")
        self._functions = functions

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function by name."""
        return ending(self._functions[name], *arguments)


class Explained(dspy.Prediction):
    """A score with feedback. It is as true as its score: bootstrapping keeps what the metric's result is true for."""

    def __bool__(self) -> bool:
        """Return whether the score is not zero, as for a metric that returns the number alone."""
        return bool(self.score)


class Optimization:
    """One run of an optimizer."""

    def __init__(
        self,
        program: Program,
        lm: dspy.LM,
        examples: tuple[list[dspy.Example], list[dspy.Example]],
        functions: Functions,
        metric: Callable[..., Any] | None,
    ) -> None:
        """Prepare a run for a program in the state that it has, with its examples to train on and to validate with."""
        self.program = program
        self.lm = lm
        self.train, self.validation = examples
        self._functions = functions
        self._all = self.train if self.validation is self.train else [*self.train, *self.validation]
        self._numbers = {id(each): number for number, each in enumerate(self._all)}
        self._names = {each.stage: name for name, each in program.module.named_predictors()}
        self._metric = metric

    def metric(
        self, gold: Any, pred: Any, trace: Any = None, pred_name: str | None = None, pred_trace: Any = None
    ) -> Any:
        """Score a prediction, as the optimizers of DSPy ask for it."""
        if not isinstance(pred, dspy.Prediction):
            raise ValueError("there is no prediction to score")
        if self._metric is None:
            score = self._host_score(gold, pred, trace, pred_name)
        else:
            try:
                score = _metrics.call(self._metric, "metric", gold, pred, trace, pred_name, pred_trace)
            except ArgumentError as error:
                raise EndOfCall(str(error)) from error
        return score.value if score.feedback is None else Explained(score=score.value, feedback=score.feedback)

    def _host_score(self, gold: Any, pred: Any, trace: Any, pred_name: str | None) -> _metrics.Score:
        steps = None if trace is None else [self._step(*each) for each in trace]
        result = self._functions.call("score", self.number(gold), self.program.plain(pred), steps, pred_name)
        if "error" in result:
            raise ValueError(result["error"])
        return _metrics.Score(result["score"], result["feedback"])

    def _step(self, predictor: Any, inputs: Any, outputs: Any) -> dict[str, Any]:
        return {
            "predictor": self._names.get(getattr(predictor, "stage", None), ""),
            "inputs": _plain_fields(inputs),
            "outputs": _plain_fields(outputs) if isinstance(outputs, dspy.Prediction) else {},
        }

    def number(self, example: Any) -> int:
        """Return the number of an example among all of this run; raises ValueError for one that is not."""
        number = self._numbers.get(id(example))
        return self._all.index(example) if number is None else number

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a request, which is asked of the language model once for the whole run."""
        key = _hash(content_of(request))
        answer: dict[str, Any] | None = self._functions.call("recall", key)
        if answer is None:
            answer = ask(request)
            self._functions.call("remember", key, answer)
        return answer

    def evaluate(self, evaluator: Any, module: Any, devset: list[Any]) -> EvaluationResult | None:
        """Have the host run a candidate; None where it cannot, as for one whose forward was replaced."""
        state = None if "forward" in vars(module) else self._state_of(module)
        if state is None:
            return None
        try:
            numbers = [self.number(each) for each in devset]
        except ValueError:
            return None
        most = dspy.settings.max_errors if evaluator.max_errors is None else evaluator.max_errors
        results = self._ask_host(state, numbers, most, evaluator.failure_score)
        rows = [
            (example, dspy.Prediction(**(result["outputs"] or {})), result["score"])
            for example, result in zip(devset, results, strict=True)
        ]
        return EvaluationResult(score=round(100 * sum(score for *_, score in rows) / len(rows), 2), results=rows)

    def _ask_host(self, state: dict[str, Any], numbers: list[int], most: int, failure_score: float) -> list[Any]:
        answer = self._functions.call("evaluate", _hash(content_of(state)), state, numbers, most, failure_score)
        if answer["failed"] >= most:
            raise RuntimeError(f"{answer['failed']} of {len(numbers)} examples failed, the last one: {answer['error']}")
        results: list[Any] = answer["results"]
        return results

    def score(self, state: dict[str, Any]) -> None:
        """Have the host score a state on all examples to validate with, however many of them fail."""
        numbers = [self.number(each) for each in self.validation]
        self._ask_host(state, numbers, len(numbers) + 1, 0.0)

    def _state_of(self, module: Any) -> dict[str, Any] | None:
        """Return a candidate's state; None where it asks another language model than the program does."""
        if type(module) is not type(self.program.module):
            return None
        if any(each.lm is not None for each in module.predictors()):
            module = module.deepcopy()
            own = self.lm.dump_state()
            for each in module.predictors():
                if each.lm is not None and each.lm.dump_state() != own:
                    return None
                each.lm = None
        state: dict[str, Any] = module.dump_state()
        return state

    def run(self, kind: str, parameters: dict[str, Any], model: Callable[[str], dspy.LM]) -> dict[str, Any]:
        """Run an optimizer, and return the state that it found."""
        parent = self.program.module.dump_state()
        self._functions.call(
            "begin",
            {
                "examples": _hash(content_of([_plain_fields(each) for each in self._all])),
                "dspy": dspy.__version__,
                "versions": get_dependency_versions(),
                "state": _hash(content_of(parent)),
            },
        )
        self.score(parent)
        module = self._compiled(kind, dict(parameters), model)
        for each in module.predictors():
            each.lm = None
        state: dict[str, Any] = module.dump_state()
        self.score(state)
        return {"state": state, "hash": _hash(content_of(state))}

    def _compiled(self, kind: str, parameters: dict[str, Any], model: Callable[[str], dspy.LM]) -> dspy.Module:
        chosen = KINDS[kind]
        optimizer = self._optimizer(kind, parameters, model)
        student = self.program.module.deepcopy()
        compiling: dict[str, Any] = {name: parameters[name] for name in chosen.compiled_with if name in parameters}
        if chosen.validation and self.validation is not self.train:
            compiling["valset"] = self.validation
        if kind == "better_together":
            student.set_lm(self.lm)
        module: dspy.Module = optimizer.compile(student, trainset=self.train, **compiling)
        return module

    def _optimizer(self, kind: str, parameters: dict[str, Any], model: Callable[[str], dspy.LM]) -> Any:
        chosen = KINDS[kind]
        making: dict[str, Any] = {name: parameters[name] for name in chosen.made_with if name in parameters}
        for name, argument in _PROMPT_MODELS.items():
            if name in making:
                making[argument] = model(making.pop(name))
        if "teacher_model" in making:
            making["teacher_settings"] = {"lm": model(making.pop("teacher_model"))}
        if chosen.metric:
            making["metric"] = self.metric
        if kind == "gepa":
            making.setdefault("reflection_lm", self.lm)
        if kind == "better_together":
            for name, nested in parameters.pop("optimizers").items():
                making[name] = self._optimizer(nested["kind"], dict(nested["parameters"]), model)
        return getattr(teleprompt, chosen.name)(**making)


def _plain_fields(fields: Any) -> dict[str, Any]:
    return {name: plain_value(value, local_times=False) for name, value in fields.items()}


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def checked(kind: Any, parameters: Any) -> None:
    """Raise ArgumentError for an optimizer that does not run here, and for parameters that it does not have."""
    if kind in REFUSED:
        raise ArgumentError("optimize", f"{REFUSED[kind]}.")
    if kind not in KINDS:
        raise ArgumentError("optimize", f"there is no optimizer {kind!r}. Optimizers: {', '.join(KINDS)}")
    chosen = KINDS[kind]
    known = (*chosen.made_with, *chosen.compiled_with, *(("optimizers",) if kind == "better_together" else ()))
    unknown = sorted(parameters.keys() - set(known))
    if unknown:
        raise ArgumentError.of_names("optimize", missing=[], unknown=unknown, accepted=known, what="parameter")
    missing = [package for package in chosen.packages if importlib.util.find_spec(package) is None]
    if missing:
        raise ArgumentError(
            "optimize",
            f"{chosen.name} needs the Python packages {', '.join(missing)}; add the dependency {_DEPENDENCY}",
        )
    for nested in parameters.get("optimizers", {}).values():
        checked(nested["kind"], nested["parameters"])


def examples_of(program: Program, rows: list[Any], part: str) -> list[dspy.Example]:
    """Return examples of ``{"inputs": {...}, "expected": {...}}`` in the types of the signature.

    Raises ArgumentError with the number of the example and the field.
    """
    examples = []
    readers = {name: reader_of(field) for name, field in program.outputs.items()}
    for number, row in enumerate(rows):
        at = f"{part}[{number}]"
        try:
            inputs = program.arguments(at, row["inputs"])
        except ArgumentError as error:
            raise ArgumentError("optimize", f"example {error}") from error
        expected = row["expected"]
        missing = [name for name in program.outputs if name not in expected and name != "reasoning"]
        unknown = [name for name in expected if name not in program.outputs]
        if missing or unknown:
            names = ArgumentError.of_names(
                at, missing=missing, unknown=unknown, accepted=program.outputs, what="expected output"
            )
            raise ArgumentError("optimize", f"example {names}")
        outputs = {name: _read(readers, name, value, at) for name, value in expected.items()}
        examples.append(dspy.Example(**inputs, **outputs).with_inputs(*inputs))
    return examples


def _read(readers: dict[str, Callable[[Any], Any]], name: str, value: Any, at: str) -> Any:
    try:
        return readers[name](value) if name in readers else value
    except ValueError as error:
        raise ArgumentError("optimize", f"example {at}: expected output {name!r}: {error}") from error


def split(
    kind: str, parameters: dict[str, Any], train: list[Any], validation: list[Any]
) -> tuple[list[Any], list[Any]]:
    """Return the examples to train on and to validate with, which are the same where none are given for the latter.

    MIPROv2 keeps four of five examples to validate with. Raises ArgumentError for too few.
    """
    if not train:
        raise ArgumentError("optimize", "there is no example to train on")
    if kind == "simba":
        size = parameters.setdefault("bsize", min(32, len(train)))
        if size > len(train):
            raise ArgumentError("optimize", f"bsize is {size}, and there are {len(train)} examples to train on")
    if validation:
        return train, validation
    if kind != "mipro":
        return train, train
    if len(train) == 1:
        raise ArgumentError("optimize", "MIPROv2 needs two examples at least, one of them to validate with")
    cut = len(train) - min(1000, max(1, int(len(train) * 0.8)))
    return train[:cut], train[cut:]


def run(
    optimization: Optimization, kind: str, parameters: dict[str, Any], model: Callable[[str], dspy.LM]
) -> dict[str, Any]:
    """Run an optimizer, inside of ``terrarium.bridge.tools.given``, which raises what ended the run."""
    with _hosted(optimization, parameters.get("seed", 0)):
        return optimization.run(kind, parameters, model)


@contextlib.contextmanager
def _hosted(optimization: Optimization, seed: int) -> Iterator[None]:
    """Pass evaluations to the host, with DSPy's own random numbers from a seed, and without what it prints."""
    token = _running.set(optimization)
    kept = random.getstate()
    level = logging.getLogger("dspy").level
    shown = tqdm.tqdm.__init__
    Evaluate.__call__ = _passing_on
    tqdm.tqdm.__init__ = functools.partialmethod(shown, disable=True)
    tqdm.tqdm.monitor_interval = 0  # or it starts a thread
    logging.getLogger("dspy").setLevel(logging.ERROR)
    random.seed(seed)
    try:
        with (
            recording(known=optimization.answer),
            contextlib.redirect_stdout(io.StringIO()),
            dspy.settings.context(lm=optimization.lm, num_threads=1, trace=[], disable_history=True),
        ):
            yield
    finally:
        random.setstate(kept)
        logging.getLogger("dspy").setLevel(level)
        tqdm.tqdm.__init__ = shown
        Evaluate.__call__ = _evaluate
        _running.reset(token)


@functools.wraps(_evaluate)
def _passing_on(self: Any, program: Any, metric: Any = None, devset: Any = None, **more: Any) -> Any:
    optimization = _running.get()
    examples = self.devset if devset is None else devset
    if optimization is not None and examples and (metric or self.metric) == optimization.metric:
        result = optimization.evaluate(self, program, examples)
        if result is not None:
            return result
    return _evaluate(self, program, metric, devset, **more)
