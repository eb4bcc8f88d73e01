"""Pipelines."""

from __future__ import annotations

from typing import Any

from terrarium.bridge import host

from ._base import Pipeline, known_options, texts
from ._generation import TextGenerationPipeline
from ._masks import FillMaskPipeline
from ._options import NotSupportedError, refuse
from ._spans import QuestionAnsweringPipeline, TokenClassificationPipeline

_DEFAULT_MODELS = {"feature-extraction": "all-MiniLM-L6-v2", "text-generation": ""}
_ALIASES = {"ner": "token-classification", "sentiment-analysis": "text-classification"}
_TRUNCATIONS = "truncation"
_UNSET: Any = ""  # upstream's own default of top_k, beside which None means all labels


class FeatureExtractionPipeline(Pipeline):
    """The vector of each token: for a text ``[[vector, ...]]``, each an ``array.array`` of floats."""

    task = "feature-extraction"

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        given = dict(options)
        given.pop("batch_size", None)
        tokenizing = dict(given.pop("tokenize_kwargs", None) or {})
        if "truncation" in tokenizing and "truncation" in given:
            raise ValueError(
                "truncation parameter defined twice (given as keyword argument as well as in tokenize_kwargs)"
            )
        truncation = {**tokenizing, **given}.get("truncation")
        for other in (given, tokenizing):
            other.pop("truncation", None)
        refuse(self.task, {**given, **tokenizing}, _TRUNCATIONS)
        return {} if truncation is None else {"truncation": truncation}

    def _run(self, inputs: list[Any], options: dict[str, Any]) -> list[Any]:
        made = host.call("transformers.features", self.model, {"texts": texts(inputs), **options})
        return [[_rows(each["values"], each["width"])] for each in made]


class TextClassificationPipeline(Pipeline):
    """Labels of a text, each ``{"label": str, "score": float}``.

    An input is a text, or ``{"text": ..., "text_pair": ...}``.
    """

    task = "text-classification"

    def __call__(self, inputs: Any = None, *args: Any, **options: Any) -> Any:
        """Run the task on a text, or on each of several; without ``top_k`` one text has a list of one label."""
        result = super().__call__(inputs, *args, **options)
        return [result] if isinstance(inputs, str) and _is_one_label({**self._options, **options}) else result

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        return known_options(self.task, options, "top_k", "function_to_apply", "truncation")

    def _run(self, inputs: list[Any], options: dict[str, Any]) -> list[Any]:
        passed = {name: options[name] for name in ("function_to_apply", "truncation") if options.get(name) is not None}
        pairs = [_pair(each) for each in inputs]
        made = host.call(
            "transformers.classify",
            self.model,
            {"texts": [text for text, _ in pairs], "pairs": [second for _, second in pairs], **passed},
        )
        if _is_one_label(options):
            return [dict(each[0]) for each in made]
        return [[dict(label) for label in each][: options["top_k"]] for each in made]


class ZeroShotClassificationPipeline(Pipeline):
    """Labels that the caller chooses: for a text ``{"sequence": str, "labels": [...], "scores": [...]}``."""

    task = "zero-shot-classification"

    def __call__(self, inputs: Any = None, *args: Any, **options: Any) -> Any:
        """Run the task; the labels may stand behind the text, as a list or a text with commas."""
        if args:
            if len(args) > 1 or "candidate_labels" in options:
                raise ValueError(f"Unable to understand extra arguments {args}")
            options["candidate_labels"] = args[0]
        return super().__call__(inputs, **options)

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        known = known_options(self.task, options, "candidate_labels", "hypothesis_template", "multi_label")
        labels = known.get("candidate_labels")
        if isinstance(labels, str):
            known["candidate_labels"] = [label.strip() for label in labels.split(",") if label.strip()]
        return known

    def _run(self, inputs: list[Any], options: dict[str, Any]) -> list[Any]:
        read = texts(inputs)
        if not options.get("candidate_labels") or not read:
            raise ValueError("You must include at least one label and at least one sequence.")
        made = host.call("transformers.zero_shot", self.model, {"texts": read, **options})
        return [
            {
                "sequence": text,
                "labels": [label["label"] for label in labels],
                "scores": [label["score"] for label in labels],
            }
            for text, labels in zip(read, made, strict=True)
        ]


_PIPELINES: dict[str, type[Pipeline]] = {
    each.task: each
    for each in (
        FeatureExtractionPipeline,
        FillMaskPipeline,
        QuestionAnsweringPipeline,
        TextClassificationPipeline,
        TextGenerationPipeline,
        TokenClassificationPipeline,
        ZeroShotClassificationPipeline,
    )
}


def pipeline(
    task: str | None = None,
    model: str | None = None,
    *,
    tokenizer: str | None = None,
    device: str | int | None = None,
    **options: Any,
) -> Pipeline:
    """Return a pipeline for a task.

    The options are those of the task; ``device`` may be the CPU, and ``tokenizer`` the model itself. Raises
    NotSupportedError for a task or an option that is not supported here; a model that is not there is reported by the
    first call.
    """
    if task is None:
        raise NotSupportedError("pipeline() does not find out the task of a model here: name the task")
    name = _ALIASES.get(task, task)
    kind = _PIPELINES.get(name)
    if kind is None:
        raise NotSupportedError(f"the task {task!r} is not supported here; supported: {', '.join(sorted(_PIPELINES))}")
    chosen = model or _DEFAULT_MODELS.get(name)
    if not isinstance(chosen, str):
        raise NotSupportedError(f"{name} has no default model here: name the folder of a model")
    if device not in (None, -1, "cpu"):
        refuse("pipeline()", {"device": device}, "the CPU")
    if tokenizer not in (None, chosen):
        refuse("pipeline()", {"tokenizer": tokenizer}, "the tokenizer of the model's own folder")
    return kind(chosen, **options)


def _is_one_label(options: dict[str, Any]) -> bool:
    top_k = options.get("top_k", _UNSET)
    return not (isinstance(top_k, int) or top_k is None)  # as upstream, which passes over what is no number


def _pair(given: Any) -> tuple[str, str | None]:
    if isinstance(given, dict):
        unknown = sorted(given.keys() - {"text", "text_pair"})
        if unknown or "text" not in given:
            raise ValueError(f"a pair of texts is a dict with text and text_pair, not with {sorted(given)}")
        return texts([given["text"]])[0], given.get("text_pair")
    if isinstance(given, list):
        raise ValueError(
            "The pipeline received invalid inputs, if you are trying to send text pairs, you can try to send a"
            ' dictionary `{"text": "My text", "text_pair": "My pair"}` in order to send a text pair.'
        )
    return texts([given])[0], None


def _rows(values: Any, width: int) -> list[Any]:
    return [values[start : start + width] for start in range(0, len(values), width)]
