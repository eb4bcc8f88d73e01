"""Options of DSPy programs and calls: those of a language model, and the adapter."""

from __future__ import annotations

from typing import Any

from terrarium.bridge import options

ADAPTERS = ("json", "chat", "auto", "xml", "two_step", "baml")

_CHECKS: dict[str, options.Check] = {
    **options.MODEL_OPTIONS,
    "extraction_model": options.MODEL_OPTIONS["model"],
    "adapter": (lambda v: v in ADAPTERS, f"one of {', '.join(ADAPTERS)}"),
}

#: What reaches the language model, as DSPy calls it too.
GENERATION = ("temperature", "max_tokens", "seed", "stop")


def checked(given: Any, path: str = "options") -> dict[str, Any]:
    """Return the options that are set; raises SpecError for one that does not exist or is out of range."""
    return options.checked(given, path, _CHECKS)
