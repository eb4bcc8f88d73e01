"""Changes to libraries, made when a module is imported.

Most are for what GraalPy 25.0.3 does otherwise than CPython: each is the least that lets the library work, and changes
nothing that CPython would do. The others have a library that misses an optional package name the jar that carries it.
"""

from __future__ import annotations

from functools import wraps
from importlib.util import find_spec
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any

from terrarium.bridge.errors import MissingPackageError

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


def use_python_files(module: ModuleType) -> None:
    """Have numpy's save and load go through Python's file objects: their descriptors are no files of the process."""
    names = module.__dict__
    names["isfileobj"] = lambda _: False


def name_artifacts(module: ModuleType) -> None:
    """Have DSPy's stand-ins for packages that are missing name the artifacts that have them."""
    missing: Any = module.__dict__["_MissingModule"]
    upstream = missing.__getattr__

    def get(self: Any, attribute: str) -> Any:
        artifact = _ARTIFACTS.get(self.__name__)
        if artifact is None:
            return upstream(self, attribute)
        raise MissingPackageError("this part of DSPy", self.__name__, artifact)

    missing.__getattr__ = get


def require(user: str, *packages: str) -> None:
    """Raise MissingPackageError for the first of some optional packages that is not there, which ``user`` needs."""
    for package in packages:
        if find_spec(package) is None:
            raise MissingPackageError(user, package, _ARTIFACTS[package])


def require_optuna(optimizer: str) -> Callable[[ModuleType], None]:
    """Have an optimizer of DSPy look for Optuna before it asks a language model, and not after."""

    def change(module: ModuleType) -> None:
        cls: Any = module.__dict__[optimizer]
        upstream = cls.compile

        @wraps(upstream)
        def look_first(*args: Any, **options: Any) -> Any:
            require(f"dspy.{optimizer}", "optuna")
            return upstream(*args, **options)

        cls.compile = look_first

    return change


def copy_slots_alone(module: ModuleType) -> None:
    """Have copies of DSPy's models leave out what has the type of a slot's descriptor on GraalPy and is none.

    That is ``__weakref__``, which cannot be set, and ``__dict__``, with which a change of the copy would be one of the
    model that all programs share.
    """
    model: Any = module.__dict__["LM"]

    def copy(self: Any) -> Any:
        copied = object.__new__(type(self))
        copied.__dict__.update(self.__dict__)
        for cls in type(self).__mro__:
            for name, descriptor in vars(cls).items():
                if isinstance(descriptor, MemberDescriptorType) and name not in _NO_SLOTS and hasattr(self, name):
                    setattr(copied, name, getattr(self, name))
        return copied

    model.__copy__ = copy


_NO_SLOTS = ("__dict__", "__weakref__")

#: The jars of Terrarium that have packages which DSPy can do without.
_ARTIFACTS = {"numpy": "terrarium-python-numpy", "optuna": "terrarium-python-dspy-optimizers"}

#: By the names of the modules that they change.
CHANGES: dict[str, Callable[[Any], None]] = {
    "dspy.clients.lm": copy_slots_alone,
    "dspy.teleprompt.mipro_optimizer_v2": require_optuna("MIPROv2"),
    "dspy.teleprompt.teleprompt_optuna": require_optuna("BootstrapFewShotWithOptuna"),
    "dspy.utils.lazy_import": name_artifacts,
    "h11._util": keep_metaclass,
    "networkx.utils.decorators": assign_keyword_defaults,
    "numpy.lib.format": use_python_files,
}
