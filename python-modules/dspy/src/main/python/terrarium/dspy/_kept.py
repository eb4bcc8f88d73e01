"""What DSPy makes anew at each call although it comes out the same, made once and kept.

DSPy's files stay as they are: two of its names are bound anew.
"""

from __future__ import annotations

import functools
from typing import Any

import pydantic
from dspy.adapters import utils
from dspy.signatures.signature import SignatureMeta

from terrarium.bridge import kept

_FIELDS = "_terrarium_fields"

_type_adapter = utils.TypeAdapter
_fields_with_type = SignatureMeta._get_fields_with_type


def install() -> None:
    """Keep them from now on, unless the environment says otherwise."""
    if kept.allowed():
        utils.TypeAdapter = _kept_adapter
        SignatureMeta._get_fields_with_type = _kept_fields


def remove() -> None:
    """Leave DSPy as it was, and drop what was kept."""
    utils.TypeAdapter = _type_adapter
    SignatureMeta._get_fields_with_type = _fields_with_type
    _adapter_of_class.cache_clear()


def _kept_adapter(annotation: Any) -> pydantic.TypeAdapter[Any]:
    """Make one of each class. Other annotations can be equal and yet not the same: ``int | str`` and ``str | int``."""
    made: pydantic.TypeAdapter[Any] = (
        _adapter_of_class(annotation) if isinstance(annotation, type) else _type_adapter(annotation)
    )
    return made


@functools.lru_cache(maxsize=256)
def _adapter_of_class(cls: type) -> Any:
    return _type_adapter(cls)


def _kept_fields(cls: Any, field_type: str) -> dict[str, Any]:
    """Look the fields of a signature up, which nothing changes once its class is made; the dict is the caller's."""
    fields = cls.__dict__.get(_FIELDS)  # not what a base class keeps
    if fields is None:
        fields = {kind: _fields_with_type(cls, kind) for kind in ("input", "output")}
        type.__setattr__(cls, _FIELDS, fields)
    return dict(fields[field_type])
