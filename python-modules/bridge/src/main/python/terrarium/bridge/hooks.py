"""What the Java engine changes in the interpreter of a context; it finds these in :mod:`terrarium.bridge.embed`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terrarium.bridge.builtin import keep

if TYPE_CHECKING:
    from collections.abc import Callable

keep(globals())


def restrict(profile: str, trusted: bool, native_code: bool, report: Callable[[str], object]) -> None:
    """Takes away what the access profile does not grant; see :func:`terrarium.bridge.access.restrict`."""
    from terrarium.bridge import access

    access.restrict(profile, trusted, native_code, report)


def shield_native_imports(begin: Callable[[], object], end: Callable[[], object]) -> None:
    """Has `begin` and `end` called around the initialization of each native extension.

    The C code of many extensions does not check whether its calls back into Python succeeded. An interruption in one
    of those makes it go on with a null pointer, which ends the process.
    """
    from importlib import import_module

    def shielded(initialize: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any) -> Any:
            begin()
            try:
                return initialize(*args)
            finally:
                end()

        return guarded

    imp: Any = import_module("_imp")
    imp.create_dynamic = shielded(imp.create_dynamic)
    imp.exec_dynamic = shielded(imp.exec_dynamic)


def replace_sleep() -> None:
    """Has `time.sleep` stop when its call is stopped."""
    from terrarium.bridge import sleep

    sleep.install()


def name_kinds(kind_of: Callable[[BaseException], str]) -> None:
    """Has `kind_of` return why a language model failed, by the exception of the host that Python caught."""
    from terrarium.bridge import errors

    errors.host_kind = kind_of


def share_code(keep: Callable[[bytes, int], object]) -> None:
    """Has `keep` called for each module that is about to be loaded, with its file and where the code begins in it."""
    from importlib import import_module

    external: Any = import_module("_frozen_importlib_external")
    load = external._compile_bytecode

    def kept(data: Any, *args: Any, **names: Any) -> Any:
        file = getattr(data, "obj", None)  # of a view of it, which the host would read byte by byte
        if isinstance(file, bytes):
            keep(file, len(file) - len(data))
        return load(data, *args, **names)

    external._compile_bytecode = kept
