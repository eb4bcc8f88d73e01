"""The builtins as they were before any code of users ran, which may replace them.

What reports an error has to work while the interpreter is broken: a handler that sets ``builtins.str = None`` and then
raises is told by what it raised.
"""

from __future__ import annotations

import builtins
from typing import Any

_KEPT = {name: value for name, value in vars(builtins).items() if not name.startswith("_")}


def keep(namespace: dict[str, Any]) -> None:
    """Bind all builtins in a module's own namespace, ``globals()``, so that it never looks one up again."""
    namespace.update({name: value for name, value in _KEPT.items() if name not in namespace})
