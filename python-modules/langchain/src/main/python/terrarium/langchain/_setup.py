"""What has to be so before langchain-core is imported for the first time."""

from __future__ import annotations

import os
import sys
import warnings

from . import _deferred, _graalpy

# Of each pair the first is what langsmith looks at first; langchain-core looks at the third by itself.
_TRACING = (
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING_V2",
    "LANGCHAIN_TRACING",
    "LANGSMITH_TRACING",
    "LANGCHAIN_HANDLER",
)


def prepare() -> None:
    """Switch LangSmith's tracing off and make langchain-core importable; calling it again changes nothing.

    Tracing would send all that a chain does to a service on the network. Its environment variables are set for this
    process (on GraalPy, this context), and langsmith remembers what it read first: so call this before any import.
    ``langsmith.types``, generated classes of that service which langchain-core does not use, is deferred: it makes a
    third of the import time on GraalPy.
    """
    for name in _TRACING:
        os.environ[name] = "false"
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # looking for plugins costs a scan of all packages
    if sys.implementation.name == "graalpy":
        # urllib3 says so at import; nothing is sent by it here.
        warnings.filterwarnings("ignore", message="urllib3 v2 only supports OpenSSL", module="urllib3")
    _graalpy.patch()
    _deferred.defer("langsmith.types")
