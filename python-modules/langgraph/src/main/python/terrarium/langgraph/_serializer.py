"""From states of graphs to bytes and back: LangGraph's own serializer, which makes nothing but data of them."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from enum import Enum
from typing import Any

from langgraph.checkpoint.serde._msgpack import SAFE_MSGPACK_METHODS, SAFE_MSGPACK_TYPES
from langgraph.checkpoint.serde.jsonplus import (
    EXT_CONSTRUCTOR_KW_ARGS,
    EXT_CONSTRUCTOR_POS_ARGS,
    EXT_CONSTRUCTOR_SINGLE_ARG,
    EXT_DELTA_SNAPSHOT,
    EXT_METHOD_SINGLE_ARG,
    EXT_NUMPY_ARRAY,
    EXT_PYDANTIC_V1,
    EXT_PYDANTIC_V2,
    JsonPlusSerializer,
)
from pydantic import BaseModel

import ormsgpack
from terrarium.bridge.sources import SourcePackage

from ._errors import CheckpointError

_FORMATS = ("null", "bytes", "bytearray", "msgpack")
_OF_CLASSES = (
    EXT_CONSTRUCTOR_SINGLE_ARG,
    EXT_CONSTRUCTOR_POS_ARGS,
    EXT_CONSTRUCTOR_KW_ARGS,
    EXT_PYDANTIC_V1,
    EXT_PYDANTIC_V2,
)
_OPTION = ormsgpack.OPT_NON_STR_KEYS

#: Module and name of a class.
ClassName = tuple[str, str]


class Serializer(JsonPlusSerializer):
    """LangGraph's serializer in its strict mode: msgpack only, and no class but those that a graph's data is of.

    These are LangGraph's own list of classes that are safe (dates, UUIDs, decimals, sets, messages and such), those of
    the graph's schemas, and of the user's code the dataclasses, pydantic models, named tuples and enums. The user's
    module has its own name in the bytes, such as ``orders``, whichever name this context has for it.

    Any other class raises CheckpointError, when it is written and when it is read: LangGraph alone would read it as a
    dict.
    """

    def __init__(self, package: SourcePackage, name: str, of_schemas: set[tuple[str, ...]]) -> None:
        """Serialize for a graph of ``package``, whose name in the user's words is ``name``."""
        super().__init__(
            pickle_fallback=False,
            allowed_json_modules=None,
            allowed_msgpack_modules=SAFE_MSGPACK_TYPES | of_schemas,
        )
        self._package = package.name
        self._name = name

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Return format and bytes of a value; raises CheckpointError for one that could not be read again."""
        try:
            form, data = super().dumps_typed(obj)
        except ormsgpack.MsgpackEncodeError as error:
            raise CheckpointError(f"the state holds what cannot be kept: {error}") from error
        return form, self._checked(data, self._stored) if form == "msgpack" else bytes(data)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Return the value of format and bytes; raises CheckpointError."""
        form, content = data
        if form not in _FORMATS:
            raise CheckpointError(f"its format is {form!r}; this serializer reads {', '.join(_FORMATS)}")
        if form != "msgpack":
            return super().loads_typed(data)
        try:
            return super().loads_typed((form, self._checked(content, self._known)))
        except ormsgpack.MsgpackDecodeError as error:
            raise CheckpointError(f"its bytes are damaged: {error}") from error

    def _checked(self, data: bytes, rename: Callable[[ClassName], ClassName]) -> bytes:
        """Return the bytes with other names of classes, all of which may be there."""

        def part(code: int, content: bytes) -> ormsgpack.Ext:
            if code == EXT_NUMPY_ARRAY:
                return ormsgpack.Ext(code, content)
            if code not in (*_OF_CLASSES, EXT_METHOD_SINGLE_ARG, EXT_DELTA_SNAPSHOT):
                raise CheckpointError(f"it has a value of an unknown kind ({code})")
            inner = ormsgpack.unpackb(content, ext_hook=part, option=_OPTION)
            if code != EXT_DELTA_SNAPSHOT:
                inner = _renamed(code, inner, rename)
            return ormsgpack.Ext(code, ormsgpack.packb(inner, option=_OPTION))

        return ormsgpack.packb(ormsgpack.unpackb(data, ext_hook=part, option=_OPTION), option=_OPTION)

    def _stored(self, found: ClassName) -> ClassName:
        module, name = found
        if _is_of(module, self._package):
            self._check_data(found, found)
            return self._name + module.removeprefix(self._package), name
        return self._allowed(found)

    def _known(self, found: ClassName) -> ClassName:
        module, name = found
        if found not in self._classes() and _is_of(module, self._name):
            known = self._package + module.removeprefix(self._name), name
            self._check_data(known, found)
            self._classes().add(known)
            return known
        return self._allowed(found)

    def _allowed(self, found: ClassName) -> ClassName:
        if found not in self._classes():
            raise CheckpointError(
                f"it holds a value of {'.'.join(found)}, which checkpoints of this graph may not: name the class in the"
                f" state's schema, or define it in {self._name} as a dataclass, pydantic model, named tuple or enum"
            )
        return found

    def _classes(self) -> set[tuple[str, ...]]:
        classes: Any = self._allowed_msgpack_modules  # the very set that upstream looks into
        names: set[tuple[str, ...]] = classes
        return names

    def _check_data(self, known: ClassName, shown: ClassName) -> None:
        module, name = known
        try:
            cls = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            raise CheckpointError(
                f"it holds a value of {'.'.join(shown)}, which is not, or no longer, a class of the graph's code"
            ) from None
        if not _is_data(cls) or cls.__module__ != module:
            raise CheckpointError(
                f"it holds a value of {'.'.join(shown)}, which is neither a dataclass, nor a pydantic model,"
                " named tuple or enum"
            )


def _renamed(code: int, inner: Any, rename: Callable[[ClassName], ClassName]) -> list[Any]:
    """Return what is called with which values, ``[module, name, values, ...]``, with another name of the class."""
    if not (isinstance(inner, list) and len(inner) > 2 and all(isinstance(each, str) for each in inner[:2])):
        raise CheckpointError("its bytes are damaged: there is no class where one should be")
    module, name, *rest = inner
    module = _public(module, name)
    if code != EXT_METHOD_SINGLE_ARG:
        return [*rename((module, name)), *rest]
    if (module, name, str(rest[-1])) not in SAFE_MSGPACK_METHODS:
        raise CheckpointError(f"it calls {module}.{name}.{rest[-1]}, which checkpoints may not")
    return [module, name, *rest]


def _public(module: str, name: str) -> str:
    """Return the module that programs import a class from.

    On GraalPy 25.0 dates are of ``_pydatetime``, where LangGraph looks for ``datetime``.
    """
    public = module.removeprefix("_py")
    return public if (public, name) in SAFE_MSGPACK_TYPES else module


def _is_of(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _is_data(cls: Any) -> bool:
    return isinstance(cls, type) and (
        dataclasses.is_dataclass(cls) or issubclass(cls, (BaseModel, Enum)) or hasattr(cls, "_asdict")
    )
