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

    def __call__(self, inputs: Any = None, *args: Any, **options: Any) -> Any:
        """Run the task on a text, or on each of several texts."""
        if not isinstance(inputs, Iterator) and not (isinstance(inputs, (str, list, tuple)) and inputs != []):
            raise ValueError("At least one input is required.")
        return super().__call__(inputs, *args, **options)

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        known = known_options(self.task, options, "aggregation_strategy", "ignore_labels", "stride")
        if known.get("stride") is not None and known.get("aggregation_strategy") == "none":
            raise ValueError("`stride` was provided, and `aggregation_strategy` is none: select another one")
        return known

    def _run(self, inputs: list[Any], options: dict[str, Any]) -> list[Any]:
        given = {name: value for name, value in options.items() if value is not None}
        made = host.call("transformers.entities", self.model, {"texts": texts(inputs), **given})
        grouped = given.get("aggregation_strategy", "none").lower() != "none"
        return [[_entity(span, grouped) for span in spans] for spans in made]


class QuestionAnsweringPipeline(Pipeline):
    """Answers of a question in a text, each ``{"score": float, "start": int, "end": int, "answer": str}``.

    As of upstream's version 4.57.6, the last that has this task: one answer is a dict, several are a list.
    """

    task = "question-answering"

    def __call__(self, inputs: Any = None, *args: Any, **options: Any) -> Any:
        """Answer a question: ``question=..., context=...``, each a text or a list, or dicts of the two."""
        question, context = options.pop("question", None), options.pop("context", None)
        if args and isinstance(inputs, str) and len(args) == 1 and isinstance(args[0], str):
            question, context, inputs, args = inputs, args[0], None, ()
        if args:
            inputs = [inputs, *args]
        if inputs is None:
            inputs = _questions(question, context)
        elif question is not None or context is not None:
            raise ValueError("give either dicts, or question and context")
        if isinstance(inputs, (list, tuple)) and len(inputs) == 1:
            inputs = inputs[0]
        return super().__call__(inputs, **options)

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        given = dict(options)
        topk = given.pop("topk", None)  # upstream's older name
        if given.get("top_k") is None and topk is not None:
            given["top_k"] = topk
        names = ("top_k", "max_answer_len", "max_seq_len", "doc_stride", "handle_impossible_answer", "align_to_words")
        known = known_options(self.task, given, *names, "max_question_len")
        known.pop("max_question_len", None)  # without effect, as on upstream's fast tokenizers
        return known

    def _run(self, inputs: list[Any], options: dict[str, Any]) -> list[Any]:
        pairs = [_question(each) for each in inputs]
        given = {name: value for name, value in options.items() if value is not None}
        questions, contexts = [question for question, _ in pairs], [context for _, context in pairs]
        made = host.call("transformers.answer", self.model, {"questions": questions, "contexts": contexts, **given})
        return [_answers(answers) for answers in made]


def _questions(question: Any, context: Any) -> list[dict[str, Any]]:
    questions = question if isinstance(question, list) else [question]
    contexts = context if isinstance(context, list) else [context] * len(questions)
    if len(questions) != len(contexts):
        raise ValueError("Questions and contexts don't have the same lengths")
    return [{"question": one, "context": other} for one, other in zip(questions, contexts, strict=True)]


def _question(given: Any) -> tuple[str, str]:
    if not isinstance(given, dict) or given.keys() != {"question", "context"}:
        raise ValueError("a question is a dict with the texts question and context")
    for name, text in given.items():
        if text == "":
            raise ValueError(f"`{name}` cannot be empty")
    question, context = texts([given["question"], given["context"]])
    return question, context


def _answers(made: list[Any]) -> Any:
    answers = [{name: each[name] for name in ("score", "start", "end", "answer")} for each in made]
    return answers[0] if len(answers) == 1 else answers


def _entity(span: dict[str, Any], grouped: bool) -> dict[str, Any]:
    names = ("score", "word", "start", "end") if grouped else ("score", "index", "word", "start", "end")
    return {"entity_group" if grouped else "entity": span["label"], **{name: span[name] for name in names}}
