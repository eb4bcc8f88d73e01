"""Changes to libraries that rely on what GraalPy 25.0.3 does otherwise than CPython, made when a module is imported.

Each is the least that lets the library work, and changes nothing that CPython would do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def assign_keyword_defaults(module: ModuleType) -> None:
    """Have networkx's decorators assign the defaults that they change in place, which has no effect on GraalPy."""
    argmap: Any = module.__dict__["argmap"]
    decorate = argmap.__call__

    def call(self: Any, function: Any) -> Any:
        decorated = decorate(self, function)
        decorated.__kwdefaults__ = {**(function.__kwdefaults__ or {}), "_argmap__wrapper": decorated}
        return decorated

    argmap.__call__ = call


def keep_metaclass(module: ModuleType) -> None:
    """Have h11's sentinels keep their metaclass: GraalPy refuses to make them their own.

    What that is for stays as far as it can: a sentinel is an instance of itself.
    """
    sentinel: Any = module.__dict__["Sentinel"]

    def new(cls: Any, name: str, bases: Any, namespace: Any, **keywords: Any) -> Any:
        return type.__new__(cls, name, bases, namespace, **keywords)

    def instancecheck(cls: Any, instance: Any) -> bool:
        return instance is cls or type.__instancecheck__(cls, instance)

    sentinel.__new__ = staticmethod(new)
    sentinel.__instancecheck__ = instancecheck


def copy_without_weakref(module: ModuleType) -> None:
    """Have copies of a ``dspy.LM`` leave ``__weakref__`` alone: GraalPy has it as a member that slots make."""
    from types import MemberDescriptorType

    lm: Any = module.__dict__["LM"]

    def copy(self: Any) -> Any:
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        for cls in type(self).__mro__:
            for name, member in vars(cls).items():
                if isinstance(member, MemberDescriptorType) and name != "__weakref__" and hasattr(self, name):
                    setattr(copied, name, getattr(self, name))
        return copied

    lm.__copy__ = copy


#: By the names of the modules that they change.
CHANGES: dict[str, Callable[[Any], None]] = {
    "dspy.clients.lm": copy_without_weakref,
    "h11._util": keep_metaclass,
    "networkx.utils.decorators": assign_keyword_defaults,
}
