"""The rewriting of modules so that their imports wait, on CPython, with `terrarium.bridge.imports` making them."""

from __future__ import annotations

import ast
import importlib
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import lazy_imports
import pytest

from terrarium.bridge import imports

PACKAGE = "waiting_for_use"

FILES = {
    "__init__.py": '''
        """A package."""
        from .base import Base; MARK = 1
        from .helper import *
        from .parts import (
            first,  # a comment
            second,
        )
    ''',
    "base.py": "class Base: pass\n",
    "helper.py": "def helped(): return 'helped'\n",
    "parts.py": "def first(): return 1\ndef second(): return 2\n",
    "optional.py": "def wanted(): return 'wanted'\n",
    "user.py": '''
        # The first lines are comments.
        """A module whose text is this."""
        from __future__ import annotations
        import colorsys, wave as sound
        from .base import Base
        from .helper import (
            helped,
        )  # taken
        try:
            from .optional import (
                wanted,
            )
        except ImportError:
            def wanted(): raise

        class User(Base):
            limit = 3

            async def use(self, text: str) -> str:
                def inner(value: str) -> str:
                    return f"é {value} {helped()!r:>10} {wanted()=}"
                return inner(text)

        def fail():
            return colorsys.rgb_to_hsv("no", 0,
                0)

        def __getattr__(name):
            if name == "made":
                return helped() + "!"
            raise AttributeError(name)

        def frames(): return sound.WAVE_FORMAT_PCM
    ''',
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / PACKAGE).mkdir()
    for name, text in FILES.items():
        lines = text.removeprefix("\n").split("\n")
        indent = len(lines[0]) - len(lines[0].lstrip())
        (tmp_path / PACKAGE / name).write_text("\n".join(line[indent:] for line in lines), encoding="utf-8")
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))
    sys.meta_path[:] = [each for each in sys.meta_path if not isinstance(each, imports._Finder)]
    for each in [each for each in sys.modules if each.partition(".")[0] == PACKAGE]:
        del sys.modules[each]


def deferring(folder: Path, name: str) -> ModuleType:
    names = [f"{PACKAGE}/{each}" for each in FILES]
    assert lazy_imports.compile_lazily(str(folder), "\n".join(names)) == "2"
    imports.defer_in(PACKAGE)
    return importlib.import_module(name)


def rewritten(text: str) -> str | None:
    return lazy_imports.rewrite(text.encode(), "module", False, lazy_imports.Site("/nowhere"))


def loaded(name: str) -> bool:
    return f"{PACKAGE}.{name}" in sys.modules


def test_a_package_imports_what_it_offers_when_that_is_looked_up(folder: Path) -> None:
    package = deferring(folder, PACKAGE)
    assert package.MARK == 1
    assert not loaded("base")
    assert not loaded("parts")
    assert package.second() == 2
    assert loaded("parts")
    assert not loaded("helper")
    assert package.helped() == "helped"
    assert package.Base.__name__ == "Base"
    assert {"Base", "MARK", "first", "helped", "second"} <= set(dir(package))


def test_functions_make_the_imports_and_classes_are_as_upstream_has_them(folder: Path) -> None:
    user = deferring(folder, f"{PACKAGE}.user")
    assert user.__doc__ == "A module whose text is this."
    assert loaded("base")  # a class needs it
    assert not loaded("helper")
    assert loaded("optional")  # its name is shown by {wanted()=}, so it is bound as upstream binds it
    coroutine = user.User().use("x")
    with pytest.raises(StopIteration) as ended:
        coroutine.send(None)
    assert ended.value.value == "é x   'helped' wanted()='wanted'"
    assert user.made == "helped!"
    assert user.frames() == 1
    assert sorted(vars(user.User)) == ["__doc__", "__module__", "limit", "use"]


def test_what_fails_is_shown_on_the_line_where_it_stands(folder: Path) -> None:
    user = deferring(folder, f"{PACKAGE}.user")
    with pytest.raises(TypeError) as failed:
        user.fail()
    frame = next(each for each in traceback.extract_tb(failed.value.__traceback__) if each.name == "fail")
    assert frame.line is not None
    assert frame.line.startswith("return colorsys.rgb_to_hsv(")


@pytest.mark.parametrize(
    "text",
    [
        "import json; x = 1\ndef f():\n    return json\n",
        "import json\\\n  , os\ndef f():\n    return json\ndef g(): return os.sep",
        "'doc'\nimport json # why\ndef f():\n    match 1:\n        case json.X: return f'{json!r:>{json}}'\n",
        "'doc'; import json\nclass A:\n    def f(self): return lambda: [json for _ in json]\n",
    ],
)
def test_everything_stays_on_its_line(text: str) -> None:
    changed = rewritten(text)
    assert changed is not None
    assert changed.rstrip("\n").count("\n") == text.rstrip("\n").count("\n")
    codes = [compile(each, "module.py", "exec", dont_inherit=True) for each in (text, changed)]
    assert lazy_imports.disagreement(codes[0], codes[1], changed) == ""


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    pass\nimport json\ndef f(): return json\n",  # no room for the first lines
        "'doc'\nimport json\ndef f(): return f'{ (json) = }'\n",  # shows the expression's own text
        "'doc'\nimport json\n@json.some\ndef f(): pass\n",
        "'doc'\nimport json\ndef f(x: 'json.A'): pass\n",
    ],
)
def test_what_cannot_wait_is_left_as_it_is(text: str) -> None:
    assert rewritten(text) is None


def test_code_that_differs_is_found() -> None:
    def found(changed: str) -> str:
        text = "class A:\n    x = 1\n    def f(self): return 'a'\n"
        codes = [compile(each, "module.py", "exec", dont_inherit=True) for each in (text, changed)]
        return lazy_imports.disagreement(codes[0], codes[1], changed)

    assert found("class A:\n    x = 1\n    def f(self): return 'a'\n") == ""
    assert "the names of A would be" in found("class A:\n    x = y = 1\n    def f(self): return 'a'\n")
    assert "the constants of A.f would be" in found("class A:\n    x = 1\n    def f(self): return 'b'\n")
    assert "the flags of A.f would be" in found("class A:\n    x = 1\n    async def f(self): return 'a'\n")
    assert "pieces of code" in found("class A:\n    x = 1\n    def f(self): return 'a'\nlambda: 1\n")


def test_no_tree_is_compiled() -> None:
    """GraalPy 25.0.3 compiles trees to other code than texts: EmbeddedGraalPyTest has what comes of it."""
    compiled = [
        ast.unparse(each.args[0])
        for each in ast.walk(ast.parse(Path(lazy_imports.__file__).read_text(encoding="utf-8")))
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "compile"
    ]
    assert compiled == ["text", "source"]
