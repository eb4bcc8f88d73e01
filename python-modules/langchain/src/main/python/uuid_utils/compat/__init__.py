# ruff: noqa: A002 - the parameters have upstream's names
"""The generators of :mod:`uuid_utils`, returning ``uuid.UUID`` of the standard library."""

from __future__ import annotations

import builtins
from uuid import (
    NAMESPACE_DNS,
    NAMESPACE_OID,
    NAMESPACE_URL,
    NAMESPACE_X500,
    RESERVED_FUTURE,
    RESERVED_MICROSOFT,
    RESERVED_NCS,
    RFC_4122,
    UUID,
    SafeUUID,
)

from uuid_utils import _uuid_utils as _native
from uuid_utils._uuid_utils import __version__, getnode

NIL = UUID(int=0)
MAX = UUID(int=(1 << 128) - 1)

_UNKNOWN = SafeUUID.unknown


def uuid1(node: int | None = None, clock_seq: int | None = None) -> UUID:
    """Return a UUID of the current time, the host and a sequence number (14 bits; by default counted)."""
    return _made(_native._version1_int(node, clock_seq))


def uuid3(namespace: UUID, name: str | bytes) -> UUID:
    """Return the UUID of the MD5 hash of `namespace` and `name`."""
    return _made(_native.uuid3(_own(namespace), name).int)


def uuid4() -> UUID:
    """Return a random UUID."""
    return _made(_native._uuid4_int())


def uuid5(namespace: UUID, name: str | bytes) -> UUID:
    """Return the UUID of the SHA-1 hash of `namespace` and `name`."""
    return _made(_native.uuid5(_own(namespace), name).int)


def uuid6(node: int | None = None, timestamp: int | None = None) -> UUID:
    """Return a version 1 UUID with its time sortable; `timestamp` in seconds replaces the current time."""
    return _made(_native._version6_int(node, timestamp, None))


def uuid7(timestamp: int | None = None, nanos: int | None = None) -> UUID:
    """Return a UUID of Unix milliseconds and random bits; see :func:`uuid_utils.uuid7`."""
    return _made(_native._uuid7_int(timestamp, nanos))


def uuid8(bytes: builtins.bytes) -> UUID:
    """Return the 16 `bytes` as a custom UUID, with the version and variant bits put in."""
    return _made(_native.uuid8(bytes).int)


def _made(number: int) -> UUID:
    """Return the UUID of a number that has 128 bits, which the constructor would look at."""
    made = object.__new__(UUID)
    object.__setattr__(made, "int", number)
    object.__setattr__(made, "is_safe", _UNKNOWN)
    return made


def _own(namespace: UUID) -> _native.UUID:
    return _native.UUID(getattr(namespace, "hex", None))


__all__ = [
    "MAX",
    "NAMESPACE_DNS",
    "NAMESPACE_OID",
    "NAMESPACE_URL",
    "NAMESPACE_X500",
    "NIL",
    "RESERVED_FUTURE",
    "RESERVED_MICROSOFT",
    "RESERVED_NCS",
    "RFC_4122",
    "UUID",
    "SafeUUID",
    "__version__",
    "getnode",
    "uuid1",
    "uuid3",
    "uuid4",
    "uuid5",
    "uuid6",
    "uuid7",
    "uuid8",
]
