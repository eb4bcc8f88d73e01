"""Pipelines that predict words."""

from __future__ import annotations

from typing import Any

from terrarium.bridge import host

from ._base import Pipeline, known_options, texts
from ._options import refuse


class FillMaskPipeline(Pipeline):
    """Tokens in the place of a mask, each ``{"score": float, "token": int, "token_str": str, "sequence": str}``.

    A text with several masks has a list for each of them.
    """

    task = "fill-mask"

    def __call__(self, inputs: Any = None, *args: Any, **options: Any) -> Any:
        """Run the task on a text, or on each of several texts; of a list of one text it returns its result."""
        results = super().__call__(inputs, *args, **options)
        return results[0] if isinstance(inputs, list) and len(inputs) == 1 else results

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        known = known_options(self.task, options, "top_k", "targets", "tokenizer_kwargs")
        tokenizing = dict(known.pop("tokenizer_kwargs", None) or {})
        if tokenizing.get("truncation") is not None:
            known["truncation"] = tokenizing.pop("truncation")
        refuse(f"tokenizer_kwargs of {self.task}", tokenizing, "truncation")
        if isinstance(known.get("targets"), str):
            known["targets"] = [known["targets"]]
        return known

    def _run(self, inputs: list[Any], options: dict[str, Any]) -> list[Any]:
        given = {name: value for name, value in options.items() if value is not None}
        made = host.call("transformers.fill_mask", self.model, {"texts": texts(inputs), **given})
        return [_masks(masks) for masks in made]


def _masks(masks: list[Any]) -> list[Any]:
    made = [
        [
            {"score": each["score"], "token": each["id"], "token_str": each["token"], "sequence": each["text"]}
            for each in mask
        ]
        for mask in masks
    ]
    return made[0] if len(made) == 1 else made
