"""The commands of transformers."""

from __future__ import annotations

from typing import Any, ClassVar

from terrarium.bridge import BaseBridge, handler, host


class TransformersBridge(BaseBridge):
    """Pipelines on models of the host. Thread-safe."""

    framework: ClassVar[str] = "transformers"

    @handler(idempotent=True)
    def run(self, task: str, inputs: Any, model: str | None = None, options: dict[str, Any] | None = None) -> Any:
        """Run ``transformers.pipeline(task, model)`` on its inputs, with the options of a call.

        Raises ``transformers.NotSupportedError`` for a task or an option that is not supported, and what the host
        raises.
        """
        from transformers import pipeline

        return pipeline(task, model)(inputs, **(options or {}))

    @handler(idempotent=True)
    def embed(self, texts: list[str], model: str = "all-MiniLM-L6-v2") -> list[Any]:
        """Return the vector of each text, an ``array.array`` of floats, as sentence-transformers makes it."""
        vectors: list[Any] = host.call("transformers.embed", model, {"texts": texts})
        return vectors
