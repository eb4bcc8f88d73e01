"""DSPy's optimizers, run on a program of the host's.

The optimizer's own code runs here, in one context. What it evaluates as a whole goes to the host, which runs a
candidate's examples concurrently, in other contexts or without any. What needs a trace is a batch of runs, which the
host makes ahead, as :mod:`._traces` says: the search for demonstrations, and SIMBA's and GEPA's samples.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import inspect
import random
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any, NamedTuple

import dspy
from dspy import teleprompt
from dspy.evaluate.evaluate import Evaluate, EvaluationResult
from dspy.predict.parallel import Parallel
from dspy.teleprompt import bootstrap_trace
from dspy.teleprompt.bootstrap import BootstrapFewShot
from dspy.utils.saving import get_dependency_versions

from terrarium.bridge import ArgumentError
from terrarium.bridge.libraries import require
from terrarium.bridge.programs import content_of
from terrarium.bridge.tools import EndOfCall, ending

from . import _metrics, _traces
from ._bootstrapping import Bootstrapping
from ._model import Known, ask, recording
from ._plain import plain_value
from ._quiet import quiet
from ._runtime import Program

_PROMPT_MODELS = {"prompt_model": "prompt_model", "reflection_model": "reflection_lm"}

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
        packages=("optuna", "numpy"),
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
        validation=True,
    ),
    "better_together": Kind("BetterTogether", (), ("strategy", "valset_ratio", "seed"), validation=True),
}

REFUSED = {
    "knn_few_shot": "KNNFewShot makes a program that chooses demonstrations for each input, and no state of one; create"
    " it by dspy.knnFewShot",
    "ensemble": "Ensemble makes one program of several, and no state of one; create it by dspy.ensemble",
    "bootstrap_finetune": "BootstrapFinetune trains the weights of a language model, which no host's model offers",
}

_running: ContextVar[Optimization | None] = ContextVar("terrarium_dspy_optimization", default=None)
_evaluate = Evaluate.__call__
_parallel = Parallel.forward
_trace_data = bootstrap_trace.bootstrap_trace_data
_bootstrap = BootstrapFewShot._bootstrap
_bootstrap_one_example = BootstrapFewShot._bootstrap_one_example


class Functions:
    """The functions that the host gave for one optimization; what one raises ends it."""

    NAMES = ("begin", "evaluate", "score", "recall", "remember", "trace")

    def __init__(self, functions: Any) -> None:
        """Check that all functions are there."""
        if not isinstance(functions, dict) or functions.keys() != set(self.NAMES):
            raise ArgumentError("optimize", f"host must be a dict of the functions {', '.join(self.NAMES)}")
        self._functions = functions
        self.answer = answering(functions, lambda _: None)

    def call(self, name: str, *arguments: Any) -> Any:
        """Call a function by name."""
        return ending(self._functions[name], *arguments)


def answering(functions: dict[str, Any], given: Known) -> Known:
    """Return what answers each request once for a whole optimization: what is given, what is kept, or the model."""

    def known(request: dict[str, Any]) -> dict[str, Any]:
        key = _hash(content_of(request))
        answer = given(request)
        if answer is None:
            kept: dict[str, Any] | None = ending(functions["recall"], key)
            if kept is not None:
                return kept
            answer = ask(request)
        ending(functions["remember"], key, answer)
        return answer

    return known


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
        self.answer = functions.answer
        self._all = self.train if self.validation is self.train else [*self.train, *self.validation]
        self._numbers = {id(each): number for number, each in enumerate(self._all)}
        self._names = {each.stage: name for name, each in program.module.named_predictors()}
        self._metric = metric
        self._readers = _traces.Readers(program.module)
        self._asked: dict[str, dict[str, Any]] = {}
        self.contexts = 1
        self.bootstrapping: Bootstrapping | None = None

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
        own = self.lm.dump_state()
        if any(each.lm is not None and each.lm.dump_state() != own for each in module.predictors()):
            return None
        return _traces.bare_state(module)

    def ahead(self, runs: list[tuple[dspy.Module, dspy.Example]]) -> _traces.Replays:
        """Have the host make runs, and return what it made of them."""
        states: dict[int, tuple[dspy.Module, dict[str, Any]]] = {}
        wanted = []
        for module, example in runs:
            lm = _traces.lm_of(module)
            if lm is None or type(module) is not type(self.program.module):
                continue
            if id(module) not in states:
                states[id(module)] = (module, _traces.bare_state(module))
            wanted.append(_traces.Wanted(module, states[id(module)][1], example, lm))
        return self.made_ahead(wanted)

    def made_ahead(self, wanted: list[_traces.Wanted]) -> _traces.Replays:
        """Have the host make runs, and return what it made of them."""
        replays = _traces.Replays(self._readers)
        if len(wanted) < 2:
            return replays
        hashes = {id(each.state): _hash(content_of(each.state)) for each in wanted}
        states = {hashes[id(each.state)]: each.state for each in wanted}
        runs = []
        for each in wanted:
            state = hashes[id(each.state)]
            asked = self._asked_by(each.lm, each.example)
            runs.append(
                {
                    "state": state,
                    "key": _hash(content_of([state, asked])) if asked else state,
                    "number": self.number(each.example),
                    "lm": _traces.described(each.lm),
                    "asked": asked,
                }
            )
        for each, made in zip(wanted, self._functions.call("trace", states, runs), strict=True):
            if made is not None:
                replays.add(each, made)
        return replays

    def _asked_by(self, lm: dspy.LM, example: dspy.Example) -> dict[str, Any]:
        """Return what requests to a language model have otherwise than those to the program's own."""
        if lm is self.lm:
            return {}
        key = _traces.variation(lm)
        if key not in self._asked:
            inputs = example.inputs().toDict()
            own, other = (_traces.asked(self.program.module, inputs, each) for each in (self.lm, lm))
            self._asked[key] = {name: other.get(name) for name in own | other if own.get(name) != other.get(name)}
        return self._asked[key]

    def run(self, kind: str, parameters: dict[str, Any], model: Callable[[str], dspy.LM]) -> dict[str, Any]:
        """Run an optimizer, and return the state that it found."""
        parent = self.program.module.dump_state()
        began = self._functions.call(
            "begin",
            {
                "examples": _hash(content_of([_plain_fields(each) for each in self._all])),
                "dspy": dspy.__version__,
                "versions": get_dependency_versions(),
                "state": _hash(content_of(parent)),
            },
        )
        self.contexts = began["contexts"]
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
    """Raise ArgumentError for an optimizer that does not run here, and for parameters that it does not have.

    Raises MissingPackageError for an optimizer whose packages are not there.
    """
    if kind in REFUSED:
        raise ArgumentError("optimize", f"{REFUSED[kind]}.")
    if kind not in KINDS:
        raise ArgumentError("optimize", f"there is no optimizer {kind!r}. Optimizers: {', '.join(KINDS)}")
    chosen = KINDS[kind]
    known = (*chosen.made_with, *chosen.compiled_with, *(("optimizers",) if kind == "better_together" else ()))
    unknown = sorted(parameters.keys() - set(known))
    if unknown:
        raise ArgumentError.of_names("optimize", missing=[], unknown=unknown, accepted=known, what="parameter")
    require(f"dspy.{chosen.name}", *chosen.packages)
    for nested in parameters.get("optimizers", {}).values():
        checked(nested["kind"], nested["parameters"])


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
    Evaluate.__call__ = _passing_on
    Parallel.forward = _sampling
    bootstrap_trace.bootstrap_trace_data = _tracing
    BootstrapFewShot._bootstrap = _bootstrapping
    BootstrapFewShot._bootstrap_one_example = _bootstrapping_one
    random.seed(seed)
    try:
        with (
            recording(known=optimization.answer),
            quiet(),
            dspy.settings.context(lm=optimization.lm, num_threads=1, trace=[], disable_history=True),
        ):
            yield
    finally:
        random.setstate(kept)
        BootstrapFewShot._bootstrap_one_example = _bootstrap_one_example
        BootstrapFewShot._bootstrap = _bootstrap
        bootstrap_trace.bootstrap_trace_data = _trace_data
        Parallel.forward = _parallel
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


@functools.wraps(_parallel)
def _sampling(self: Any, exec_pairs: Any, *more: Any, **named: Any) -> Any:
    """Run pairs of a wrapped program and an example, as SIMBA does."""
    optimization = _running.get()
    if optimization is None:
        return _parallel(self, exec_pairs, *more, **named)
    runs = []
    for wrapped, example in exec_pairs:
        program = inspect.getclosurevars(wrapped).nonlocals.get("program") if inspect.isfunction(wrapped) else None
        if isinstance(program, dspy.Module) and isinstance(example, dspy.Example):
            runs.append((program, example))
    with optimization.ahead(runs).installed():
        return _parallel(self, exec_pairs, *more, **named)


@functools.wraps(_trace_data)
def _tracing(program: Any, dataset: Any, *more: Any, **named: Any) -> Any:
    """Run a program on a minibatch, as GEPA does."""
    optimization = _running.get()
    if optimization is None:
        return _trace_data(program, dataset, *more, **named)
    with optimization.ahead([(program, each) for each in dataset]).installed():
        return _trace_data(program, dataset, *more, **named)


@functools.wraps(_bootstrap)
def _bootstrapping(self: Any, *, max_bootstraps: Any = None) -> Any:
    optimization = _running.get()
    if optimization is None:
        return _bootstrap(self, max_bootstraps=max_bootstraps)
    outer = optimization.bootstrapping
    present = Bootstrapping(optimization, self, max_bootstraps or self.max_bootstrapped_demos)
    optimization.bootstrapping = present
    try:
        return _bootstrap(self, max_bootstraps=max_bootstraps)
    finally:
        present.end()
        optimization.bootstrapping = outer


@functools.wraps(_bootstrap_one_example)
def _bootstrapping_one(self: Any, example: Any, round_idx: int = 0) -> Any:
    optimization = _running.get()
    present = None if optimization is None else optimization.bootstrapping
    if present is None:
        return _bootstrap_one_example(self, example, round_idx)
    present.before(round_idx)
    success = _bootstrap_one_example(self, example, round_idx)
    present.after(success)
    return success
