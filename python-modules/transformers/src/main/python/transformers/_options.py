"""Options that upstream has and this package lacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class NotSupportedError(NotImplementedError):
    """A task or an option of upstream's that is not supported here."""


def refuse(where: str, options: Mapping[str, Any], supported: str) -> None:
    """Raise NotSupportedError for the options that are given, that is not None."""
    given = sorted(name for name, value in options.items() if value is not None)
    if given:
        raise NotSupportedError(f"{where} does not support {', '.join(given)} here; supported: {supported}")
