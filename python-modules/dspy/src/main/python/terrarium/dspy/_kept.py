"""What DSPy makes anew at each call although it comes out the same: made once and kept, or made with fewer steps.

DSPy's files stay as they are: names in its modules and classes are bound anew. What stands in for a function gives what
that gives, and hands it whatever it has no answer for.
"""

from __future__ import annotations

import functools
from contextlib import ContextDecorator
from importlib import import_module
from typing import Any

from dspy.adapters import decision, utils
from dspy.adapters.decision_state import DecisionState
from dspy.adapters.types.decision import Choice, Noul, Score
from dspy.clients import execution
from dspy.dsp.utils.settings import Settings, main_thread_config, thread_local_overrides
from dspy.dsp.utils.utils import dotdict
from dspy.predict import predict
from dspy.signatures.signature import SignatureMeta

from terrarium.bridge import kept

from . import _type_adapters

_openai_chat: Any = import_module("dspy._vendor.lm15.providers.openai_chat")

_FIELDS = "_terrarium_fields"

_serialize_for_json = utils.serialize_for_json
_check_encodable = execution._check_encodable
_request_from_openai_chat = execution.request_from_openai_chat
_resolve_adapter = decision.resolve_adapter
_fields_with_type = SignatureMeta._get_fields_with_type


def install() -> None:
    """Bind the names anew, unless the environment says otherwise."""
    if kept.allowed():
        for owner, name, _, stand_in in _BOUND:
            setattr(owner, name, stand_in)


def remove() -> None:
    """Bind what was bound before, and drop what was kept."""
    for owner, name, original, _ in _BOUND:
        setattr(owner, name, original)
    for cache in (_adapter_of_class, _decides_nothing, _default_dialect):
        cache.cache_clear()


def _kept_adapter(annotation: Any) -> Any:
    """Make one of each class. Other annotations can be equal and yet not the same: ``int | str`` and ``str | int``."""
    return _adapter_of_class(annotation) if isinstance(annotation, type) else _type_adapters.adapter_of(annotation)


@functools.lru_cache(maxsize=256)
def _adapter_of_class(cls: type) -> Any:
    return _type_adapters.adapter_of(cls)


def _plain_for_json(value: Any) -> Any:
    """Return what is JSON already as it is."""
    return value if type(value) in (str, int, bool) else _serialize_for_json(value)


def _kept_fields(cls: Any, field_type: str) -> dict[str, Any]:
    """Look the fields of a signature up, which change with ``model_rebuild`` alone; the dict is the caller's."""
    made_of = cls.__pydantic_fields__
    fields = cls.__dict__.get(_FIELDS)  # not what a base class keeps
    if fields is None or fields[0] is not made_of:
        fields = made_of, {kind: _fields_with_type(cls, kind) for kind in ("input", "output")}
        type.__setattr__(cls, _FIELDS, fields)
    return dict(fields[1][field_type])


def _fields_property(kind: str) -> property:
    def fields(cls: Any) -> dict[str, Any]:
        found = cls.__dict__.get(_FIELDS)
        kept_now = found is not None and found[0] is cls.__pydantic_fields__
        return dict(found[1][kind]) if kept_now else _kept_fields(cls, kind)

    return property(fields)


def _setting(_settings: Any, key: str, default: Any = None) -> Any:
    """Look a setting up by one call in place of three."""
    overrides = thread_local_overrides.get()
    if key in overrides:
        return overrides[key]
    return main_thread_config.get(key, default)


class _Overrides(ContextDecorator):
    """What ``settings.context`` returns, without a generator; for one ``with`` block, or to decorate a function."""

    def __init__(self, given: dict[str, Any]) -> None:
        self._given = given

    def _recreate_cm(self) -> _Overrides:
        return _Overrides(self._given)

    def __enter__(self) -> None:
        overrides = dotdict(main_thread_config)
        overrides.update(thread_local_overrides.get())
        overrides.update(self._given)
        del self._given  # as of a generator's context: there is no second time
        self._token = thread_local_overrides.set(overrides)

    def __exit__(self, *_: object) -> None:
        thread_local_overrides.reset(self._token)


def _context(_settings: Any, **given: Any) -> _Overrides:
    return _Overrides(given)


def _flat_check_encodable(value: Any, where: str) -> None:
    """Check texts of messages here, as far as they are the usual ones, and by DSPy what is not."""
    if type(value) is not list or not all(type(message) is dict for message in value):
        _check_encodable(value, where)
        return
    for message in value:
        for item in message.items():
            for text in item:
                if type(text) is not str or not text.isascii():
                    _check_encodable(text, where)


def _request(body: Any, *, compat: Any = None) -> Any:
    """Read a body of the default dialect without making that up first."""
    if compat is not None:
        return _request_from_openai_chat(body, compat=compat)
    return _openai_chat._ingest_openai_chat("openai-chat", body, _default_dialect())


@functools.lru_cache(maxsize=1)
def _default_dialect() -> Any:
    return _openai_chat.resolve_openai_chat_compat(_openai_chat.OpenAIChatCompat())


def _adapter(lm: Any, adapter: Any, signature: Any, fields: Any, declared_signature: Any = None) -> Any:
    """Return the adapter itself where nothing of the signature is a decision."""
    if fields == {} and getattr(lm, "supports_decision_requests", False) is not True and _decides_nothing(signature):
        return adapter
    return _resolve_adapter(lm, adapter, signature, fields, declared_signature)


@functools.lru_cache(maxsize=256)
def _decides_nothing(signature: Any) -> bool:
    return not DecisionState(signature, {}).types and not any(
        kind.extract_custom_type_from_annotation(field.rebuild_annotation())
        for field in signature.output_fields.values()
        for kind in (Noul, Choice, Score)
    )


#: Where a name is bound, the name, what it was, and what stands in for it.
_BOUND: tuple[tuple[Any, str, Any, Any], ...] = (
    (utils, "TypeAdapter", _type_adapters.adapter_of, _kept_adapter),
    (utils, "serialize_for_json", _serialize_for_json, _plain_for_json),
    (SignatureMeta, "_get_fields_with_type", _fields_with_type, _kept_fields),
    (SignatureMeta, "input_fields", SignatureMeta.__dict__["input_fields"], _fields_property("input")),
    (SignatureMeta, "output_fields", SignatureMeta.__dict__["output_fields"], _fields_property("output")),
    (Settings, "get", Settings.get, _setting),
    (Settings, "context", Settings.context, _context),
    (execution, "_check_encodable", _check_encodable, _flat_check_encodable),
    (execution, "request_from_openai_chat", _request_from_openai_chat, _request),
    (predict, "resolve_adapter", _resolve_adapter, _adapter),
)
