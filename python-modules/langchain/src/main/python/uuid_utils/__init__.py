"""Stand-in for the `uuid-utils` package, which has no GraalPy wheel.

Same names, results and errors as uuid-utils 0.19.0, in plain Python: a :class:`UUID` of its own that is not
``uuid.UUID``, the generators of versions 1 and 3 to 8, and :mod:`uuid_utils.compat`, whose functions return
``uuid.UUID``. Two things differ by design. Randomness comes from ``os.urandom``, so a fork needs no reseeding
and :func:`reseed_rng` has nothing to do. And :func:`getnode` reads the machine's network interfaces from the
file system and never starts a process.

All functions may be called from any thread.
"""

from uuid import SafeUUID

from ._uuid_utils import (
    MAX,
    NAMESPACE_DNS,
    NAMESPACE_OID,
    NAMESPACE_URL,
    NAMESPACE_X500,
    NIL,
    RESERVED_FUTURE,
    RESERVED_MICROSOFT,
    RESERVED_NCS,
    RFC_4122,
    UUID,
    __version__,
    getnode,
    reseed_rng,
    uuid1,
    uuid3,
    uuid4,
    uuid5,
    uuid6,
    uuid7,
    uuid8,
)

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
    "reseed_rng",
    "uuid1",
    "uuid3",
    "uuid4",
    "uuid5",
    "uuid6",
    "uuid7",
    "uuid8",
]
