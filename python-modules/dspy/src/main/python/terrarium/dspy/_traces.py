"""Runs of programs with their traces, which the host makes before an optimizer asks for them.

An optimizer that needs traces runs a batch of programs in its own context, one after another. Before it does, the batch
goes to the host, which makes the runs at a time: without Python where it has a plan, else in all contexts by the
command ``trace_candidate``. What they gave is replayed here. A run that cannot be told as plain data, or that failed,
is made here, as all were without the host; what its language model has answered is not asked again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import dspy

from terrarium.bridge import ArgumentError
from terrarium.bridge.programs import content_of

from ._model import HostEngine, Known, recording
from ._plain import plain_value
from ._runtime import reader_of

if TYPE_CHECKING:
    from ._runtime import Program


class Wanted(NamedTuple):
    """A run that the optimizer is about to make: a module in a state, on an example, with a language model."""

    module: dspy.Module
    state: dict[str, Any]
    example: dspy.Example
    lm: dspy.LM


class _Asked(BaseException):
    """Ends a run at its first request."""

    def __init__(self, request: dict[str, Any]) -> None:
        super().__init__()
        self.request = request


class Readers:
    """What turns plain data into the types of the predictors of a program, by their names and their fields."""

    def __init__(self, module: dspy.Module) -> None:
        """Take the signatures of a module, whose types no optimizer changes."""
        self._fields = {
            name: {field: reader_of(info) for field, info in predictor.signature.fields.items()}
            for name, predictor in module.named_predictors()
        }

    def plain(self, predictor: str, values: Any) -> dict[str, Any]:
        """Return the inputs or outputs of a predictor as plain data.

        Raises ArgumentError where that would not be read as the same again.
        """
        plain = {name: plain_value(value, local_times=False) for name, value in values.items()}
        if self.typed(predictor, plain) != dict(values.items()):
            raise ArgumentError("trace_candidate", f"{predictor!r} has a value that is no plain data")
        return plain

    def typed(self, predictor: str, plain: dict[str, Any]) -> dict[str, Any]:
        """Return what :meth:`plain` was made of."""
        readers = self._fields.get(predictor, {})
        return {name: readers[name](value) if name in readers else value for name, value in plain.items()}


def bare_state(module: dspy.Module) -> dict[str, Any]:
    """Return the state of a module without its language model."""
    kept = [each.lm for each in module.predictors()]
    for each in module.predictors():
        each.lm = None
    try:
        state: dict[str, Any] = module.dump_state()
    finally:
        for each, lm in zip(module.predictors(), kept, strict=True):
            each.lm = lm
    return state


def lm_of(module: dspy.Module) -> dspy.LM | None:
    """Return the language model of the host's that all predictors of a module ask; None if there is none."""
    models = {id(lm): lm for lm in (each.lm or dspy.settings.lm for each in module.predictors())}
    lm = next(iter(models.values())) if len(models) == 1 else None
    return lm if isinstance(lm, dspy.LM) and isinstance(lm.engine, HostEngine) else None


def described(lm: dspy.LM) -> dict[str, Any]:
    """Return a language model of the host's in a form of which ``trace_candidate`` makes it again."""
    return {"model": lm.engine.model, "kwargs": dict(lm.kwargs)}


def asked(module: dspy.Module, inputs: dict[str, Any], lm: dspy.LM) -> dict[str, Any]:
    """Return what a module asks first, but for the messages."""

    def known(request: dict[str, Any]) -> dict[str, Any]:
        raise _Asked(request)

    try:
        with recording(known=known), dspy.settings.context(lm=lm, trace=[]):
            module(**inputs)
    except _Asked as first:
        return {name: value for name, value in first.request.items() if name != "messages"}
    return {}


def traced(program: Program, arguments: dict[str, Any], lm: dspy.LM, known: Known) -> dict[str, Any]:
    """Run a program for the command ``trace_candidate``; see there."""
    module = program.module
    with recording(known=known), dspy.settings.context(lm=lm, num_threads=1, trace=[], disable_history=True):
        prediction = module(**arguments)
        trace = list(dspy.settings.trace)
    if not isinstance(prediction, dspy.Prediction):
        raise ArgumentError("trace_candidate", f"the module returned {prediction!r}, which is no dspy.Prediction")
    readers = Readers(module)
    names = {id(predictor): name for name, predictor in module.named_predictors()}
    steps = []
    for predictor, inputs, outputs in trace:
        name = names.get(id(predictor))
        if name is None:
            raise ArgumentError("trace_candidate", "a predictor is no part of the module")
        steps.append(
            {"predictor": name, "inputs": readers.plain(name, inputs), "outputs": readers.plain(name, outputs)}
        )
    last = bool(trace) and prediction is trace[-1][2]
    return {"outputs": {} if last else readers.plain(_own(module), prediction), "last": last, "steps": steps}


def _own(module: dspy.Module) -> str:
    """Return the name of the predictor whose types the outputs of a module have: the last one's."""
    return str(module.named_predictors()[-1][0])


class Replays:
    """What the host made of the runs of a batch, each for one call of its module."""

    def __init__(self, readers: Readers) -> None:
        """Begin without any."""
        self._readers = readers
        self._modules: dict[int, tuple[dspy.Module, list[tuple[Wanted, dict[str, Any]]]]] = {}

    def add(self, wanted: Wanted, made: dict[str, Any]) -> None:
        """Take what was made of a run, in one of the two forms that the host has for it."""
        _, runs = self._modules.setdefault(id(wanted.module), (wanted.module, []))
        runs.append((wanted, made))

    @contextlib.contextmanager
    def installed(self) -> Iterator[None]:
        """Have the modules replay their runs, inside of the block."""
        self.install()
        try:
            yield
        finally:
            self.remove()

    def install(self) -> None:
        """Have the modules replay their runs, until :meth:`remove`."""
        for module, runs in self._modules.values():
            module.forward = self._replaying(module, object.__getattribute__(module, "forward"), runs)

    def remove(self) -> None:
        """Give the modules their own ``forward`` back."""
        for module, _ in self._modules.values():
            vars(module).pop("forward", None)

    def _replaying(
        self, module: dspy.Module, forward: Callable[..., Any], runs: list[tuple[Wanted, dict[str, Any]]]
    ) -> Callable[..., Any]:
        def replay(**inputs: Any) -> Any:
            for index, (wanted, made) in enumerate(runs):
                if wanted.lm is lm_of(module) and wanted.example.inputs().toDict() == inputs:
                    del runs[index]
                    return self._again(module, inputs, made)
            return forward(**inputs)

        return replay

    def _again(self, module: dspy.Module, inputs: dict[str, Any], made: dict[str, Any]) -> dspy.Prediction:
        predictors = dict(module.named_predictors())
        if "steps" not in made:  # a program of one predictor, which the host ran by its plan
            name = next(iter(predictors))
            outputs = {field: made["outputs"][field] for field in made["order"]}
            steps = [(name, dict(inputs), self._readers.typed(name, outputs))]
        else:
            steps = [
                (step["predictor"], *(self._readers.typed(step["predictor"], step[k]) for k in ("inputs", "outputs")))
                for step in made["steps"]
            ]
        last = None
        for name, given, outputs in steps:
            predictor = predictors[name]
            last = dspy.Prediction.from_completions([outputs], signature=predictor.signature)
            dspy.settings.trace.append((predictor, given, last))
        if last is not None and made.get("last", True):
            return last
        return dspy.Prediction(**self._readers.typed(_own(module), made["outputs"]))


def variation(lm: dspy.LM) -> str:
    """Return a text that is the same for language models that generate alike."""
    return content_of(described(lm))
