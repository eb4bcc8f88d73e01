"""What a call of a program sent to the host's language models, and what came back, as results tell of it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Exchange(NamedTuple):
    """One request to the host's model and its answer, both as the host knows them.

    ``asker`` is the name of the program's part that asked, where that is recorded.
    """

    request: dict[str, Any]
    response: dict[str, Any]
    asker: str | None = None


def usage(exchanges: list[Exchange]) -> dict[str, Any]:
    """Return ``calls``, ``prompt_tokens``, ``completion_tokens`` and ``seconds`` of all exchanges together."""
    prompt_tokens, completion_tokens, seconds = 0, 0, 0.0
    for exchange in exchanges:
        response = exchange.response
        prompt_tokens += response.get("prompt_tokens") or 0
        completion_tokens += response.get("completion_tokens") or 0
        seconds += response.get("seconds") or 0.0
    return {
        "calls": len(exchanges),
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "seconds": seconds,
    }


def last(exchanges: list[Exchange]) -> dict[str, Any]:
    """Return ``messages``, ``response``, ``finish_reason`` and ``model`` of the last one; no messages and None without.

    A call has none when its answer came from a cache.
    """
    request, response, _ = exchanges[-1] if exchanges else Exchange({"messages": []}, {})
    return {
        "messages": request["messages"],
        "response": response.get("text"),
        "finish_reason": response.get("finish_reason"),
        "model": response.get("model"),
    }


def each(exchanges: list[Exchange]) -> list[dict[str, Any]]:
    """Return what :func:`last` has of each exchange, with its ``usage`` and ``asker``."""
    return [{**last([exchange]), "usage": usage([exchange]), "asker": exchange.asker} for exchange in exchanges]
