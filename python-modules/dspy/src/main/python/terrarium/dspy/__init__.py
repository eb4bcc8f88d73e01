"""DSPy behind Terrarium's bridge contract; DSPy itself is imported with the first command."""

from ._bridge import DspyBridge

__all__ = ["DspyBridge"]
