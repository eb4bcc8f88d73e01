"""LangChain on the host's language models.

:class:`LangchainBridge` has the commands. :class:`HostChatModel` is the chat model behind them, for chains made in
Python; it is imported, and langchain-core with it, when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._bridge import LangchainBridge

if TYPE_CHECKING:
    from ._model import HostChatModel

__all__ = ["HostChatModel", "LangchainBridge"]


def __getattr__(name: str) -> Any:
    if name == "HostChatModel":
        from . import _setup

        _setup.prepare()
        from ._model import HostChatModel

        return HostChatModel
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
