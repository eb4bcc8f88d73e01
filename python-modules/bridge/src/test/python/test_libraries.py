from __future__ import annotations

import copy
import inspect
from importlib import import_module
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from terrarium.bridge import libraries
from terrarium.bridge.errors import MissingPackageError


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


def test_numpy_takes_no_file_for_one_of_the_process() -> None:
    module = ModuleType("numpy.lib.format")
    module.__dict__["isfileobj"] = lambda file: True
    libraries.use_python_files(module)

    with Path(__file__).open("rb") as file:
        assert not module.isfileobj(file)


def test_stand_in_for_a_missing_package_names_the_artifact_that_has_it() -> None:
    class Missing(ModuleType):
        def __getattr__(self, attribute: str) -> Any:
            raise ImportError(f"pip install {self.__name__}")

    module = ModuleType("dspy.utils.lazy_import")
    module.__dict__["_MissingModule"] = Missing
    libraries.name_artifacts(module)

    with pytest.raises(MissingPackageError, match=r"needs numpy: add .* dev\.terrarium:terrarium-python-numpy ") as it:
        Missing("numpy").array([1])
    assert it.value.name == "numpy"
    assert it.value.artifact == "terrarium-python-numpy"
    assert isinstance(it.value, ImportError)
    with pytest.raises(ImportError, match="pip install litellm"):
        Missing("litellm").completion()


def test_optimizer_looks_for_optuna_before_it_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = []

    class MIPROv2:
        def compile(self, student: str, *, seed: int = 9) -> str:
            """Compile."""
            begun.append(student)
            return f"{student} {seed}"

    module: Any = SimpleNamespace(MIPROv2=MIPROv2)
    signature = inspect.signature(MIPROv2.compile)
    libraries.require_optuna("MIPROv2")(module)

    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"dspy\.MIPROv2 needs optuna: .*terrarium-python-dspy-optimizers"):
        MIPROv2().compile("it")
    assert not begun
    monkeypatch.setattr(libraries, "find_spec", lambda name: name == "optuna" or None)
    assert MIPROv2().compile("it", seed=3) == "it 3"
    assert inspect.signature(MIPROv2.compile) == signature


def test_changes_are_those_of_modules_that_dspy_has() -> None:
    for name, attribute in {
        "dspy.clients.lm": "LM",
        "dspy.utils.lazy_import": "_MissingModule",
        "dspy.teleprompt.mipro_optimizer_v2": "MIPROv2",
        "dspy.teleprompt.teleprompt_optuna": "BootstrapFewShotWithOptuna",
    }.items():
        assert name in libraries.CHANGES
        assert hasattr(import_module(name), attribute)


def test_copy_of_a_model_has_its_attributes_and_slots_of_its_own() -> None:
    class Base:
        __slots__ = ("__weakref__", "slot")

    class LM(Base):
        def __init__(self) -> None:
            self.slot, self.name = 1, "it"

    module: Any = SimpleNamespace(LM=LM)
    libraries.copy_slots_alone(module)

    model = LM()
    copied: Any = copy.copy(model)
    assert (copied.slot, copied.name) == (1, "it")
    assert type(copied) is LM
    copied.name = "another"
    assert model.name == "it"
