"""A real language model on CPython: each process loads the file for itself, as a user's worker would.

It is llama.cpp by xllamacpp, the binding that has wheels; llama-cpp-python is a source distribution only. Answers
conform to the request's schema, as those of the Java side do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

_OPTIONS = ("messages", "temperature", "max_tokens", "stop", "seed")


def load(file: str, threads: int, context: int = 1024) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Load a GGUF file with a context window in tokens; return the service ``model.generate`` that it answers."""
    import xllamacpp  # which only these processes need

    parameters = xllamacpp.CommonParams()
    parameters.model.path = file
    parameters.n_ctx = context  # allotted at once: what the questions need, and not the 8,192 that the model can have
    parameters.cache_ram_mib = 0  # else it keeps the state of each question that it was asked, up to 8 GiB
    parameters.n_parallel = 1
    parameters.cpuparams.n_threads = threads
    parameters.verbosity = -1
    server = xllamacpp.Server(parameters)

    def generate(request: dict[str, Any]) -> dict[str, Any]:
        asked = {name: request[name] for name in _OPTIONS if request[name] is not None}
        if request["schema"] is not None:
            schema = {"name": "outputs", "schema": request["schema"], "strict": True}
            asked["response_format"] = {"type": "json_schema", "json_schema": schema}
        began = time.monotonic()
        answer = server.handle_chat_completions(asked)
        choice = answer["choices"][0]
        return {
            "text": choice["message"]["content"],
            "finish_reason": choice["finish_reason"],
            "prompt_tokens": answer["usage"]["prompt_tokens"],
            "completion_tokens": answer["usage"]["completion_tokens"],
            "model": file,
            "seconds": time.monotonic() - began,
        }

    return generate
