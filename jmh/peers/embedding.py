"""Vectors of texts by CPython's onnxruntime and tokenizers: how many a second.

    python embedding.py MODEL.onnx TOKENIZER.json TEXTS.json SECONDS THREADS BATCH

Each thread takes BATCH texts at a time, in their order, padded to the longest of them, as the libraries' users do.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from pathlib import Path

import numpy
import onnxruntime
from tokenizers import Tokenizer


def main() -> None:
    model, vocabulary, texts_file, seconds, threads, batch = sys.argv[1:]
    session = onnxruntime.InferenceSession(model)
    tokenizer = Tokenizer.from_file(vocabulary)
    tokenizer.enable_truncation(256)
    tokenizer.enable_padding()
    texts = json.loads(Path(texts_file).read_text(encoding="utf-8"))
    size = int(batch)
    batches = [texts[i : i + size] for i in range(0, len(texts), size)]

    def embed(some: list[str]) -> int:
        encoded = tokenizer.encode_batch(some)
        mask = numpy.array([each.attention_mask for each in encoded], numpy.int64)
        ids = numpy.array([each.ids for each in encoded], numpy.int64)
        hidden = session.run(None, {"input_ids": ids, "attention_mask": mask, "token_type_ids": mask * 0})[0]
        vectors = (hidden * mask[..., None]).sum(1) / mask.sum(1, keepdims=True)
        vectors /= numpy.linalg.norm(vectors, axis=1, keepdims=True)
        return len(vectors)

    for some in batches[:4]:
        embed(some)
    counts = [0] * int(threads)
    place = itertools.count()
    end = time.perf_counter() + float(seconds)

    def work(thread: int) -> None:
        while time.perf_counter() < end:
            counts[thread] += embed(batches[next(place) % len(batches)])

    begin = time.perf_counter()
    workers = [threading.Thread(target=work, args=(each,)) for each in range(int(threads))]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    print(sum(counts) / (time.perf_counter() - begin))


if __name__ == "__main__":
    main()
