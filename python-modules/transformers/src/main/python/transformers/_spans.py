"""Pipelines that find parts of texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from terrarium.bridge import host

from ._base import Pipeline, known_options, texts


class TokenClassificationPipeline(Pipeline):
    """Entities of a text, in their order.

    Each is ``{"entity_group": str, "score": float, "word": str, "start": int, "end": int}``; with the strategy
    ``"none"``, upstream's default, each token is one: ``{"entity", "score", "index", "word", "start", "end"}``.
    """

    task = "token-classification"

    def __call__(self, inputs: Any, *args: Any, **options: Any) -> Any:
        """Run the task on a text, or on each of several texts."""
        if not isinstance(inputs, Iterator) and not (isinstance(inputs, (str, list, tuple)) and inputs != []):
            raise ValueError("At least one input is required.")
        return super().__call__(inputs, *args, **options)

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        known = known_options(self.task, options, "aggregation_strategy", "ignore_labels", "stride")
        if known.get("stride") is not None and known.get("aggregation_strategy") == "none":
            raise ValueError("`stride` was provided, and `aggregation_strategy` is none: select another one")
        return known

    def _run(self, inputs: list[Any], options: dict[str, Any], single: bool) -> Any:
        given = {name: value for name, value in options.items() if value is not None}
        made = host.call("transformers.entities", self.model, {"texts": texts(inputs), **given})
        grouped = given.get("aggregation_strategy", "none").lower() != "none"
        results = [[_entity(span, grouped) for span in spans] for spans in made]
        return results[0] if single else results


def _entity(span: dict[str, Any], grouped: bool) -> dict[str, Any]:
    names = ("score", "word", "start", "end") if grouped else ("score", "index", "word", "start", "end")
    return {"entity_group" if grouped else "entity": span["label"], **{name: span[name] for name in names}}
