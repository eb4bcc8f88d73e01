"""LangGraph with checkpoints that the host keeps: :class:`LanggraphBridge` has the commands."""

from ._bridge import LanggraphBridge

__all__ = ["LanggraphBridge"]
