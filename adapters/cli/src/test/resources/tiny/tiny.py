"""A framework that passes questions to the host's language model."""

from collections.abc import Iterator
from typing import Any

from terrarium.bridge import BaseBridge, handler, host


# guide: questions
class Tiny(BaseBridge):
    framework = "tiny"

    @handler
    def answer(self, question: str, max_tokens: int) -> str:
        return host.call("model.generate", request(question, max_tokens))["text"]

    @handler
    def pieces(self, question: str, max_tokens: int) -> Iterator[str]:
        for piece in host.stream_model(request(question, max_tokens)):
            if isinstance(piece, str):  # and last the whole answer
                yield piece


def request(question: str, max_tokens: int) -> dict[str, Any]:
    messages = [{"role": "user", "content": question}]
    return {"messages": messages, "temperature": 0.0, "max_tokens": max_tokens}


# end
