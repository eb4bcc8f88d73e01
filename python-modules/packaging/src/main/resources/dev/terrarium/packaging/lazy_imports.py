"""Run on GraalPy by EmbeddedGraalPy: compiles modules so that imports which nothing needs yet wait for a first use.

What is deferred, and why that changes nothing else, is told by `rewrite`; `terrarium.bridge.imports` makes the imports.
The sources stay as they are, and so do the `.pyc` files beside them: the others have a tag of their own.

What is compiled is a text, in which everything stands on the line where it stood, and not a changed syntax tree, which
GraalPy 25.0.3 compiles to other code than a text (decision 027).
"""

from __future__ import annotations

import ast
import importlib.util
import marshal
import os
import re
from collections.abc import Collection, Iterator
from types import CodeType

#: In the names of the compiled files, as `terrarium.bridge.imports` looks for them.
TAG = "lazy"

#: The module itself, as its rewritten functions know it.
MODULE = "__terrarium_module__"

#: What a module's own ``__getattr__`` is called once it is rewritten.
OWN_GETATTR = "__terrarium_getattr__"

#: A line of which nothing is left: the statement of the line before goes on.
_EMPTIED = " \\"

_Import = ast.Import | ast.ImportFrom
_Simple = _Import | ast.Assign | ast.AnnAssign | ast.Expr
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

#: Of a deferred name: the module, the attribute of it or an empty text, and modules that are imported before.
Target = tuple[str, str, tuple[str, ...]]


def compile_lazily(root: str, names: str) -> str:
    """Compiles the named files (one a line, relative to root), as far as they defer anything; how many do.

    Raises ValueError when what was compiled disagrees with the ordinary code of a file.
    """
    site = Site(root)
    written = 0
    for name in names.splitlines():
        path = os.path.join(root, name)
        with open(path, "rb") as file:
            source = file.read()
        text = rewrite(source, *_module_of(name), site)
        if text is not None:
            code = compile(text, name, "exec", dont_inherit=True)
            found = disagreement(_ordinary(path, source, name), code, text)
            if found:
                raise ValueError(f"{name}: with deferred imports {found}")
            target = importlib.util.cache_from_source(path, optimization=TAG)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:  # as PEP 552 says: valid whatever the time stamp of its source
                file.write(
                    importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + importlib.util.source_hash(source) + marshal.dumps(code)
                )
            written += 1
    return str(written)


def _ordinary(path: str, source: bytes, name: str) -> CodeType:
    """The code of a file as it is, which the packaging has compiled before."""
    try:
        with open(importlib.util.cache_from_source(path), "rb") as file:
            code: CodeType = marshal.loads(file.read()[16:])
            return code
    except OSError:
        return compile(source, name, "exec", dont_inherit=True)


def disagreement(ordinary: CodeType, deferring: CodeType, text: str) -> str:
    """What differs in the classes and functions of a module whose text defers its imports, empty if nothing does.

    Their code has to use and bind the same names, in the same way, and to have the same constants.
    """
    lines = text.split("\n")
    expected = [each for each in _nested(ordinary) if lines[each.co_firstlineno - 1] != _EMPTIED]
    found = list(_nested(deferring))
    for theirs, ours in zip(expected, found, strict=False):
        before, after = _seen_of(theirs), _seen_of(ours)
        for what, value in before.items():
            if after[what] != value:
                return f"the {what} of {theirs.co_qualname} would be {after[what]} in place of {value}"
    return "" if len(expected) == len(found) else f"there would be {len(found)} pieces of code, not {len(expected)}"


def _nested(code: CodeType) -> Iterator[CodeType]:
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield each
            yield from _nested(each)


def _seen_of(code: CodeType) -> dict[str, object]:
    return {
        "name": "__getattr__" if code.co_name == OWN_GETATTR else code.co_name,
        "line": code.co_firstlineno,
        "flags": code.co_flags,
        "parameters": (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount),
        "variables": (code.co_varnames, code.co_cellvars, code.co_freevars),
        "names": sorted({*code.co_names} - {MODULE}),
        "constants": [
            sorted(map(repr, each)) if isinstance(each, frozenset) else repr(each)
            for each in code.co_consts
            if not isinstance(each, CodeType)
        ],
    }


def _module_of(name: str) -> tuple[str, bool]:
    module = name.removesuffix(".py").replace("/", ".")
    return module.removesuffix(".__init__"), module.endswith(".__init__")


class Site:
    """The Python files below a folder, among which the module that is rewritten looks others up."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._exported: dict[str, tuple[str, ...] | None] = {}

    def submodules(self, package: str) -> frozenset[str]:
        """The names of the modules and packages in a package."""
        names = set()
        with os.scandir(os.path.join(self._root, *package.split("."))) as entries:
            for entry in entries:
                if entry.is_dir():
                    if os.path.exists(os.path.join(entry.path, "__init__.py")):
                        names.add(entry.name)
                elif entry.name.endswith(".py") and entry.name != "__init__.py":
                    names.add(entry.name.removesuffix(".py"))
        return frozenset(names)

    def exported(self, module: str) -> tuple[str, ...] | None:
        """The names that ``from module import *`` binds, None where only running the module tells."""
        if module not in self._exported:
            stem = os.path.join(self._root, *module.split("."))
            self._exported[module] = None
            for path in (os.path.join(stem, "__init__.py"), stem + ".py"):
                if os.path.exists(path):
                    with open(path, "rb") as file:
                        self._exported[module] = exported(ast.parse(file.read()))
                    break
        return self._exported[module]


def exported(tree: ast.Module) -> tuple[str, ...] | None:
    """The names that ``*`` binds: a literal ``__all__``, or all public names of a module that binds none by chance."""
    if any(isinstance(each, ast.Name) and each.id == "__all__" for each in ast.walk(tree)):
        return literal_all(tree)
    bound: list[str] = []
    for statement in tree.body:
        if isinstance(statement, _Definition):
            bound.append(statement.name)
        elif isinstance(statement, _Import):
            bound += [_binding(statement, alias, "")[0] for alias in statement.names]
        elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr)):
            names = [each for each in ast.walk(statement) if isinstance(each, ast.Name)]
            bound += [each.id for each in names if isinstance(each.ctx, ast.Store)]
        else:
            return None
    return None if "*" in bound else tuple(each for each in dict.fromkeys(bound) if not each.startswith("_"))


def literal_all(tree: ast.Module) -> tuple[str, ...] | None:
    """The names in ``__all__``, None when it is not one literal list or tuple of texts, written once."""
    if sum(isinstance(each, ast.Name) and each.id == "__all__" for each in ast.walk(tree)) != 1:
        return None
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            try:
                return tuple(ast.literal_eval(statement.value))
            except ValueError:
                return None
    return None


def rewrite(source: bytes, module: str, is_package: bool, site: Site) -> str | None:
    """The module's text with its imports deferred, None when there is nothing to defer.

    Deferred is what an import statement at the module's top level binds, if nothing else in the file binds that name,
    in whatever scope, and nothing needs it while the module is loaded: neither code outside functions, nor an
    annotation, be it a text, because types are read from the module's own names. So every use of the name is in a
    function and means the module's: it becomes an attribute of the module, whose ``__getattr__`` makes the import and
    binds the name. A module that binds a name for nobody is imported for its effects, and as before; names of a
    package, in ``__all__``, or that ``*`` stands for, are for others. A ``try`` of nothing but imports of the same
    package, which is there, counts as these imports.
    """
    text = _Text(importlib.util.decode_source(source))
    tree = ast.parse(text.original)
    package = module if is_package else module.rpartition(".")[0]
    groups = {statement: imports for statement in tree.body if (imports := _imports(statement))}
    offered = set(literal_all(tree) or ())
    bindings: dict[_Import, list[ast.alias]] = {}
    for statement in [each for imports in groups.values() for each in imports]:
        bindings[statement] = statement.names
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            names = site.exported(_origin(statement, package))
            if names is not None:
                bindings[statement] = [ast.alias(name) for name in names]
                offered.update(names)
    uses = _Uses(tree, groups.keys(), text)
    submodules = site.submodules(module) if is_package else frozenset()
    table: dict[str, Target] = {}
    kept = set()
    for statement, aliases in bindings.items():
        for alias in aliases:
            name, target = _binding(statement, alias, package)
            if (
                name.startswith("__")
                or name in uses.needed
                or not (is_package or name in uses.used or name in offered)
                or (name in submodules and target[:2] not in ((f"{module}.{name}", ""), (module, name)))
                or alias.name == "*"
            ):
                kept.add(name)  # also for a submodule of the same name, which binds itself when it is imported
            elif name in table and target[2]:
                table[name] = (target[0], target[1], (*table[name][2], *target[2]))
            else:
                table[name] = target
    for name in kept:
        table.pop(name, None)
    if not table:
        return None
    prologue = (
        f"from terrarium.bridge.imports import defer as {MODULE}; "
        f"{MODULE} = {MODULE}(__name__, {table!r}, {tuple(sorted(submodules))!r})"
    )
    place = _first_statement(tree.body)
    if place:
        text.insert_behind(tree.body[place - 1], f"; {prologue}")
    elif isinstance(tree.body[0], _Simple):
        text.insert_before(tree.body[0], f"{prologue}; ")
    else:
        return None  # no line has room for it
    for reference in uses.references:
        if reference.id in table:
            text.insert_before(reference, f"{MODULE}.")
    for group, imports in groups.items():
        left = {each: [a for a in bindings[each] if _binding(each, a, package)[0] not in table] for each in imports}
        if any(remaining != each.names for each, remaining in left.items()):
            for each, remaining in left.items():
                each.names = remaining
            text.replace(group, "; ".join(ast.unparse(each) for each in imports if each.names) or "pass")
    for definition in tree.body:
        if isinstance(definition, ast.FunctionDef) and definition.name == "__getattr__":
            text.rename(definition, OWN_GETATTR)
    return text.edited()


class _Text:
    """The text of a module with the changes to be made, none of which moves anything to another line."""

    def __init__(self, original: str) -> None:
        self.original = original if original.endswith("\n") else original + "\n"
        self._lines = self.original.split("\n")
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line) + 1)
        self._changes: list[tuple[int, int, str]] = []

    def _start(self, node: ast.stmt | ast.expr) -> int:
        return self._offset(node.lineno, node.col_offset)

    def _end(self, node: ast.stmt | ast.expr) -> int:
        return self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _offset(self, line: int, column: int) -> int:
        encoded = self._lines[line - 1].encode()
        return self._starts[line - 1] + len(encoded[:column].decode(errors="ignore"))

    def shows(self, name: ast.Name) -> bool:
        """Whether a name stands where the parser says, which GraalPy 25.0.3 gets wrong in some f-strings."""
        return self.original.startswith(name.id, self._start(name))

    def shows_expression(self, node: ast.FormattedValue) -> bool:
        """Whether a part of an f-string is one that shows the text of its expression, as ``{name=}`` does."""
        return re.compile(r"[\s)]*=").match(self.original, self._end(node.value)) is not None

    def insert_before(self, node: ast.stmt | ast.expr, inserted: str) -> None:
        start = self._start(node)
        self._changes.append((start, start, inserted))

    def insert_behind(self, node: ast.stmt, inserted: str) -> None:
        end = self._end(node)
        self._changes.append((end, end, inserted))

    def replace(self, statement: ast.stmt, statements: str) -> None:
        """Replaces a statement by others of one line, which then goes over as many lines as the first did."""
        start, end = self._start(statement), self._end(statement)
        self._changes.append((start, end, statements + f"{_EMPTIED}\n" * self.original.count("\n", start, end)))

    def rename(self, function: ast.FunctionDef, name: str) -> None:
        start = self.original.index(function.name, self._start(function))
        self._changes.append((start, start + len(function.name), name))

    def edited(self) -> str:
        pieces = []
        position = 0
        for start, end, changed in sorted(self._changes, key=lambda change: change[:2]):
            pieces += [self.original[position:start], changed]
            position = end
        return "".join(pieces) + self.original[position:]


def _imports(statement: ast.stmt) -> list[_Import]:
    """The imports that a statement stands for: an import, or a ``try`` of imports that cannot fail."""
    if isinstance(statement, _Import):
        return [statement]
    if isinstance(statement, ast.Try) and not statement.orelse and not statement.finalbody:
        caught = {ast.unparse(each.type) for each in statement.handlers if each.type is not None}
        imports = [each for each in statement.body if isinstance(each, ast.ImportFrom) and each.level]
        if len(imports) == len(statement.body) and caught <= {"ImportError", "ModuleNotFoundError"}:
            return [*imports]
    return []


def _origin(statement: ast.ImportFrom, package: str) -> str:
    if not statement.level:
        return statement.module or ""
    base = package.rsplit(".", statement.level - 1)[0]
    return f"{base}.{statement.module}" if statement.module else base


def _binding(statement: _Import, alias: ast.alias, package: str) -> tuple[str, Target]:
    """The name that an import binds, and what to."""
    if isinstance(statement, ast.ImportFrom):
        return alias.asname or alias.name, (_origin(statement, package), alias.name, ())
    if alias.asname:
        return alias.asname, (alias.name, "", ())
    top = alias.name.partition(".")[0]
    return top, (top, "", (alias.name,))


class _Uses(ast.NodeVisitor):
    """The names that a module uses, and those that it needs at once or binds by other means than its imports."""

    def __init__(self, tree: ast.Module, imports: Collection[ast.stmt], text: _Text) -> None:
        self.used: set[str] = set()
        self.needed: set[str] = set()
        self.references: list[ast.Name] = []
        self._text = text
        self._in_function = False
        for statement in tree.body:
            if statement not in imports:
                self.visit(statement)
            elif isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                self.needed.update(alias.name for alias in statement.names)

    def visit_Name(self, node: ast.Name) -> None:
        self.used.add(node.id)
        self.references.append(node)
        if not (self._in_function and isinstance(node.ctx, ast.Load) and self._text.shows(node)):
            self.needed.add(node.id)

    def visit_FormattedValue(self, node: ast.FormattedValue) -> None:
        if self._text.shows_expression(node):
            self.needed.update(each.id for each in ast.walk(node.value) if isinstance(each, ast.Name))
        self.generic_visit(node)

    def _visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        outer, self._in_function = self._in_function, True
        for each in node.body if isinstance(node.body, list) else [node.body]:
            self.visit(each)
        self._in_function = outer
        self.visit(node.args)
        if not isinstance(node, ast.Lambda):
            self.needed.add(node.name)
            for decorator in node.decorator_list:
                self.visit(decorator)
            self._visit_annotation(node.returns)

    visit_FunctionDef = visit_AsyncFunctionDef = visit_Lambda = _visit_function

    def visit_arg(self, node: ast.arg) -> None:
        self.needed.add(node.arg)
        self._visit_annotation(node.annotation)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self._visit_annotation(node.annotation)
        self.visit(node.target)
        if node.value is not None:
            self.visit(node.value)

    def _visit_annotation(self, node: ast.expr | None) -> None:
        for each in ast.walk(node) if node is not None else ():
            if isinstance(each, ast.Name):
                self.used.add(each.id)
                self.needed.add(each.id)
            elif isinstance(each, ast.Constant) and isinstance(each.value, str):
                try:
                    self._visit_annotation(ast.parse(each.value, mode="eval").body)
                except SyntaxError:  # a text of a Literal
                    continue

    def visit_If(self, node: ast.If) -> None:
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            self.visit(node.test)
            for each in node.orelse:
                self.visit(each)
        else:
            self.generic_visit(node)

    def _visit_binding(self, node: ast.AST) -> None:
        """Of all others that bind names, of which none may be deferred."""
        for field in ("name", "asname", "rest", "names"):
            value = getattr(node, field, None)
            if isinstance(value, str):
                self.needed.add(value.partition(".")[0])
            elif isinstance(value, list):
                self.needed.update(each for each in value if isinstance(each, str))
        self.generic_visit(node)

    visit_ClassDef = visit_alias = visit_ExceptHandler = visit_Global = _visit_binding
    visit_MatchAs = visit_MatchStar = visit_MatchMapping = _visit_binding
    visit_TypeVar = visit_ParamSpec = visit_TypeVarTuple = _visit_binding


def _first_statement(body: list[ast.stmt]) -> int:
    """The place behind the module's text and what it imports from ``__future__``."""
    for place, statement in enumerate(body):
        text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not text and not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
            return place
    return len(body)
