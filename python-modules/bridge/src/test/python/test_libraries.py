from __future__ import annotations

import copy
from types import ModuleType, SimpleNamespace
from typing import Any

from terrarium.bridge import libraries


def test_decorated_function_has_its_own_defaults_and_itself() -> None:
    class argmap:  # noqa: N801
        def __call__(self, function: Any) -> Any:
            def decorated(*args: Any, __wrapper: Any = None, **keywords: Any) -> Any:
                return __wrapper, keywords

            return decorated

    module: Any = SimpleNamespace(argmap=argmap)
    libraries.assign_keyword_defaults(module)

    def function(*, weight: int = 3) -> int:
        return weight

    decorated = argmap()(function)

    assert decorated.__kwdefaults__ == {"weight": 3, "_argmap__wrapper": decorated}
    assert decorated()[0] is decorated
    assert argmap()(lambda: 1).__kwdefaults__.keys() == {"_argmap__wrapper"}


def test_sentinels_are_classes_that_are_instances_of_themselves() -> None:
    class Sentinel(type):
        def __new__(cls, name: str, bases: Any, namespace: Any, **keywords: Any) -> Any:
            raise TypeError("object layout differs")

    module = ModuleType("h11._util")
    module.__dict__["Sentinel"] = Sentinel
    libraries.keep_metaclass(module)

    class CLIENT(Sentinel, metaclass=Sentinel):
        pass

    class SERVER(Sentinel, metaclass=Sentinel):
        pass

    assert isinstance(CLIENT, CLIENT)
    assert not isinstance(CLIENT, SERVER)
    assert not isinstance(1, CLIENT)
    assert type(CLIENT) is Sentinel


def test_copies_have_the_members_of_slots_and_of_the_dict() -> None:
    class Base:
        __slots__ = ("slot", "unset")

    class LM(Base):
        def __init__(self) -> None:
            self.slot, self.kwargs = 1, {"temperature": 1.0}

    module = ModuleType("dspy.clients.lm")
    module.__dict__["LM"] = LM
    libraries.copy_without_weakref(module)
    original = LM()
    copied = copy.copy(original)

    assert (copied.slot, copied.kwargs) == (1, {"temperature": 1.0})
    assert copied.__dict__ is not original.__dict__
    assert not hasattr(copied, "unset")
