"""Serve a GGUF file by llama.cpp's own HTTP server, which speaks OpenAI's protocol, on loopback.

    $(python3 jmh/peers/setup.py)/bin/python jmh/peers/openai_server.py MODEL.gguf

Prints the base URL, and ends when its standard input does, as when the process that started it has gone.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

CONTEXT = 8192
TEMPLATE = "chatml"
"""How conversations are written: as SmolLM2's own template does, without the system message that it adds."""
SLOTS = 1


def main() -> int:
    """Serve until the standard input ends."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_file():
        print("openai_server.py: expected the path of a GGUF file", file=sys.stderr)
        return 2
    server: Any = start(sys.argv[1])
    print(f"{server.listening_address}/v1", flush=True)
    sys.stdin.read()
    os._exit(0)  # the server's threads would go on


def start(model: str) -> Any:
    """Return llama.cpp's server, which listens on a free port."""
    import xllamacpp  # which only the peers' environment has

    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.n_ctx = CONTEXT
    parameters.chat_template = TEMPLATE
    parameters.n_parallel = SLOTS
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.cpuparams.n_threads = max(1, min(4, (os.cpu_count() or 2) // 2))
    parameters.cpuparams_batch.n_threads = parameters.cpuparams.n_threads
    return xllamacpp.Server(parameters)


if __name__ == "__main__":
    sys.exit(main())
