"""The adapters that few programs ask for: XML, BAML, and two steps."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import dspy
from dspy.adapters.baml_adapter import BAMLAdapter

from ._adapters import HostChatAdapter, SchemaJsonAdapter, _HostAdapter
from ._cut import TruncatedParseError
from ._model import cut_off, mark_whole

_two_step_module: Any = import_module("dspy.adapters.two_step_adapter")


def install() -> None:
    """Make DSPy's two-step adapter extract by the chat adapter of here."""
    _two_step_module.ChatAdapter = HostChatAdapter


def remove() -> None:
    """Restore DSPy's adapter."""
    _two_step_module.ChatAdapter = dspy.ChatAdapter


class HostXmlAdapter(_HostAdapter, dspy.XMLAdapter):
    """The XML adapter, which never asks for JSON. No schema constrains the answer: it is no JSON."""

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """Return the outputs by name; raises AdapterParseError when there is no way to read them."""
        fields: dict[str, Any] = super().parse(signature, completion)
        cut = cut_off(completion)
        if cut is not None:  # all elements are closed
            mark_whole(cut)
        return fields


class SchemaBamlAdapter(SchemaJsonAdapter, BAMLAdapter):
    """The JSON adapter whose prompt describes records in BAML's form; answers keep to the same schema."""


class HostTwoStepAdapter(_HostAdapter, dspy.TwoStepAdapter):
    """The two-step adapter: a first answer in any form, of which a second model extracts the outputs, in chat form.

    A first answer that was cut off is an error, since what is missing in it cannot be extracted.
    """

    def __init__(self, extraction_model: dspy.LM | None = None) -> None:
        """Extract by that model, or by the one of the moment."""
        super().__init__(extraction_model or dspy.settings.lm)

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """Return the outputs by name; raises AdapterParseError when there is no way to read them."""
        cut = cut_off(completion)
        if cut is not None:
            raise TruncatedParseError(cut, dspy.AdapterParseError("TwoStepAdapter", signature, completion))
        fields: dict[str, Any] = super().parse(signature, completion)
        return fields
