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
from make import BAD, GOOD, LETTERS, SIZE, VOCABULARY, config, run, save, session_of, tokenizer, write
from onnx import helper
from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors, trainers
from tokenizers.models import BPE, Unigram
from transformers import PreTrainedTokenizerFast
from transformers.pipelines import fill_mask, token_classification
from transformers.pipelines.fill_mask import FillMaskPipeline
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
TEXTS_OF_MASKS = [
    "the [MASK] film was sad",
    "The good [MASK] was [MASK]!",
    "[MASK]",
    "🚀 zebra [MASK], not naïve",
]
OPTIONS_OF_MASKS: list[dict[str, Any]] = [
    {},
    {"top_k": 2},
    {"targets": ["book", "film", "day"]},
    {"targets": ["zebra", "a good day", "book", "book", ""], "top_k": 9},
    {"targets": "great"},
    {"tokenizer_kwargs": {"truncation": True}},
]
ROBERTAS = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
STRATEGIES = ["none", "simple", "first", "average", "max"]


class Tensor(np.ndarray[Any, Any]):
    """An array with the methods of torch's tensors that upstream's pipelines call."""

    def unsqueeze(self, axis: int) -> Any:
        return np.expand_dims(self, axis)

    def numpy(self) -> Any:
        return np.asarray(self)

    def softmax(self, dim: int) -> Any:
        raised = np.exp(self - self.max(dim, keepdims=True))
        return raised / raised.sum(dim, keepdims=True)

    def topk(self, count: int) -> tuple[Any, Any]:
        order = np.argsort(-self, axis=-1, kind="stable")[..., :count]
        return np.take_along_axis(self, order, -1), order


def nonzero(values: Any, as_tuple: bool) -> Any:
    assert not as_tuple
    return tensor(np.argwhere(values))


TORCH = SimpleNamespace(bfloat16=np.void, float16=np.float16, nonzero=nonzero)


def tensor(values: Any) -> Any:
    return np.asarray(values).view(Tensor)


class Tensors:
    """A tokenizer whose results are tensors."""

    def __init__(self, made: PreTrainedTokenizerFast) -> None:
        self._made = made

    def __getattr__(self, name: str) -> Any:
        return getattr(self._made, name)

    def __call__(self, text: Any, return_tensors: str | None = None, **options: Any) -> Any:
        if return_tensors is None:
            return self._made(text, **options)
        encoded = self._made(text, return_tensors="np", **options)
        for name, values in encoded.items():
            encoded[name] = tensor(values)
        return encoded


def of_bytes(folder: Path, corpus: list[str]) -> PreTrainedTokenizerFast:
    """Train a tokenizer on bytes, as RoBERTa has it: its tokens have no mark of a word's parts."""
    made = Tokenizer(BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=ROBERTAS,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(corpus, trainer)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return written(folder, made)


def of_spaces(folder: Path, corpus: list[str]) -> PreTrainedTokenizerFast:
    """Make a tokenizer whose tokens begin with the space before them, as XLM-RoBERTa has it.

    Every second word of the corpus is a token; the others are split. The trainer of such vocabularies is not seeded.
    """
    words = sorted({word for text in corpus for word in text.split()})
    pieces = [*(f"\u2581{word}" for word in words[::2]), "\u2581", *LETTERS, ",", "!", "-", "'"]
    scores = [*((name, 0.0) for name in ROBERTAS), *((piece, -3 - at / 50) for at, piece in enumerate(pieces))]
    made = Tokenizer(Unigram(scores, unk_id=ROBERTAS.index("<unk>")))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    made.decoder = decoders.Metaspace()
    made.add_special_tokens(ROBERTAS)
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return written(folder, made)


def written(folder: Path, made: Tokenizer) -> PreTrainedTokenizerFast:
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


OF_NEIGHBOURS = [
    helper.make_node("Gather", ["embeddings", "input_ids"], ["vectors"]),
    helper.make_node("Cast", ["attention_mask"], ["ones"], to=1),
    helper.make_node("Unsqueeze", ["ones", "last"], ["mask"]),
    helper.make_node("Mul", ["vectors", "mask"], ["masked"]),
    helper.make_node("Transpose", ["masked"], ["columns"], perm=[0, 2, 1]),
    helper.make_node("Conv", ["columns", "kernel", "bias"], ["raw"], pads=[1, 1], kernel_shape=[3]),
    helper.make_node("Transpose", ["raw"], ["numbers"], perm=[0, 2, 1]),
]


def kernel(weight: Any) -> Any:
    """Return the weights of neighbours as a convolution has them, of the shape (outputs, vector, 3)."""
    return weight.reshape(3, SIZE, -1).transpose(2, 1, 0).copy()


def save_of_neighbours(file: Path, vectors: Any, weight: Any, bias: Any) -> None:
    """Write a model that computes each token's numbers of its own vector and its neighbours'."""
    nodes = [*OF_NEIGHBOURS, helper.make_node("Identity", ["numbers"], ["logits"])]
    weights = {"embeddings": vectors, "last": np.array([2], np.int64), "kernel": kernel(weight), "bias": bias}
    outputs = [("logits", ["batch", "sequence", weight.shape[1]])]
    save(file, nodes, ["input_ids", "attention_mask"], outputs, weights)


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
            inside = [(at, kind) for at, to, kind in spans if at < end and start < to]
            targets.append(LABELS.index(f"{'B' if start <= inside[0][0] else 'I'}-{inside[0][1]}") if inside else 0)
    weight, bias = trained(np.concatenate(features), np.array(targets), len(LABELS))
    save_of_neighbours(folder / "model.onnx", vectors, weight, bias)


def names(folder: Path, made: PreTrainedTokenizerFast) -> list[Any]:
    session = session_of(folder / "model.onnx")
    token_classification.torch = TORCH
    upstream = TokenClassificationPipeline.__new__(TokenClassificationPipeline)
    upstream.tokenizer = Tensors(made)
    upstream.model = SimpleNamespace(config=SimpleNamespace(id2label=dict(enumerate(LABELS))))
    recorded = []
    for text in TEXTS_OF_NAMES:
        for strategy in STRATEGIES:
            for stride in (None, 5):
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


OF_ANSWERS = [
    *OF_NEIGHBOURS,
    helper.make_node("Cast", ["token_type_ids"], ["seconds"], to=1),
    helper.make_node("Sub", ["ones", "seconds"], ["firsts"]),
    helper.make_node("Unsqueeze", ["firsts", "last"], ["questions"]),
    helper.make_node("Mul", ["vectors", "questions"], ["asked"]),
    helper.make_node("ReduceSum", ["asked", "middle"], ["sums"], keepdims=1),
    helper.make_node("ReduceSum", ["questions", "middle"], ["counts"], keepdims=1),
    helper.make_node("Div", ["sums", "counts"], ["question"]),
    helper.make_node("Mul", ["vectors", "question"], ["products"]),
    helper.make_node("MatMul", ["products", "fit"], ["fitting"]),
    helper.make_node("Add", ["numbers", "fitting"], ["both"]),
    helper.make_node("Split", ["both", "halves"], ["start", "end"], axis=2),
    helper.make_node("Squeeze", ["start", "last"], ["start_logits"]),
    helper.make_node("Squeeze", ["end", "last"], ["end_logits"]),
]


def answers_model(folder: Path, made: PreTrainedTokenizerFast) -> None:
    """Train a model that finds who was where: of each token's neighbours, and of its product with the question."""
    config(folder)
    vectors = np.random.default_rng(13).normal(0, 1, (len(made), SIZE)).astype(np.float32)
    rows = []
    for text, spans in examples():
        for start, end, kind in spans:
            encoded = made("who is it" if kind == "PER" else "where is it", text, return_offsets_mapping=True)
            own = vectors[encoded["input_ids"]]
            types = np.array(encoded["token_type_ids"])
            features = np.concatenate([neighbours(own), own * own[types == 0].mean(0)], axis=1)
            places = [i for i, (at, to) in enumerate(encoded["offset_mapping"]) if types[i] and start <= at < to <= end]
            rows.append((features, types, places[0], places[-1]))
    weights = np.zeros((2, 4 * SIZE))
    for _ in range(100):
        for features, types, *ends in rows:
            for weight, end in zip(weights, ends, strict=True):
                likely = np.exp(features @ weight) * types
                likely /= likely.sum()
                likely[end] -= 1
                weight -= 0.05 * features.T @ likely
    both = weights.T.astype(np.float32)
    values = {
        "embeddings": vectors,
        "last": np.array([2], np.int64),
        "middle": np.array([1], np.int64),
        "halves": np.array([1, 1], np.int64),
        "kernel": kernel(both[: 3 * SIZE]),
        "bias": np.zeros(2, np.float32),
        "fit": both[3 * SIZE :].copy(),
    }
    outputs = [(name, ["batch", "sequence"]) for name in ("start_logits", "end_logits")]
    save(folder / "model.onnx", OF_ANSWERS, ["input_ids", "attention_mask", "token_type_ids"], outputs, values)


def masks_model(folder: Path, made: PreTrainedTokenizerFast) -> None:
    """Train a model that predicts a token of its neighbours."""
    config(folder)
    vectors = np.random.default_rng(14).normal(0, 1, (len(made), SIZE)).astype(np.float32)
    features, targets = [], []
    texts = [f"the {word} {thing} was {other}" for word in GOOD[:5] for thing in ("film", "book") for other in BAD[:5]]
    for text in texts:
        ids = made(text)["input_ids"]
        for place in range(1, len(ids) - 1):
            masked = [*ids[:place], made.mask_token_id, *ids[place + 1 :]]
            features.append(neighbours(vectors[masked])[place])
            targets.append(ids[place])
    weight, bias = trained(np.stack(features), np.array(targets), len(made))
    # No two words are equally likely: the order of equals is nowhere defined.
    bias += np.random.default_rng(15).normal(0, 0.3, len(made)).astype(np.float32)
    save_of_neighbours(folder / "model.onnx", vectors, weight, bias)


def masks(folder: Path, made: PreTrainedTokenizerFast) -> list[Any]:
    session = session_of(folder / "model.onnx")
    fill_mask.torch = TORCH
    upstream = FillMaskPipeline.__new__(FillMaskPipeline)
    upstream.tokenizer = Tensors(made)
    recorded = []
    for text in TEXTS_OF_MASKS:
        for given in OPTIONS_OF_MASKS:
            preparing, _, reading = upstream._sanitize_parameters(**given)
            inputs = upstream.preprocess(text, **preparing)
            outputs = {"logits": tensor(run(session, inputs)), "input_ids": inputs["input_ids"]}
            result = upstream.postprocess(outputs, **reading)
            several = result if isinstance(result[0], list) else [result]
            recorded.append({"text": text, "options": given, "result": several})
    return recorded


def main() -> None:
    target = Path(sys.argv[1])
    folder = target / "models"
    for name in ("names", "names-of-bytes", "names-of-spaces", "answers", "masks"):
        (folder / name).mkdir(parents=True)
    by_pieces = tokenizer(folder / "names", WINDOW)
    corpus = [text for text, _ in examples()]
    by_bytes = of_bytes(folder / "names-of-bytes", corpus)
    by_spaces = of_spaces(folder / "names-of-spaces", corpus)
    names_model(folder / "names", by_pieces, 11)
    names_model(folder / "names-of-bytes", by_bytes, 12)
    names_model(folder / "names-of-spaces", by_spaces, 15)
    answers_model(folder / "answers", tokenizer(folder / "answers", WINDOW))
    of_masks = tokenizer(folder / "masks", WINDOW)
    masks_model(folder / "masks", of_masks)
    recorded = {
        "made_with": {name: version(name) for name in ("transformers", "tokenizers", "onnxruntime", "onnx", "numpy")},
        "names": names(folder / "names", by_pieces),
        "names-of-bytes": names(folder / "names-of-bytes", by_bytes),
        "names-of-spaces": names(folder / "names-of-spaces", by_spaces),
        "masks": masks(folder / "masks", of_masks),
        "windows": windows(by_pieces),
        "decoded": decoded(),
    }
    write(target / "expected-spans.json", recorded)


def windows(made: PreTrainedTokenizerFast) -> list[Any]:
    """The parts of texts that are too long, from the beginning on or from the end."""
    recorded = []
    words = " ".join(VOCABULARY[5:45])
    for side in ("right", "left"):
        made.truncation_side = side
        for text, second in ((words, None), ("a good day", words), ("a", "good"), ("", None)):
            for most, stride in ((10, 0), (12, 5), (44, 1)):
                encoded = made(
                    text,
                    second,
                    truncation="longest_first" if second is None else "only_second",
                    max_length=most,
                    stride=stride,
                    return_overflowing_tokens=True,
                )
                given = {"text": text, "pair": second, "max_length": most, "stride": stride, "side": side}
                recorded.append({**given, "input_ids": encoded["input_ids"]})
    return recorded


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
