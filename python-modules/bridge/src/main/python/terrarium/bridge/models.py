"""Pydantic models of frameworks that are built at their first use, not when the modules that define them are loaded.

What building makes is the validator, the serializer and the core schema; pydantic can make these later by itself
(``defer_build``), under a lock. The fields are there at once, and so is all that depends on them.
"""

from __future__ import annotations

import sys
from functools import partial
from importlib import import_module
from typing import Any

from terrarium.bridge import imports


def defer_in(package: str) -> None:
    """Let the models that modules of a package define while they are loaded be built at their first use.

    Models that its functions make later, and subclasses elsewhere, are built at once: what is wrong with them shows
    where they are made. As imports, they all are while these are eager. Imports pydantic.
    """
    construction: Any = import_module("pydantic._internal._model_construction")
    if not isinstance(construction.complete_model_class, _Deferring):
        construction.complete_model_class = _Deferring(construction)
    construction.complete_model_class.packages.add(package)


class _Deferring:
    """Pydantic's last step of making a class, which it also calls to build one later."""

    def __init__(self, construction: Any) -> None:
        self.packages: set[str] = set()
        self._construction = construction
        self._complete = construction.complete_model_class

    def __call__(self, cls: Any, config: Any, *arguments: Any, **options: Any) -> Any:
        made_now = "create_model_module" in options
        if not (made_now and cls.__pydantic_fields_complete__ and self._is_part_of_loading(cls)):
            return self._complete(cls, config, *arguments, **options)
        pydantic = self._construction
        pydantic.set_model_mocks(cls)
        # Of what building sets these two can be seen without the first use.
        pydantic.set_deprecated_descriptors(cls)
        cls.__signature__ = pydantic.LazyClassAttribute(
            "__signature__",
            partial(
                pydantic.generate_pydantic_signature,
                init=cls.__init__,
                fields=cls.__pydantic_fields__,
                validate_by_alias=config.validate_by_alias,
                extra=config.extra,
            ),
        )
        return False

    def _is_part_of_loading(self, cls: Any) -> bool:
        if imports.are_eager() or cls.__module__.partition(".")[0] not in self.packages:
            return False
        spec = getattr(sys.modules.get(cls.__module__), "__spec__", None)
        return bool(getattr(spec, "_initializing", False))
