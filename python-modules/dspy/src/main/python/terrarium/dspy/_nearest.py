"""The examples that are nearest to an input: ``dspy.KNN`` on the host's embedding models."""

from __future__ import annotations

import importlib.util
from typing import Any

import dspy

from terrarium.bridge import ArgumentError, host
from terrarium.bridge.lru import Lru
from terrarium.bridge.programs import content_id

from ._plain import plain_value

#: By content, since all examples are embedded when one is made.
_kept: Lru[str, Any] = Lru(16)


def nearest(examples: list[dict[str, Any]], inputs: dict[str, Any], k: int, model: str | None) -> list[int]:
    """Return the indices of the nearest examples; see ``DspyBridge.nearest``."""
    if not 1 <= k <= len(examples):
        raise ArgumentError("nearest", f"k must be from 1 to the number of examples, {len(examples)}, got {k}")
    if importlib.util.find_spec("numpy") is None:
        raise ArgumentError(
            "nearest", "dspy.KNN needs numpy: add the dependency dev.terrarium:terrarium-python-numpy to your project"
        )
    if len(examples) == 1:  # of which DSPy's KNN would make a matrix without rows
        return [0]
    key = content_id([examples, k, model])
    knn = _kept.get(key)
    if knn is None:
        rows = [dspy.Example(plain_value(each)).with_inputs(*each) for each in examples]
        embedder = dspy.Embedder(lambda texts: [list(vector) for vector in host.embed(texts, model)], caching=False)
        knn = dspy.KNN(k, rows, embedder)
        _kept.put(key, knn)
    index = {id(row): i for i, row in enumerate(knn.trainset)}
    return [index[id(row)] for row in knn(**plain_value(inputs))]


def forget() -> None:
    """Drop the vectors that are kept."""
    _kept.clear()
