"""States of graphs as plain data for the host."""

from __future__ import annotations

import dataclasses
from collections import deque
from typing import Any

from langgraph.types import Interrupt
from pydantic import BaseModel


def plain(value: Any) -> Any:
    """Return a value without objects that Java has no form for.

    Messages and other pydantic models, dataclasses and named tuples become dicts, an interrupt one of ``id`` and
    ``value``, deques lists. All else stays, and the host says where it takes none of it.
    """
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if isinstance(value, Interrupt):
        return {"id": value.id, "value": plain(value.value)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return plain(value._asdict())
    if isinstance(value, (list, tuple, deque)):
        return [plain(each) for each in value]
    return value
