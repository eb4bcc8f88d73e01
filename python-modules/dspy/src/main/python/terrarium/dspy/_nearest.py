"""The examples that are nearest to an input: ``dspy.KNN`` on the host's embedding models."""

from __future__ import annotations

from typing import Any

import dspy

from terrarium.bridge import ArgumentError, host
from terrarium.bridge.libraries import require
from terrarium.bridge.lru import Lru
from terrarium.bridge.programs import content_id

from ._plain import plain_value

#: By content, since all examples are embedded when one is made.
_kept: Lru[str, Any] = Lru(16)


def nearest(examples: list[dict[str, Any]], inputs: dict[str, Any], k: int, model: str | None) -> list[int]:
    """Return the indices of the nearest examples; see ``DspyBridge.nearest``."""
    if not 1 <= k <= len(examples):
        raise ArgumentError("nearest", f"k must be from 1 to the number of examples, {len(examples)}, got {k}")
    require_numpy("dspy.KNN")
    if len(examples) == 1:  # of which DSPy's KNN would make a matrix without rows
        return [0]
    key = content_id([examples, k, model])
    knn = _kept.get(key)
    if knn is None:
        rows = [dspy.Example(plain_value(each)).with_inputs(*each) for each in examples]
        knn = dspy.KNN(k, rows, embedder(model))
        _kept.put(key, knn)
    index = {id(row): i for i, row in enumerate(knn.trainset)}
    return [index[id(row)] for row in knn(**plain_value(inputs))]


def require_numpy(user: str) -> None:
    """Raise MissingPackageError without numpy, which DSPy needs for vectors."""
    require(user, "numpy")


def embedder(model: str | None) -> dspy.Embedder:
    """Return the host's embedding model of that name, or its default one."""
    return dspy.Embedder(lambda texts: [list(vector) for vector in host.embed(texts, model)], caching=False)


def forget() -> None:
    """Drop the vectors that are kept."""
    _kept.clear()
