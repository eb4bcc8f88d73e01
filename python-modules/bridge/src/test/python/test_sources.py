"""Packages of users in an interpreter, as the engine loads, replaces and drops them."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from terrarium.bridge import embed, sources
from terrarium.bridge.failures import PACKAGES, describe

INIT = """
from __future__ import annotations
from terrarium.bridge import BaseBridge, handler
from .words import VERSION

class Own(BaseBridge):
    framework = "own"

    @handler
    def version(self) -> int:
        return VERSION

    @handler
    def later(self) -> int:
        from own.deep.inner import DEPTH
        return DEPTH

    @handler
    def wrong(self) -> None:
        import words
"""
FILES = {"__init__.py": INIT, "words.py": "VERSION = 1\n", "deep/__init__.py": "", "deep/inner.py": "DEPTH = 2\n"}


@pytest.fixture(autouse=True)
def no_package_stays() -> Iterator[None]:
    before = list(sys.meta_path)
    yield
    embed.forget()
    assert sys.meta_path == before
    assert not PACKAGES
    assert not [name for name in sys.modules if name.partition(".")[0] == "own"]


def load(files: dict[str, str] | None = None, folder: str = "/nowhere/own") -> Any:
    flat = [each for pair in (FILES if files is None else files).items() for each in pair]
    return embed.load_package("own", "own", folder, *flat)


def test_modules_import_each_other_in_both_ways() -> None:
    bridge = load()

    assert bridge.dispatch("version") == 1
    assert bridge.dispatch("later") == 2
    assert sys.modules["own"].__file__ == "/nowhere/own/__init__.py"
    assert sys.modules["own.deep"].__path__ == ["/nowhere/own/deep"]


def test_frames_are_of_the_packages_files() -> None:
    with pytest.raises(ModuleNotFoundError) as raised:
        load().dispatch("wrong")

    described = describe(raised.value)
    assert (
        described[1] == "No module named 'words'. It is a module of the package own: import it by 'from . import words'"
    )
    assert isinstance(described[3], list)
    assert described[3][:2] == ["own/__init__.py", INIT.splitlines().index("        import words") + 1]


def test_failed_load_leaves_nothing() -> None:
    with pytest.raises(SyntaxError, match=r"'VERSION = = 1' \(words.py, line 1\)"):
        load({**FILES, "words.py": "VERSION = = 1\n"})

    assert load().dispatch("version") == 1


def test_package_without_a_bridge_leaves_nothing() -> None:
    with pytest.raises(TypeError, match="it defines none"):
        load({**FILES, "__init__.py": "from . import words\n"})

    assert load().dispatch("version") == 1


def test_second_package_of_the_name_is_refused_and_the_first_stays() -> None:
    load()

    with pytest.raises(ImportError, match="has the name of a module of another framework of your own"):
        load()
    assert sys.modules["own"].Own


@pytest.mark.parametrize("name", ["json", "pytest", "terrarium"])
def test_name_of_another_module_is_refused(name: str) -> None:
    with pytest.raises(ImportError, match=f"the package {name!r} of your own has the name of a module of"):
        embed.load_package(name, name, "/nowhere", "__init__.py", INIT)

    assert import_module(name)


def test_folder_with_a_module_of_the_name_is_refused(tmp_path: Path) -> None:
    load()
    (tmp_path / "own.py").touch()

    with pytest.raises(ImportError, match="rename its folder"):
        embed.add_path(str(tmp_path))
    assert str(tmp_path) not in sys.path


def test_package_that_was_set_aside_is_put_back() -> None:
    bridge = load()
    module = sys.modules["own.words"]
    aside = embed.set_aside("own")
    assert "own.words" not in sys.modules
    other = load({**FILES, "words.py": "VERSION = 2\n", "more.py": ""})
    import_module("own.more")
    assert other.dispatch("version") == 2

    embed.put_back(aside, bridge)

    assert sys.modules["own.words"] is module
    assert "own.more" not in sys.modules
    assert bridge.dispatch("later") == 2


def test_set_aside_of_a_source_is_its_module_alone() -> None:
    embed.load_source("own", INIT.replace("from .words import VERSION", "VERSION = 1"), "own.py")

    aside = embed.set_aside("terrarium_user_own")

    assert list(aside.modules) == ["terrarium_user_own"]
    assert aside.package is None


def test_compiled_source_is_the_users_alone() -> None:
    names: dict[str, Any] = {}
    exec(sources.compiled("x: int = 1", "x.py"), names)  # noqa: S102

    assert names["__annotations__"] == {"x": int}
