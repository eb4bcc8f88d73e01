"""Pipelines that write texts."""

from __future__ import annotations

from typing import Any

from terrarium.bridge import host

from ._base import Pipeline, known_options
from ._options import NotSupportedError


class TextGenerationPipeline(Pipeline):
    """What a language model answers in a chat: ``[{"generated_text": [*chat, answer]}]``.

    The answer is a message, ``{"role": "assistant", "content": str}``; with ``return_full_text=False`` the generated
    text is its content alone. The model is one of the engine's, by its name; without a name it is the default one. A
    text that is no chat is refused: the engine's models answer, and do not continue a text.
    """

    task = "text-generation"

    def __call__(self, inputs: Any = None, *args: Any, **options: Any) -> Any:
        """Answer a chat, a list of ``{"role": str, "content": str}``, or each of several chats."""
        if isinstance(inputs, (list, tuple)) and any(isinstance(each, dict) for each in inputs):
            return super().__call__([list(inputs)], *args, **options)[0]
        return super().__call__(inputs, *args, **options)

    def _checked(self, options: dict[str, Any]) -> dict[str, Any]:
        names = ("max_new_tokens", "temperature", "top_p", "do_sample", "return_full_text")
        return known_options(self.task, options, *names)

    def _run(self, inputs: list[Any], options: dict[str, Any]) -> list[Any]:
        return [self._answer(_messages(chat), options) for chat in inputs]

    def _answer(self, chat: list[dict[str, str]], options: dict[str, Any]) -> list[dict[str, Any]]:
        sampling = options.get("do_sample") is not False
        request = {
            "model": self.model or None,
            "messages": chat,
            "max_tokens": options.get("max_new_tokens"),
            "temperature": _number(options.get("temperature")) if sampling else 0.0,
            "top_p": _number(options.get("top_p")) if sampling else None,
        }
        answer = host.call("model.generate", request)["text"]
        if options.get("return_full_text") is False:
            return [{"generated_text": answer}]
        return [{"generated_text": [*chat, {"role": "assistant", "content": answer}]}]


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _messages(chat: Any) -> list[dict[str, str]]:
    if isinstance(chat, str):
        raise NotSupportedError(
            'text-generation does not continue a text here: give a chat, as [{"role": "user", "content": "..."}]'
        )
    if not isinstance(chat, (list, tuple)) or not chat:
        raise ValueError("a chat is a list of messages, of at least one")
    for message in chat:
        if not isinstance(message, dict) or message.keys() != {"role", "content"}:
            raise ValueError("When passing chat dicts as input, each dict must have a 'role' and 'content' key.")
        if not all(isinstance(each, str) for each in message.values()):
            raise NotSupportedError("text-generation takes messages of text alone here")
    if chat[-1]["role"] == "assistant":
        raise NotSupportedError("text-generation does not continue the assistant's message here: end with the user's")
    return list(chat)
