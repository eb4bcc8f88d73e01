"""What has to be so before langchain-core is imported for the first time."""

from __future__ import annotations

import os
import sys
import warnings

from terrarium.bridge import imports, models

from . import _graalpy, _kept

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
    process (on GraalPy, this context).
    """
    for name in _TRACING:
        os.environ[name] = "false"
    utils = sys.modules.get("langsmith.utils")
    if utils is not None:  # it remembers what it read
        utils.get_env_var.cache_clear()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # looking for plugins costs a scan of all packages
    for package in ("langchain_core", "langsmith"):
        imports.defer_in(package)
        models.defer_in(package)
    if sys.implementation.name == "graalpy":
        with warnings.catch_warnings():  # urllib3 finds no OpenSSL, and says so; nothing is sent by it here
            warnings.filterwarnings("ignore", message="urllib3 v2 only supports OpenSSL")
            import urllib3  # noqa: F401
    _graalpy.patch()
    _kept.install()
