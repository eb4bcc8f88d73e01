"""Record what CPython's `transformers` answers to questions.

    python3 -m venv answers && answers/bin/pip install -r requirements-answers.txt
    answers/bin/python answers.py ../../../../../adapters/transformers/src/test/resources

The pipeline is that of version 4.57.6: later versions have none for questions. The model is made by spans.py.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from make import loaded, session_of, write
from spans import TORCH, WINDOW, Tensor, tensor
from transformers.pipelines import question_answering
from transformers.pipelines.question_answering import QuestionAnsweringPipeline

# No two places look alike to the model: upstream's order of equal scores depends on numpy's sorting.
LONG = (
    "the day was nice, this film is very good, that book was great and i love it, a kind day is the best, "
    "Anna was in Rome, it was not bad or ugly, is this cold, a sad film and an awful book, tom brown was in New York!"
)
QUESTIONS = [
    ("who is it", "anna was in rome"),
    ("where is it", "anna was in rome"),
    ("who is it", "🚀 Emma Gray love Zürich and 東京"),
    ("where is it", LONG),
    ("who is it", LONG),
    ("who", "otto"),
    ("who is it", "Otto, otto and a good OTTO was in bern"),
    ("where is it [CLS]", "maria was in paris"),
]
OPTIONS: list[dict[str, Any]] = [
    {},
    {"top_k": 3},
    {"top_k": 2, "max_answer_len": 2},
    {"top_k": 3, "doc_stride": 4},
    {"top_k": 2, "max_seq_len": 24},
    {"top_k": 3, "handle_impossible_answer": True},
    {"handle_impossible_answer": True},
    {"top_k": 3, "align_to_words": False},
]


def main() -> None:
    target = Path(sys.argv[1])
    folder = target / "models" / "answers"
    session = session_of(folder / "model.onnx")
    question_answering.torch = SimpleNamespace(tensor=tensor, int32=np.int32, bfloat16=TORCH.bfloat16)
    upstream = QuestionAnsweringPipeline.__new__(QuestionAnsweringPipeline)
    upstream.framework = "pt"
    upstream.tokenizer = loaded(folder, WINDOW)
    recorded = []
    for question, context in QUESTIONS:
        for given in OPTIONS:
            preparing, _, reading = upstream._sanitize_parameters(**given)
            outputs = []
            for inputs in upstream.preprocess({"question": question, "context": context}, **preparing):
                start, end = numbers(session, inputs)
                outputs.append({"start": start, "end": end, **inputs})
            result = upstream.postprocess(outputs, **reading)
            answers = result if isinstance(result, list) else [result]
            recorded.append({"question": question, "context": context, "options": given, "result": answers})
    made_with = {name: version(name) for name in ("transformers", "tokenizers", "onnxruntime", "numpy")}
    write(target / "expected-answers.json", {"made_with": made_with, "answers": recorded})


def numbers(session: Any, inputs: dict[str, Any]) -> tuple[Tensor, Tensor]:
    wanted = [each.name for each in session.get_inputs()]
    start, end = session.run(None, {name: np.asarray(inputs[name], np.int64) for name in wanted})
    return tensor(start), tensor(end)


if __name__ == "__main__":
    main()
