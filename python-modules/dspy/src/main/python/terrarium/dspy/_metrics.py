"""Metrics in Python, and what a metric's results mean."""

from __future__ import annotations

import hashlib
import inspect
import linecache
import math
from collections.abc import Callable
from typing import Any, NamedTuple

from terrarium.bridge import ArgumentError
from terrarium.bridge.lru import Lru

#: By file, source and name, so that a file that was changed is read anew.
_loaded: Lru[tuple[str, str, str], Callable[..., Any]] = Lru(16)

_KEYS = {"file", "source", "function"}


class Score(NamedTuple):
    """What a metric says of a prediction."""

    value: float
    feedback: str | None


def load(metric: Any) -> Callable[..., Any]:
    """Return the function of ``{"file", "source", "function"}``, which takes what DSPy's metrics may take.

    Raises ArgumentError with what is wrong with the file.
    """
    if not isinstance(metric, dict) or metric.keys() != _KEYS or not all(isinstance(v, str) for v in metric.values()):
        raise ArgumentError("metric", f"must be a dict of the texts {', '.join(sorted(_KEYS))}, got {metric!r}")
    file, source, name = metric["file"], metric["source"], metric["function"]
    key = (file, hashlib.sha256(source.encode()).hexdigest(), name)
    function = _loaded.get(key)
    if function is None:
        function = _calling(_function(file, source, name), f"{file}:{name}")
        _loaded.put(key, function)
    return function


def _function(file: str, source: str, name: str) -> Callable[..., Any]:
    names: dict[str, Any] = {"__name__": "terrarium_metric", "__file__": file}
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    try:
        exec(compile(source, file, "exec"), names)  # noqa: S102 - the user's own file
    except Exception as error:
        raise ArgumentError("metric", f"the file {file} fails with {type(error).__name__}: {error}") from error
    function = names.get(name)
    if not callable(function):
        there = ", ".join(sorted(each for each, value in names.items() if inspect.isfunction(value)))
        raise ArgumentError("metric", f"the file {file} has no function {name!r}. Functions: {there}")
    checked: Callable[..., Any] = function
    return checked


def _calling(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a function of five parameters, which passes on as many as the given one takes."""
    signature = inspect.signature(function)
    for count in (5, 3, 2):
        try:
            signature.bind(*[None] * count)
        except TypeError:
            continue
        return lambda *arguments: function(*arguments[:count])
    raise ArgumentError("metric", f"{name} must take (example, prediction, trace=None), it takes {signature}")


def score_of(result: Any, name: str) -> Score:
    """Return what a metric's result means; raises ArgumentError when it is no score."""
    feedback = None
    if hasattr(result, "score"):
        feedback = getattr(result, "feedback", None)
        result = result.score
    if isinstance(result, (bool, int, float)) and math.isfinite(result) and isinstance(feedback, (str, type(None))):
        return Score(float(result), feedback)
    raise ArgumentError(
        "metric",
        f"{name} returned {result!r}. A metric returns a boolean, a finite number, or a dspy.Prediction of score and "
        "feedback.",
    )


def call(function: Callable[..., Any], name: str, *arguments: Any) -> Score:
    """Call a metric; raises ArgumentError when it fails."""
    try:
        result = function(*arguments)
    except Exception as error:
        raise ArgumentError("metric", f"{name} threw {type(error).__name__}: {error} for {arguments[0]}") from error
    return score_of(result, name)
