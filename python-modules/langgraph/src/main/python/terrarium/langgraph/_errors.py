"""The exceptions of LangGraph's bridge that are not the fault of an argument."""

from __future__ import annotations

from terrarium.bridge import BridgeError


class CheckpointError(BridgeError):
    """A checkpoint cannot be written or read, for what it holds."""
