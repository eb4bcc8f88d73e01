"""Models that wait to be built: which do, and that nothing else about them differs."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from pydantic import ValidationError

from terrarium.bridge import imports, models

SOURCE = """
from typing import Union
from pydantic import BaseModel, Field

class Part(BaseModel):
    size: int

class Whole(BaseModel):
    parts: list[Part]
    name: str = Field(default="it", alias="called")
    old: int = Field(default=1, deprecated="no longer")

class Late(BaseModel):
    later: "Union[Later, None]" = None

class Later(BaseModel):
    word: str

def make():
    class Made(BaseModel):
        size: int
    return Made
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[str]:
    """Write a package with models, to be imported by the test; yields its name."""
    name = f"models_{abs(hash(request.node.name))}"
    (tmp_path / name).mkdir()
    (tmp_path / name / "__init__.py").write_text(SOURCE)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield name
    sys.modules.pop(name, None)


@pytest.fixture
def lazy(package: str) -> ModuleType:
    models.defer_in(package)
    return importlib.import_module(package)


def test_a_model_is_built_at_its_first_use(lazy: ModuleType) -> None:
    assert not lazy.Whole.__pydantic_complete__
    assert lazy.Whole(parts=[{"size": "2"}], called="x").parts[0].size == 2
    assert lazy.Whole.__pydantic_complete__
    with pytest.raises(ValidationError, match="valid integer"):
        lazy.Part(size="large")


def test_before_that_it_looks_as_it_does_later(lazy: ModuleType) -> None:
    def looks() -> tuple[object, ...]:
        fields = lazy.Whole.model_fields
        return str(inspect.signature(lazy.Whole)), list(fields), type(lazy.Whole.__dict__["old"])

    before = looks()
    whole = lazy.Whole.model_construct(parts=[])
    with pytest.warns(DeprecationWarning, match="no longer"):
        assert whole.old == 1
    assert not lazy.Whole.__pydantic_complete__
    lazy.Whole.model_rebuild()
    assert looks() == before
    assert "called: str = 'it'" in str(before[0])


def test_a_class_that_comes_later_is_found(lazy: ModuleType) -> None:
    assert lazy.Late(later={"word": "w"}).later == lazy.Later(word="w")


def test_models_made_elsewhere_or_later_are_built_at_once(lazy: ModuleType) -> None:
    class Own(lazy.Part):  # type: ignore[name-defined,misc]
        colour: str

    assert Own.__pydantic_complete__
    assert lazy.make().__pydantic_complete__


def test_eager_imports_build_at_once(package: str) -> None:
    models.defer_in(package)
    imports.set_eager(True)
    try:
        assert importlib.import_module(package).Whole.__pydantic_complete__
    finally:
        imports.set_eager(False)
