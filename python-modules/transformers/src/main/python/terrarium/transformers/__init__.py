"""The bridge of the package ``transformers``, whose models run in Java."""

from ._bridge import TransformersBridge

__all__ = ["TransformersBridge"]
