"""Make the tiny models that read tokens, and record what CPython's `transformers` makes of them.

    models/bin/python spans.py ../../../../../adapters/transformers/src/test/resources

It runs in the environment of make.py, which makes the other models. Upstream's own pipelines prepare the texts and read
the models' numbers; ONNX Runtime computes between the two. There is no torch: `Tensor` has the few methods that the
pipelines call.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from make import SIZE, config, run, save, session_of, tokenizer, write
from onnx import helper
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors, trainers
from tokenizers.models import BPE
from transformers import PreTrainedTokenizerFast
from transformers.pipelines import token_classification
from transformers.pipelines.token_classification import TokenClassificationPipeline

WINDOW = 32
LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
PEOPLE = ["anna", "tom brown", "maria", "otto", "emma gray"]
PLACES = ["rome", "new york", "paris", "oslo", "bern"]
FRAMES = ["{} was in {}", "the day {} was in {}", "i love {} and {}", "{} and {} it is", "a good film: {}, {}!"]
TEXTS_OF_NAMES = [
    "anna was in rome",
    "Tom Brown and Emma Gray love New York.",
    "the day otto's film was in Oslo, it is 東京 🚀 and Zürich!",
    "i love maria-anna and paris",
    "it is a good day",
    "",
    "🚀🚀 anna",
    "anna was in rome and tom brown was in oslo, " * 4,
]
STRATEGIES = ["none", "simple", "first", "average", "max"]


class Tensor(np.ndarray[Any, Any]):
    """An array with the methods of torch's tensors that upstream's pipelines call."""

    def unsqueeze(self, axis: int) -> Any:
        return np.expand_dims(self, axis)

    def numpy(self) -> Any:
        return np.asarray(self)


TORCH = SimpleNamespace(bfloat16=np.void, float16=np.float16)


def tensor(values: Any) -> Any:
    return np.asarray(values).view(Tensor)


class Tensors:
    """A tokenizer whose results are tensors."""

    def __init__(self, made: PreTrainedTokenizerFast) -> None:
        self._made = made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)

    def __call__(self, text: Any, return_tensors: str | None = None, **options: Any) -> Any:  # noqa: ARG002
        encoded = self._made(text, return_tensors="np", **options)
        for name, values in encoded.items():
            encoded[name] = tensor(values)
        return encoded


def pieces(folder: Path, corpus: list[str]) -> PreTrainedTokenizerFast:
    """Train a tokenizer on bytes, as RoBERTa has it: its tokens have no mark of a word's parts."""
    made = Tokenizer(BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    made.train_from_iterator(
        corpus,
        trainers.BpeTrainer(
            vocab_size=320,
            special_tokens=special,
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    made.save(str(folder / "tokenizer.json"))
    names = {"cls_token": "<s>", "sep_token": "</s>", "unk_token": "<unk>", "mask_token": "<mask>", "pad_token": "<pad>"}
    write(folder / "tokenizer_config.json", {"model_max_length": WINDOW, **names})
    return PreTrainedTokenizerFast(tokenizer_file=str(folder / "tokenizer.json"), model_max_length=WINDOW, **names)


def examples() -> list[tuple[str, list[tuple[int, int, str]]]]:
    """Return sentences with the places of their names."""
    made = []
    for frame in FRAMES:
        for person in PEOPLE:
            for place in PLACES:
                text, spans = "", []
                for part, name, kind in zip(frame.split("{}"), (person, place, ""), ("PER", "LOC", ""), strict=True):
                    text += part
                    if name:
                        spans.append((len(text), len(text) + len(name), kind))
                    text += name
                made.append((text, spans))
    return made


def neighbours(vectors: Any) -> Any:
    """Return each token's vector behind that of the one before, and before that of the next one."""
    padded = np.pad(vectors, ((1, 1), (0, 0)))
    return np.concatenate([padded[:-2], padded[1:-1], padded[2:]], axis=1)


def trained(features: Any, targets: Any, outputs: int, rounds: int = 400) -> tuple[Any, Any]:
    """Return weights and bias of a softmax regression."""
    weight, bias = np.zeros((features.shape[1], outputs)), np.zeros(outputs)
    for _ in range(rounds):
        raw = features @ weight + bias
        likely = np.exp(raw - raw.max(1, keepdims=True))
        likely /= likely.sum(1, keepdims=True)
        error = likely - np.eye(outputs)[targets]
        weight -= 0.3 * features.T @ error / len(features)
        bias -= 0.3 * error.mean(0)
    return weight.astype(np.float32), bias.astype(np.float32)


def save_of_neighbours(file: Path, vectors: Any, weight: Any, bias: Any, outputs: list[str]) -> None:
    """Write a model that computes each token's numbers of its own vector and its neighbours'."""
    width = weight.shape[1]
    # The kernel of a convolution has the shape (outputs, vector, 3).
    kernel = weight.reshape(3, SIZE, width).transpose(2, 1, 0).copy()
    nodes = [
        helper.make_node("Gather", ["embeddings", "input_ids"], ["vectors"]),
        helper.make_node("Cast", ["attention_mask"], ["ones"], to=1),
        helper.make_node("Unsqueeze", ["ones", "last"], ["mask"]),
        helper.make_node("Mul", ["vectors", "mask"], ["masked"]),
        helper.make_node("Transpose", ["masked"], ["columns"], perm=[0, 2, 1]),
        helper.make_node("Conv", ["columns", "kernel", "bias"], ["raw"], pads=[1, 1], kernel_shape=[3]),
        helper.make_node("Transpose", ["raw"], ["numbers"], perm=[0, 2, 1]),
    ]
    weights = {"embeddings": vectors, "last": np.array([2], np.int64), "kernel": kernel, "bias": bias}
    if len(outputs) == 1:
        nodes[-1].output[0] = outputs[0]
        shapes = [(outputs[0], ["batch", "sequence", width])]
    else:
        nodes.append(helper.make_node("Split", ["numbers", "halves"], ["first", "second"], axis=2))
        weights |= {"halves": np.array([1, 1], np.int64)}
        for half, output in zip(("first", "second"), outputs, strict=True):
            nodes.append(helper.make_node("Squeeze", [half, "last"], [output]))
        shapes = [(output, ["batch", "sequence"]) for output in outputs]
    save(file, nodes, ["input_ids", "attention_mask"], shapes, weights)


def names_model(folder: Path, made: PreTrainedTokenizerFast, seed: int) -> None:
    """Train a model that finds names of people and places."""
    size = len(made)
    labels = {str(number): label for number, label in enumerate(LABELS)}
    config(folder, vocab_size=size, pad_token_id=made.pad_token_id, id2label=labels)
    vectors = np.random.default_rng(seed).normal(0, 1, (size, SIZE)).astype(np.float32)
    features, targets = [], []
    for text, spans in examples():
        encoded = made(text, return_offsets_mapping=True)
        features.append(neighbours(vectors[encoded["input_ids"]]))
        for start, end in encoded["offset_mapping"]:
            inside = [(at, kind) for at, to, kind in spans if at <= start < to and end > start]
            targets.append(LABELS.index(f"{'B' if start == inside[0][0] else 'I'}-{inside[0][1]}") if inside else 0)
    weight, bias = trained(np.concatenate(features), np.array(targets), len(LABELS))
    save_of_neighbours(folder / "model.onnx", vectors, weight, bias, ["logits"])


def names(folder: Path, made: PreTrainedTokenizerFast) -> list[Any]:
    session = session_of(folder / "model.onnx")
    token_classification.torch = TORCH
    upstream = TokenClassificationPipeline.__new__(TokenClassificationPipeline)
    upstream.tokenizer = Tensors(made)
    upstream.model = SimpleNamespace(config=SimpleNamespace(id2label=dict(enumerate(LABELS))))
    recorded = []
    for text in TEXTS_OF_NAMES:
        for strategy in STRATEGIES:
            for stride in (None, 0, 5):
                if stride is not None and strategy == "none":
                    continue
                given = {"aggregation_strategy": strategy, "stride": stride}
                preparing, _, reading = upstream._sanitize_parameters(**given)
                outputs = []
                for inputs in upstream.preprocess(text, **preparing):
                    logits = tensor(run(session, inputs))
                    outputs.append({"logits": logits, "word_to_chars_map": None, "word_ids": None, **inputs})
                result = upstream.postprocess(outputs, **reading)
                for entity in result:
                    entity["score"] = round(float(entity["score"]), 6)
                recorded.append({"text": text, **given, "result": result})
    return recorded


def main() -> None:
    target = Path(sys.argv[1])
    folder = target / "models"
    for name in ("names", "names-of-bytes"):
        (folder / name).mkdir(parents=True)
    by_pieces = tokenizer(folder / "names", WINDOW)
    by_bytes = pieces(folder / "names-of-bytes", [text for text, _ in examples()])
    names_model(folder / "names", by_pieces, 11)
    names_model(folder / "names-of-bytes", by_bytes, 12)
    recorded = {
        "made_with": {name: version(name) for name in ("transformers", "tokenizers", "onnxruntime", "onnx", "numpy")},
        "names": names(folder / "names", by_pieces),
        "names-of-bytes": names(folder / "names-of-bytes", by_bytes),
        "decoded": decoded(),
    }
    write(target / "expected-spans.json", recorded)


def decoded() -> list[Any]:
    """How decoders put tokens together, and words that are none."""
    tokens = ["un", "##known", "don", "'", "t", "##", ".", "▁New", "York", "a▁b", "ĠParis", " Oslo", "Ã©", "do not", "##'s"]
    made = {
        "WordPiece": decoders.WordPiece(),
        "ByteLevel": decoders.ByteLevel(),
        "Metaspace": decoders.Metaspace(),
    }
    return [
        {"decoder": name, "tokens": tokens[at:], "text": decoder.decode(tokens[at:])}
        for name, decoder in made.items()
        for at in range(len(tokens))
    ]


if __name__ == "__main__":
    main()
