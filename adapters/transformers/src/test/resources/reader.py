"""A framework of a user, which reads texts by transformers, and embeds them by the model that frameworks share."""

from typing import Any

from terrarium.bridge import BaseBridge, handler, host


class Reader(BaseBridge):
    framework = "reader"

    @handler
    def embed(self, texts: list[str]) -> list[Any]:
        return host.embed(texts)

    @handler
    def read(self, model: str, text: str) -> dict[str, Any]:
        # guide: python
        from transformers import AutoTokenizer, pipeline

        tokenizer = AutoTokenizer.from_pretrained(model)
        tokens = tokenizer(text)["input_ids"]
        rows = pipeline("feature-extraction", model)(text)[0]
        # end
        return {
            "tokens": len(tokens),
            "rows": len(rows),
            "width": len(rows[0]),
            "kind": type(rows[0]).__name__,
            "decoded": tokenizer.decode(tokens),
        }
