"""What has to be so before langchain-core is imported for the first time."""

from __future__ import annotations

import os
import sys
import warnings

from . import _deferred, _graalpy, _kept

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
    process (on GraalPy, this context). ``langsmith.types``, generated classes of that service which langchain-core does
    not use, is deferred: it takes a quarter of the import time on GraalPy.
    """
    for name in _TRACING:
        os.environ[name] = "false"
    utils = sys.modules.get("langsmith.utils")
    if utils is not None:  # it remembers what it read
        utils.get_env_var.cache_clear()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # looking for plugins costs a scan of all packages
    if sys.implementation.name == "graalpy":
        with warnings.catch_warnings():  # urllib3 finds no OpenSSL, and says so; nothing is sent by it here
            warnings.filterwarnings("ignore", message="urllib3 v2 only supports OpenSSL")
            import urllib3  # noqa: F401
    _graalpy.patch()
    _deferred.defer("langsmith.types")
    _kept.install()
