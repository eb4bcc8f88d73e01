# ruff: noqa: A002 - the parameters have upstream's names
"""The UUID class and the generators, both over plain 128-bit integers."""

from __future__ import annotations

import builtins
import os
import re
import threading
import time
from typing import Any, Final, NoReturn, TypeVar, cast
from uuid import SafeUUID

__version__ = "0.19.0"

RESERVED_NCS: Final = "reserved for NCS compatibility"
RFC_4122: Final = "specified in RFC 4122"
RESERVED_MICROSOFT: Final = "reserved for Microsoft compatibility"
RESERVED_FUTURE: Final = "reserved for future definition"

_Self = TypeVar("_Self", bound="UUID")
_Fields = tuple[int, int, int, int, int, int]

_MASK_48: Final = (1 << 48) - 1
_MASK_128: Final = (1 << 128) - 1
_VARIANT_MASK: Final = 0xC000 << 48
_RFC_VARIANT: Final = 0x8000 << 48
_VERSION_MASK: Final = 0xF000 << 64
_VERSION_7: Final = 0x7000 << 64 | _RFC_VARIANT
# Ticks of 100 ns between the Gregorian epoch of versions 1 and 6 and the Unix epoch.
_GREGORIAN_OFFSET: Final = 0x01B21DD213814000
_TEXT_FORMS: Final = re.compile(
    r"[0-9a-fA-F]{32}"
    r"|(?:urn:uuid:)?[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
    r"|\{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\}"
)
_FIELD_BITS: Final = (32, 16, 16, 8, 8, 48)


class UUID:
    """An immutable, hashable, ordered UUID; it neither equals nor orders with ``uuid.UUID``.

    Exactly one of `hex` (32 digits; with hyphens, braces or ``urn:uuid:`` too), `bytes` (16, big-endian), `bytes_le`
    (16, the first three fields little-endian), `fields` (time_low, time_mid, time_hi_version, clock_seq_hi_variant,
    clock_seq_low, node) and `int` (0 to 2**128 - 1) must be given. `version` (1 to 8) overrides the version bits.

    Raises TypeError when none or several are given or one has the wrong type, ValueError for a badly formed value, and
    OverflowError for a number that does not fit its field.
    """

    __slots__ = ("_int",)
    _int: builtins.int

    def __new__(
        cls: type[_Self],
        hex: str | None = None,
        bytes: builtins.bytes | None = None,
        bytes_le: builtins.bytes | None = None,
        fields: _Fields | None = None,
        int: builtins.int | None = None,
        version: builtins.int | None = None,
    ) -> _Self:
        if [hex, bytes, bytes_le, fields, int].count(None) != 4:
            raise TypeError("one of the hex, bytes, bytes_le, fields, or int arguments must be given")
        if hex is not None:
            number = _parse(hex)
        elif bytes is not None:
            number = builtins.int.from_bytes(_sixteen(bytes), "big")
        elif bytes_le is not None:
            number = builtins.int.from_bytes(_swap(_sixteen(bytes_le)), "big")
        elif fields is not None:
            number = _pack(fields)
        else:
            number = _unsigned(cast("builtins.int", int), 128)
        if version is not None:
            number = _with_version(number, version)
        return _make(cls, number)

    @staticmethod
    def from_hex(hex: str) -> UUID:
        """Return the UUID that `hex` spells, in any form the constructor takes."""
        return UUID(hex=hex)

    @staticmethod
    def from_bytes(bytes: builtins.bytes) -> UUID:
        """Return the UUID of 16 big-endian bytes."""
        return UUID(bytes=bytes)

    @staticmethod
    def from_bytes_le(bytes: builtins.bytes) -> UUID:
        """Return the UUID of 16 bytes whose first three fields are little-endian."""
        return UUID(bytes_le=bytes)

    @staticmethod
    def from_fields(fields: _Fields) -> UUID:
        """Return the UUID of the six integer fields."""
        return UUID(fields=fields)

    @staticmethod
    def from_int(int: builtins.int) -> UUID:
        """Return the UUID of a 128-bit integer."""
        return UUID(int=int)

    def set_version(self, version: builtins.int) -> UUID:
        """Return a copy with other version bits; raises ValueError unless `version` is 1 to 8."""
        return _make(UUID, _with_version(self._int, version))

    @property
    def int(self) -> builtins.int:
        """The UUID as a 128-bit integer."""
        return self._int

    @property
    def bytes(self) -> builtins.bytes:
        """The 16 bytes, big-endian."""
        return self._int.to_bytes(16, "big")

    @property
    def bytes_le(self) -> builtins.bytes:
        """The 16 bytes, the first three fields little-endian."""
        return _swap(self.bytes)

    @property
    def hex(self) -> str:
        """The 32 hexadecimal digits, lower case."""
        return f"{self._int:032x}"

    @property
    def urn(self) -> str:
        """The UUID as a URN of RFC 4122."""
        return f"urn:uuid:{self}"

    @property
    def fields(self) -> _Fields:
        """time_low, time_mid, time_hi_version, clock_seq_hi_variant, clock_seq_low, node."""
        return (
            self.time_low,
            self.time_mid,
            self.time_hi_version,
            self.clock_seq_hi_variant,
            self.clock_seq_low,
            self.node,
        )

    @property
    def time_low(self) -> builtins.int:
        """The first 32 bits."""
        return self._int >> 96

    @property
    def time_mid(self) -> builtins.int:
        """The next 16 bits."""
        return (self._int >> 80) & 0xFFFF

    @property
    def time_hi_version(self) -> builtins.int:
        """The next 16 bits, the version among them."""
        return (self._int >> 64) & 0xFFFF

    @property
    def clock_seq_hi_variant(self) -> builtins.int:
        """The next 8 bits, the variant among them."""
        return (self._int >> 56) & 0xFF

    @property
    def clock_seq_low(self) -> builtins.int:
        """The next 8 bits."""
        return (self._int >> 48) & 0xFF

    @property
    def clock_seq(self) -> builtins.int:
        """The 14-bit sequence number."""
        return (self._int >> 48) & 0x3FFF

    @property
    def node(self) -> builtins.int:
        """The last 48 bits."""
        return self._int & _MASK_48

    @property
    def time(self) -> builtins.int:
        """Version 7: milliseconds since the Unix epoch; else the 60-bit count of 100 ns since 1582-10-15."""
        if self.version == 7:
            return self._int >> 80
        if self.version == 6:
            return self.time_low << 28 | self.time_mid << 12 | (self.time_hi_version & 0x0FFF)
        return (self.time_hi_version & 0x0FFF) << 48 | self.time_mid << 32 | self.time_low

    @property
    def timestamp(self) -> builtins.int:
        """Milliseconds since the Unix epoch; raises ValueError unless the version bits are 1, 6 or 7."""
        bits = (self._int >> 76) & 0xF
        if bits == 7:
            return self._int >> 80
        if bits == 6:
            ticks = self.time_low << 28 | self.time_mid << 12 | (self.time_hi_version & 0x0FFF)
        elif bits == 1:
            ticks = (self.time_hi_version & 0x0FFF) << 48 | self.time_mid << 32 | self.time_low
        else:
            raise ValueError("UUID version should be one of (v1, v6 or v7).")
        return (ticks - _GREGORIAN_OFFSET) // 10_000

    @property
    def variant(self) -> str:
        """One of the constants RESERVED_NCS, RFC_4122, RESERVED_MICROSOFT and RESERVED_FUTURE."""
        top = self.clock_seq_hi_variant
        if not top & 0x80:
            return RESERVED_NCS
        if not top & 0x40:
            return RFC_4122
        return RESERVED_FUTURE if top & 0x20 else RESERVED_MICROSOFT

    @property
    def version(self) -> builtins.int | None:
        """The version number, or None unless the variant is RFC_4122."""
        return (self._int >> 76) & 0xF if self._int & _VARIANT_MASK == _RFC_VARIANT else None

    @property
    def is_safe(self) -> SafeUUID:
        """Always ``SafeUUID.unknown``."""
        return SafeUUID.unknown

    def __int__(self) -> builtins.int:
        return self._int

    def __str__(self) -> str:
        digits = self.hex
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def __repr__(self) -> str:
        return f"UUID('{self}')"

    def __hash__(self) -> builtins.int:
        return hash(self._int)

    def __eq__(self, other: object) -> bool:
        return self._int == other._int if isinstance(other, UUID) else NotImplemented

    def __lt__(self, other: UUID) -> bool:
        return self._int < other._int if isinstance(other, UUID) else NotImplemented

    def __le__(self, other: UUID) -> bool:
        return self._int <= other._int if isinstance(other, UUID) else NotImplemented

    def __gt__(self, other: UUID) -> bool:
        return self._int > other._int if isinstance(other, UUID) else NotImplemented

    def __ge__(self, other: UUID) -> bool:
        return self._int >= other._int if isinstance(other, UUID) else NotImplemented

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise TypeError("UUID objects are immutable")

    def __delattr__(self, name: str) -> NoReturn:
        raise TypeError("UUID objects are immutable")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self),)

    def __copy__(self: _Self) -> _Self:
        return self

    def __deepcopy__(self: _Self, memo: dict[builtins.int, Any]) -> _Self:
        return self


UUID.__module__ = "uuid_utils"


def _make(cls: type[_Self], number: int) -> _Self:
    made = object.__new__(cls)
    object.__setattr__(made, "_int", number)
    return made


def _parse(text: str) -> int:
    if not isinstance(text, str):
        raise TypeError(f"'{type(text).__name__}' object is not an instance of 'str'")
    if _TEXT_FORMS.fullmatch(text) is None:
        raise ValueError("badly formed hexadecimal UUID string")
    return int(text.removeprefix("urn:uuid:").strip("{}").replace("-", ""), 16)


def _sixteen(value: bytes) -> bytes:
    if not isinstance(value, bytes):
        raise TypeError(f"'{type(value).__name__}' object is not an instance of 'bytes'")
    if len(value) != 16:
        raise ValueError(f"expected a sequence of length 16 (got {len(value)})")
    return value


def _swap(value: bytes) -> bytes:
    return value[3::-1] + value[5:3:-1] + value[7:5:-1] + value[8:]


def _pack(fields: _Fields) -> int:
    if not isinstance(fields, tuple):
        raise TypeError(f"'{type(fields).__name__}' object is not an instance of 'tuple'")
    if len(fields) != 6:
        raise ValueError(f"expected tuple of length 6, but got tuple of length {len(fields)}")
    number = 0
    for position, (value, bits) in enumerate(zip(fields, _FIELD_BITS, strict=True)):
        if position == 5 and _unsigned(value, 64) >= 1 << 48:
            raise ValueError("field 6 out of range (need a 48-bit value)")
        number = number << bits | _unsigned(value, bits)
    return number


def _unsigned(value: int, bits: int) -> int:
    if not hasattr(value, "__index__"):
        raise TypeError(f"'{type(value).__name__}' object cannot be interpreted as an integer")
    number = value.__index__()
    if number < 0:
        raise OverflowError("can't convert negative int to unsigned")
    if number >> bits:
        raise OverflowError("int too big to convert")
    return number


def _with_version(number: int, version: int) -> int:
    if not 1 <= _unsigned(version, 8) <= 8:
        raise ValueError("illegal version number.")
    return number & ~_VERSION_MASK | version << 76


def _tagged(number: int, version: int) -> int:
    """Return `number` with the version and the variant of RFC 9562 put in."""
    return number & ~(_VERSION_MASK | _VARIANT_MASK) | version << 76 | _RFC_VARIANT


def _random(bits: int) -> int:
    return int.from_bytes(os.urandom((bits + 7) // 8), "big") & ((1 << bits) - 1)


class _Ticks:
    """Hands out (tick, sequence) pairs that never repeat and, while the clock does not step back, always grow.

    The sequence starts at a random value in the lower half of its range at each new tick and is counted up within it;
    when it runs over, the next tick is borrowed from the future.
    """

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._lock = threading.Lock()
        self._tick = -1
        self._sequence = 0

    def next(self, now: int) -> tuple[int, int]:
        with self._lock:
            if now > self._tick:
                self._tick, self._sequence = now, _random(self._bits - 1)
            else:
                self._sequence += 1
                if self._sequence >> self._bits:
                    self._tick, self._sequence = self._tick + 1, _random(self._bits - 1)
            return self._tick, self._sequence


_gregorian = _Ticks(14)
_milliseconds = _Ticks(42)


def _gregorian_now() -> tuple[int, int]:
    return _gregorian.next(time.time_ns() // 100 + _GREGORIAN_OFFSET)


def _node(node: int | None) -> int:
    return getnode() if node is None else _unsigned(node, 64) & _MASK_48


def _version1_int(node: int | None, clock_seq: int | None) -> int:
    ticks, sequence = _gregorian_now()
    if clock_seq is not None:
        sequence = _unsigned(clock_seq, 64) & 0x3FFF
    number = (ticks & 0xFFFFFFFF) << 96 | (ticks >> 32 & 0xFFFF) << 80 | (ticks >> 48 & 0x0FFF) << 64
    return _tagged(number | sequence << 48 | _node(node), 1)


def _version6_int(node: int | None, timestamp: int | None, nanos: int | None) -> int:
    if timestamp is None:
        ticks, sequence = _gregorian_now()
    else:
        ticks = _unsigned(timestamp, 64) * 10_000_000 + _nanos(nanos) // 100 + _GREGORIAN_OFFSET
        sequence = _random(14)
    number = (ticks >> 12 & _MASK_48) << 80 | (ticks & 0x0FFF) << 64
    return _tagged(number | sequence << 48 | _node(node), 6)


def _uuid4_int() -> int:
    return _tagged(_random(128), 4)


def _uuid7_int(timestamp: int | None = None, nanos: int | None = None) -> int:
    if timestamp is None:
        millis, counter = _milliseconds.next(time.time_ns() // 1_000_000)
        low = (counter & 0x3FFFFFFF) << 32 | int.from_bytes(os.urandom(4), "big")
        return (millis & _MASK_48) << 80 | counter >> 30 << 64 | low | _VERSION_7
    millis = _unsigned(timestamp, 64) * 1000 + _nanos(nanos) // 1_000_000
    return _tagged((millis & _MASK_48) << 80 | _random(80), 7)


def _nanos(nanos: int | None) -> int:
    return 0 if nanos is None else _unsigned(nanos, 32)


def _hashed(algorithm: str, version: int, namespace: UUID, name: str | bytes) -> UUID:
    if not isinstance(namespace, UUID):
        raise TypeError(f"'{type(namespace).__name__}' object is not an instance of 'UUID'")
    if not isinstance(name, (str, bytes)):
        raise TypeError(f"name must be str or bytes, not '{type(name).__name__}'")
    import hashlib

    data = namespace.bytes + (name.encode() if isinstance(name, str) else name)
    digest = hashlib.new(algorithm, data, usedforsecurity=False).digest()
    return _make(UUID, _tagged(int.from_bytes(digest[:16], "big"), version))


def uuid1(node: int | None = None, clock_seq: int | None = None) -> UUID:
    """Return a UUID of the current time, the host and a sequence number (14 bits; by default counted)."""
    return _make(UUID, _version1_int(node, clock_seq))


def uuid3(namespace: UUID, name: str | bytes) -> UUID:
    """Return the UUID of the MD5 hash of `namespace` and `name`."""
    return _hashed("md5", 3, namespace, name)


def uuid4() -> UUID:
    """Return a random UUID."""
    return _make(UUID, _uuid4_int())


def uuid5(namespace: UUID, name: str | bytes) -> UUID:
    """Return the UUID of the SHA-1 hash of `namespace` and `name`."""
    return _hashed("sha1", 5, namespace, name)


def uuid6(node: int | None = None, timestamp: int | None = None, nanos: int | None = None) -> UUID:
    """Return a version 1 UUID with its time sortable; `timestamp` in seconds and `nanos` replace the current time."""
    return _make(UUID, _version6_int(node, timestamp, nanos))


def uuid7(timestamp: int | None = None, nanos: int | None = None) -> UUID:
    """Return a UUID of Unix milliseconds and random bits.

    Without `timestamp` (seconds, with `nanos` on top) it is the current time, and UUIDs of one process grow strictly.
    """
    return _make(UUID, _uuid7_int(timestamp, nanos))


def uuid8(bytes: builtins.bytes) -> UUID:
    """Return the 16 `bytes` as a custom UUID, with the version and variant bits put in."""
    return _make(UUID, _tagged(int.from_bytes(_sixteen(bytes), "big"), 8))


def reseed_rng() -> None:
    """Do nothing: every UUID takes its random bits from the operating system."""


_known_node = 0


def getnode() -> int:
    """Return the 48-bit hardware address, a globally administered one if there is any, or a random one.

    A random address has its multicast bit set (RFC 9562, section 6.10). The answer stays the same for the process.
    """
    global _known_node
    if not _known_node:
        addresses = _hardware_addresses()
        universal = [address for address in addresses if not address & 1 << 41]
        _known_node = (universal or addresses or [_random(48) | 1 << 40])[0]
    return _known_node


def _hardware_addresses() -> list[int]:
    """Return the addresses of the network interfaces, as far as Linux tells them by files; else none."""
    found = []
    try:
        for interface in sorted(os.listdir("/sys/class/net")):
            with open(f"/sys/class/net/{interface}/address", encoding="ascii") as file:
                digits = file.read().strip().replace(":", "")
            if len(digits) == 12 and int(digits, 16):
                found.append(int(digits, 16))
    except (OSError, ValueError):
        pass
    return found


NAMESPACE_DNS: Final = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
NAMESPACE_URL: Final = UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")
NAMESPACE_OID: Final = UUID("6ba7b812-9dad-11d1-80b4-00c04fd430c8")
NAMESPACE_X500: Final = UUID("6ba7b814-9dad-11d1-80b4-00c04fd430c8")
NIL: Final = UUID(int=0)
MAX: Final = UUID(int=_MASK_128)
