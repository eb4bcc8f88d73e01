"""Optimize one DSPy program on CPython, by DSPy itself and its threads.

    $(python3 jmh/peers/setup.py)/bin/python jmh/peers/optimize.py

Reads one line of JSON: ``examples`` (list of ``{"input", "expected"}``), how many of them are to ``train``,
``optimizer`` (``MIPROv2`` or ``GEPA``) with its ``parameters`` and what ``compile`` takes, the number of ``threads``,
``max_tokens`` of an answer, and its ``delay`` in seconds; or, in place of the delay's model, a GGUF ``file`` with its
``context`` window in tokens and the ``cores`` to use. Prints one line of JSON: ``seconds`` of ``compile``, the
number of ``calls`` of the language model, and the ``score`` of the result on the other examples, in percent.

Only the adapter, which asks for answers by a schema, is Terrarium's. The language model without a file answers as
``dev.terrarium.jmh.ChecksumModel`` does.
"""

from __future__ import annotations

import contextlib
import io
import json
import random
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MODULES = Path(__file__).resolve().parents[2] / "python-modules"
# At the end: the stand-ins for packages without a GraalPy build lie there too, and CPython has the real ones.
sys.path.extend(str(_MODULES / name / "src/main/python") for name in ("bridge", "dspy"))

import dspy  # noqa: E402 - with the path
from dspy import teleprompt  # noqa: E402

import model  # noqa: E402
from terrarium.bridge import host  # noqa: E402
from terrarium.dspy import _adapters, _signatures  # noqa: E402
from terrarium.dspy._model import HostEngine  # noqa: E402

#: What the records of ``dev.terrarium.jmh.Optimizing`` say.
SIGNATURE = {
    "name": "Opinion",
    "instructions": "Decide whether the writer of a product review is happy with the product.",
    "inputs": [{"name": "review", "type": {"type": "string"}, "description": "a product review"}],
    "outputs": [{"name": "sentiment", "type": {"type": "enum", "values": ["positive", "negative"]}}],
}


class Counting:
    """Counts the calls of a language model."""

    def __init__(self, generate: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """Count the calls of a function."""
        self.calls = 0
        self._generate = generate
        self._lock = threading.Lock()

    def generate(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request of the host's service ``model.generate``."""
        with self._lock:
            self.calls += 1
        return self._generate(request)


class ChecksumModel:
    """A language model whose answers come from a checksum of what it is asked."""

    def __init__(self, delay: float) -> None:
        """Answer after so many seconds."""
        self._delay = delay

    def generate(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request of the host's service ``model.generate``."""
        if self._delay:
            time.sleep(self._delay)
        checksum = zlib.crc32("".join(message["content"] for message in request["messages"]).encode())
        properties = request["schema"]["properties"]
        fields = {name: self._value(schema, checksum) for name, schema in properties.items()}
        return {"text": json.dumps(fields), "finish_reason": "stop", "prompt_tokens": 1, "completion_tokens": 1}

    @staticmethod
    def _value(schema: dict[str, Any], checksum: int) -> str:
        values: list[str] | None = schema.get("enum")
        return f"text {checksum % 1000}" if values is None else values[checksum % len(values)]


def main() -> int:
    """Run what the line asks for."""
    asked = json.loads(sys.stdin.readline())
    file = asked.get("file")
    answering = model.load(file, asked["cores"], asked["context"]) if file else ChecksumModel(asked["delay"]).generate
    counting = Counting(answering)
    host.install({"model.generate": counting.generate})
    lm = dspy.LM("terrarium/default", engine=HostEngine(None), num_retries=0, max_tokens=asked["max_tokens"])
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=True)  # as the optimizers count on
    dspy.configure(lm=lm, adapter=_adapters.SchemaJsonAdapter())
    program = dspy.Predict(_signatures.signature_of(SIGNATURE))
    examples = [
        dspy.Example(**each["input"], **each["expected"]).with_inputs(*each["input"]) for each in asked["examples"]
    ]
    train, validation = examples[: asked["train"]], examples[asked["train"] :]
    random.seed(0)
    making = {**asked["parameters"], "num_threads": asked["threads"]}
    if asked["optimizer"] == "GEPA":
        making.update(metric=_feedback, reflection_lm=lm)
    else:
        making.update(metric=_exact)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        began = time.monotonic()
        optimizer = getattr(teleprompt, asked["optimizer"])(**making)
        compiled = optimizer.compile(program, trainset=train, valset=validation, **asked["compile"])
        seconds = time.monotonic() - began
    calls = counting.calls
    right = sum(_exact(example, compiled(**example.inputs())) for example in validation)
    print(json.dumps({"seconds": seconds, "calls": calls, "score": round(100 * right / len(validation), 2)}))
    return 0


def _exact(example: Any, prediction: Any, _trace: Any = None) -> bool:
    return bool(example.sentiment == prediction.sentiment)


def _feedback(example: Any, prediction: Any, _trace: Any = None, _name: Any = None, _steps: Any = None) -> Any:
    return dspy.Prediction(score=float(_exact(example, prediction)), feedback=f"It is {example.sentiment}.")


if __name__ == "__main__":
    sys.exit(main())
