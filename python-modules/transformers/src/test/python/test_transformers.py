"""The shapes of upstream's results, and what is refused, on a host that records what it is asked."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Any

import pytest

import transformers
from terrarium.bridge import host
from terrarium.transformers import TransformersBridge

ASKED: list[tuple[str, str, dict[str, Any]]] = []


def features(model: str, options: dict[str, Any]) -> list[dict[str, Any]]:
    ASKED.append(("features", model, options))
    return [{"width": 2, "values": array("f", [1, 2, 3, 4, 5, 6])} for _ in options["texts"]]


def classify(model: str, options: dict[str, Any]) -> list[list[dict[str, Any]]]:
    ASKED.append(("classify", model, options))
    return [[{"label": "A", "score": 0.75}, {"label": "B", "score": 0.25}] for _ in options["texts"]]


def zero_shot(model: str, options: dict[str, Any]) -> list[list[dict[str, Any]]]:
    ASKED.append(("zero_shot", model, options))
    return [[{"label": label, "score": 0.5} for label in options["candidate_labels"]] for _ in options["texts"]]


def tokenize(model: str, options: dict[str, Any]) -> dict[str, Any]:
    ASKED.append(("tokenize", model, options))
    words = [*range(len(options["text"].split()))]
    types = array("q", [0] * len(words))
    return {
        "input_ids": array("q", words),
        "token_type_ids": types,
        "takes_types": model != "without",
        "pad_token_id": 9,
    }


def entities(model: str, options: dict[str, Any]) -> list[list[dict[str, Any]]]:
    ASKED.append(("entities", model, options))
    span = {"label": "PER", "score": 0.75, "index": 1, "word": "a", "start": 0, "end": 1}
    return [[span] for _ in options["texts"]]


def answer(model: str, options: dict[str, Any]) -> list[list[dict[str, Any]]]:
    ASKED.append(("answer", model, options))
    one = {"answer": "a", "score": 0.5, "start": 0, "end": 1}
    return [[one] * options.get("top_k", 1) for _ in options["questions"]]


def fill_mask(model: str, options: dict[str, Any]) -> list[list[list[dict[str, Any]]]]:
    ASKED.append(("fill_mask", model, options))
    one = {"token": "day", "score": 0.5, "id": 3, "text": "a day"}
    return [[[one]] * text.count("[MASK]") for text in options["texts"]]


def generate(request: dict[str, Any]) -> dict[str, Any]:
    ASKED.append(("generate", str(request.pop("model")), request))
    return {"text": "Paris"}


@pytest.fixture(autouse=True)
def services() -> Iterator[None]:
    ASKED.clear()
    made: dict[str, Any] = {
        "transformers.features": features,
        "transformers.classify": classify,
        "transformers.zero_shot": zero_shot,
        "transformers.entities": entities,
        "transformers.answer": answer,
        "transformers.fill_mask": fill_mask,
        "model.generate": generate,
        "transformers.tokenize": tokenize,
        "transformers.decode": lambda model, options: f"{options['ids']} {options['skip_special_tokens']}",
        "transformers.embed": lambda model, options: [array("f", [1]) for _ in options["texts"]],
    }
    host.install(made)
    yield
    host.uninstall(*made)


def test_features_of_a_text_are_a_list_of_one_list_of_vectors() -> None:
    pipe = transformers.pipeline("feature-extraction")
    one = pipe("a b")
    assert one == [[array("f", [1, 2]), array("f", [3, 4]), array("f", [5, 6])]]
    assert pipe(["a", "b"]) == [one, one]
    assert list(pipe(iter(["a"]), truncation=True, batch_size=8)) == [one]
    assert ASKED[-1] == ("features", "all-MiniLM-L6-v2", {"texts": ["a"], "truncation": True})


def test_truncation_given_twice_is_refused_as_upstream_does() -> None:
    with pytest.raises(ValueError, match="truncation parameter defined twice"):
        transformers.pipeline("feature-extraction")("a", truncation=True, tokenize_kwargs={"truncation": False})


def test_labels_have_upstreams_odd_shapes() -> None:
    pipe = transformers.pipeline("sentiment-analysis", model="m")
    best, other = {"label": "A", "score": 0.75}, {"label": "B", "score": 0.25}
    assert pipe("a") == [best]
    assert pipe(["a", "b"]) == [best, best]
    assert pipe({"text": "a", "text_pair": "b"}) == best
    assert pipe("a", top_k=None) == [best, other]
    assert pipe("a", top_k=1) == [best]
    assert pipe(["a"], top_k=None) == [[best, other]]
    assert ASKED[2] == ("classify", "m", {"texts": ["a"], "pairs": ["b"]})


def test_labels_of_the_callers_own_stand_behind_the_text() -> None:
    pipe = transformers.pipeline("zero-shot-classification", "m", multi_label=True)
    one = {"sequence": "a", "labels": ["x", "y"], "scores": [0.5, 0.5]}
    assert pipe("a", ["x", "y"]) == one
    assert pipe(["a"], candidate_labels="x, y,", hypothesis_template="is {}") == [one]
    asked = {"texts": ["a"], "candidate_labels": ["x", "y"], "multi_label": True, "hypothesis_template": "is {}"}
    assert ASKED[-1] == ("zero_shot", "m", asked)
    with pytest.raises(ValueError, match="at least one label"):
        pipe("a", [])
    with pytest.raises(ValueError, match="Unable to understand extra arguments"):
        pipe("a", ["x"], ["y"])
    with pytest.raises(transformers.NotSupportedError, match="does not support truncation here"):
        pipe("a", ["x"], truncation=True)


def test_entities_are_tokens_or_groups() -> None:
    pipe = transformers.pipeline("ner", "m")
    place = {"word": "a", "start": 0, "end": 1}
    assert pipe("a") == [{"entity": "PER", "score": 0.75, "index": 1, **place}]
    assert pipe(["a"], aggregation_strategy="SIMPLE", stride=2, ignore_labels=[]) == [
        [{"entity_group": "PER", "score": 0.75, **place}]
    ]
    asked = {"texts": ["a"], "aggregation_strategy": "SIMPLE", "stride": 2, "ignore_labels": []}
    assert ASKED[-1] == ("entities", "m", asked)
    with pytest.raises(ValueError, match="At least one input is required"):
        pipe([])
    with pytest.raises(ValueError, match="`stride` was provided"):
        pipe("a", aggregation_strategy="none", stride=2)
    with pytest.raises(transformers.NotSupportedError, match="does not support is_split_into_words here"):
        pipe(["a"], is_split_into_words=True)


def test_one_answer_is_a_dict_and_several_are_a_list() -> None:
    pipe = transformers.pipeline("question-answering", "m", max_answer_len=3)
    one = {"score": 0.5, "start": 0, "end": 1, "answer": "a"}
    assert pipe(question="q", context="c") == one
    assert ASKED[-1] == ("answer", "m", {"questions": ["q"], "contexts": ["c"], "max_answer_len": 3})
    assert pipe({"question": "q", "context": "c"}, top_k=2) == [one, one]
    assert pipe("q", "c") == one
    assert pipe([{"question": "q", "context": "c"}]) == one
    assert pipe(question=["q", "r"], context="c", topk=2, max_question_len=9) == [[one, one], [one, one]]
    asked = {"questions": ["q", "r"], "contexts": ["c", "c"], "max_answer_len": 3, "top_k": 2}
    assert ASKED[-1] == ("answer", "m", asked)
    with pytest.raises(ValueError, match="don't have the same lengths"):
        pipe(question=["q", "r"], context=["c"])
    with pytest.raises(ValueError, match="`context` cannot be empty"):
        pipe(question="q", context="")
    with pytest.raises(ValueError, match="a question is a dict"):
        pipe({"question": "q"})
    with pytest.raises(ValueError, match="a text is a str, not NoneType"):
        pipe(question="q")
    with pytest.raises(transformers.NotSupportedError, match="does not support data here"):
        pipe(question="q", context="c", data=[])


def test_each_of_several_masks_has_a_list() -> None:
    pipe = transformers.pipeline("fill-mask", "m", top_k=1)
    one = {"score": 0.5, "token": 3, "token_str": "day", "sequence": "a day"}
    assert pipe("a [MASK]") == [one]
    assert pipe(["a [MASK]"]) == [one]
    assert pipe("a [MASK] [MASK]", targets="day") == [[one], [one]]
    assert ASKED[-1] == ("fill_mask", "m", {"texts": ["a [MASK] [MASK]"], "top_k": 1, "targets": ["day"]})
    assert pipe(["[MASK]", "[MASK]"], tokenizer_kwargs={"truncation": True}) == [[one], [one]]
    assert ASKED[-1][2]["truncation"] is True
    with pytest.raises(transformers.NotSupportedError, match="does not support padding here"):
        pipe("a [MASK]", tokenizer_kwargs={"padding": True})


def test_a_chat_is_answered_by_a_language_model() -> None:
    pipe = transformers.pipeline("text-generation")
    chat = [{"role": "user", "content": "capital of France?"}]
    answer = {"role": "assistant", "content": "Paris"}
    assert pipe(chat) == [{"generated_text": [*chat, answer]}]
    assert ASKED[-1] == ("generate", "None", {"messages": chat, "max_tokens": None, "temperature": None, "top_p": None})
    assert pipe([chat, chat], return_full_text=False) == [[{"generated_text": "Paris"}]] * 2
    named = transformers.pipeline("text-generation", "m", max_new_tokens=9, temperature=1)
    named(chat, top_p=0.5)
    assert ASKED[-1] == ("generate", "m", {"messages": chat, "max_tokens": 9, "temperature": 1.0, "top_p": 0.5})
    named(chat, do_sample=False)
    assert ASKED[-1][2]["temperature"] == 0.0


@pytest.mark.parametrize(
    ("given", "options", "error", "named"),
    [
        ("Once upon", {}, NotImplementedError, "does not continue a text here"),
        (["Once", "upon"], {}, NotImplementedError, "does not continue a text here"),
        ([{"role": "assistant", "content": "a"}], {}, NotImplementedError, "does not continue the assistant's message"),
        ([{"role": "user", "content": [{"type": "image"}]}], {}, NotImplementedError, "text alone"),
        ([{"role": "user"}], {}, ValueError, "must have a 'role' and 'content' key"),
        ([[]], {}, ValueError, "at least one"),
        ([{"role": "user", "content": "a"}], {"stop_sequence": "."}, NotImplementedError, "stop_sequence"),
        ([{"role": "user", "content": "a"}], {"num_return_sequences": 2}, NotImplementedError, "num_return_sequences"),
    ],
)
def test_what_is_no_chat_is_refused(given: Any, options: Any, error: type[Exception], named: str) -> None:
    with pytest.raises(error, match=named):
        transformers.pipeline("text-generation")(given, **options)


def test_options_of_the_pipeline_hold_for_each_call() -> None:
    pipe = transformers.pipeline("text-classification", "m", function_to_apply="none", top_k=None)
    assert len(pipe("a")) == 2
    assert ASKED[-1][2]["function_to_apply"] == "none"


@pytest.mark.parametrize(
    ("arguments", "options", "named"),
    [
        (("image-classification",), {}, "the task 'image-classification' is not supported here; supported: feature"),
        ((None, "m"), {}, "name the task"),
        (("text-classification",), {}, "has no default model here"),
        (("feature-extraction",), {"device": "cuda:0"}, "device"),
        (("feature-extraction",), {"trust_remote_code": True}, "does not support trust_remote_code here"),
        (("feature-extraction",), {"tokenizer": "other"}, "tokenizer"),
        (("feature-extraction",), {"return_tensors": True}, "return_tensors"),
        (("text-classification", "m"), {"padding": True}, "padding"),
    ],
)
def test_what_is_not_here_is_refused_by_its_name(arguments: Any, options: Any, named: str) -> None:
    with pytest.raises(transformers.NotSupportedError, match=named.replace("(", r"\(").replace(")", r"\)")):
        transformers.pipeline(*arguments, **options)


def test_a_class_that_is_not_here_cannot_be_imported() -> None:
    with pytest.raises(ImportError, match="AutoModel"):
        from transformers import AutoModel  # type: ignore[attr-defined]  # noqa: F401


@pytest.mark.parametrize("bad", [3, [["a", "b"]], {"texts": "a"}, {"text": "a", "pair": "b"}])
def test_an_input_that_is_no_text_is_refused(bad: Any) -> None:
    with pytest.raises(ValueError, match=r"text"):
        transformers.pipeline("text-classification", "m")(bad)


def test_a_tokenizer_returns_the_inputs_of_a_model() -> None:
    tokenizer = transformers.AutoTokenizer.from_pretrained("m", use_fast=True)
    assert tokenizer("a b") == {"input_ids": [0, 1], "token_type_ids": [0, 0], "attention_mask": [1, 1]}
    padded = tokenizer(["a b", "a"], padding=True, truncation=True, max_length=5)
    assert padded.input_ids == [[0, 1], [0, 9]]
    assert padded["attention_mask"] == [[1, 1], [1, 0]]
    assert ASKED[-1][2] == {"text": "a", "pair": None, "truncation": True, "max_length": 5}
    assert tokenizer("a", padding="max_length", max_length=3)["input_ids"] == [0, 9, 9]
    assert list(transformers.AutoTokenizer.from_pretrained("without")("a")) == ["input_ids", "attention_mask"]
    assert tokenizer.encode("a b c") == [0, 1, 2]
    assert tokenizer.decode([1, 2], skip_special_tokens=True) == "[1, 2] True"
    assert tokenizer.batch_decode([[1]]) == ["[1] False"]
    with pytest.raises(transformers.NotSupportedError, match="return_tensors"):
        tokenizer("a", return_tensors="pt")
    with pytest.raises(ValueError, match="text_pair has 1 texts, and text has 2"):
        tokenizer(["a", "b"], text_pair="c")


def test_the_bridge_runs_a_pipeline_and_embeds() -> None:
    bridge = TransformersBridge()
    assert bridge.run("text-classification", "a", "m", {"top_k": 1}) == [{"label": "A", "score": 0.75}]
    assert bridge.embed(["a", "b"]) == [array("f", [1]), array("f", [1])]
