"""Programs that DSPy's optimizers make of others and that no state can hold: ``KNNFewShot`` and ``Ensemble``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import dspy
from dspy.predict.aggregation import default_normalize

from terrarium.bridge import ArgumentError, SpecError, tools
from terrarium.bridge.programs import content_of

from . import _metrics, _nearest
from ._chosen import count_of
from ._examples import examples_of
from ._plain import plain_value
from ._quiet import quiet
from ._runtime import reader_of

if TYPE_CHECKING:
    from ._runtime import Program

#: The functions of the host's caller: ``(inputs, expected, outputs) -> float`` and ``(list of outputs) -> outputs``.
METRIC = tools.Definition("@metric", "", {})
REDUCE = tools.Definition("@reduce", "", {})

_ROW = {"inputs", "expected"}
_BOOTSTRAP = ("max_bootstrapped_demos", "max_labeled_demos", "max_rounds", "max_errors", "metric_threshold")


class NearestFewShot(dspy.Module):
    """A module with demonstrations that are made for each input of the nearest examples: ``dspy.KNNFewShot``.

    For each input, ``BootstrapFewShot`` runs the module on the nearest examples, which costs as many requests.
    """

    def __init__(self, student: dspy.Module, made: Callable[[], dspy.KNNFewShot]) -> None:
        """Take the module; the vectors of the examples are made when it is first called."""
        super().__init__()
        self.student = student
        self._made = made

    def forward(self, **inputs: Any) -> Any:
        """Choose demonstrations for the inputs, and call the module with them."""
        compiled = self._made().compile(self.student)
        with quiet():
            return compiled(**inputs)


def nearest_few_shot(of: Program, spec: dict[str, Any]) -> tuple[NearestFewShot, list[tools.Definition]]:
    """Return the module of a spec of the kind ``knn_few_shot``, and the functions that it calls.

    Raises SpecError with the place inside the spec, and MissingPackageError without numpy.
    """
    _nearest.require_numpy("dspy.KNNFewShot")
    rows = spec.get("train")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.keys() == _ROW for row in rows):
        raise SpecError("spec.train", "must be a list of dicts of 'inputs' and 'expected'")
    if len(rows) < 2:
        raise SpecError("spec.train", f"must have two examples at least, got {len(rows)}")
    try:
        train = examples_of(of, rows, "train", "knn_few_shot")
    except ArgumentError as error:
        raise SpecError("spec.train", str(error)) from error
    k = count_of(spec.get("k"), "spec.k", least=1, most=len(train))
    options = _bootstrap_options(spec.get("bootstrap"))
    defined: list[tools.Definition] = []
    metric = spec.get("metric")
    if metric == METRIC.name:
        options["metric"] = _host_metric(of, train, rows)
        defined.append(METRIC)
    elif metric is not None:
        function = _metrics.load(metric)
        options["metric"] = lambda gold, pred, trace=None: (
            _metrics.call(function, "metric", gold, pred, trace, None, None).value
        )
    kept: list[dspy.KNNFewShot] = []

    def made() -> dspy.KNNFewShot:
        if not kept:
            kept.append(dspy.KNNFewShot(k, train, vectorizer=_nearest.embedder(spec.get("vectorizer")), **options))
        return kept[0]

    return NearestFewShot(of.module, made), defined


def _bootstrap_options(options: Any) -> dict[str, Any]:
    options = {} if options is None else options
    if not isinstance(options, dict):
        raise SpecError("spec.bootstrap", f"must be a dict of parameters of dspy.BootstrapFewShot, got {options!r}")
    for name, value in options.items():
        if name not in _BOOTSTRAP:
            raise SpecError("spec.bootstrap", f"unknown key {name!r}. Known keys: {', '.join(_BOOTSTRAP)}")
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise SpecError(f"spec.bootstrap.{name}", f"must be a number, got {value!r}")
    return dict(options)


def _host_metric(of: Program, train: list[dspy.Example], rows: list[Any]) -> Callable[..., float]:
    def metric(gold: Any, pred: Any, _trace: Any = None) -> float:
        row = rows[train.index(gold)]
        score: float = tools.ending_call(METRIC.name, row["inputs"], row["expected"], of.plain(pred))
        return score

    return metric


def ensemble(programs: list[Program], spec: dict[str, Any]) -> tuple[dspy.Module, list[tools.Definition]]:
    """Return the module of a spec of the kind ``ensemble``, and the functions that it calls.

    Raises SpecError with the place inside the spec.
    """
    first = programs[0]
    for index, each in enumerate(programs):
        at = f"spec.programs[{index}]"
        if list(each.inputs) != list(first.inputs) or list(each.outputs) != list(first.outputs):
            raise SpecError(at, "must have the inputs and outputs of the first program")
        if each.options != first.options:
            raise SpecError(at, "must have the options of the first program, which all of them are called with")
    size = spec.get("size")
    if size is not None:
        count_of(size, "spec.size", least=1, most=len(programs))
    reduce = spec.get("reduce")
    if reduce not in (None, REDUCE.name):
        raise SpecError("spec.reduce", f"must be {REDUCE.name!r} for a function of the caller's, or None")
    reducing = majority if reduce is None else _host_reduce(first)
    module: dspy.Module = dspy.Ensemble(reduce_fn=reducing, size=size).compile([each.module for each in programs])
    return module, [] if reduce is None else [REDUCE]


def majority(predictions: list[dspy.Prediction]) -> dspy.Prediction:
    """Return the first prediction whose last output most of them have, as ``dspy.majority`` does.

    Texts are compared as DSPy compares them, and values of other types, which it fails for, by their content.
    """
    prediction: dspy.Prediction = dspy.majority(predictions, normalize=_comparable)
    return prediction


def _comparable(value: Any) -> Any:
    return default_normalize(value) if isinstance(value, str) else content_of(plain_value(value))


def _host_reduce(of: Program) -> Callable[[list[Any]], dspy.Prediction]:
    readers = {name: reader_of(field) for name, field in of.outputs.items()}

    def reduce(predictions: list[Any]) -> dspy.Prediction:
        outputs = tools.ending_call(REDUCE.name, [of.plain(each) for each in predictions])
        return dspy.Prediction(**{name: readers[name](value) for name, value in outputs.items()})

    return reduce
