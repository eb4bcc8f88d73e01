"""Run on GraalPy by EmbeddedGraalPy: compiles modules so that imports which nothing needs yet wait for a first use.

What is deferred, and why that changes nothing else, is told by `rewrite`; `terrarium.bridge.imports` makes the imports.
The sources stay as they are, and so do the `.pyc` files beside them: the others have a tag of their own.
"""

from __future__ import annotations

import ast
import importlib.util
import marshal
import os
from collections.abc import Iterable

#: In the names of the compiled files, as `terrarium.bridge.imports` looks for them.
TAG = "lazy"

#: The module itself, as its rewritten functions know it.
MODULE = "__terrarium_module__"

#: What a module's own ``__getattr__`` is called once it is rewritten.
OWN_GETATTR = "__terrarium_getattr__"

_Import = ast.Import | ast.ImportFrom
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef

#: Of a deferred name: the module, the attribute of it or an empty text, and modules that are imported before.
Target = tuple[str, str, tuple[str, ...]]


def compile_lazily(root: str, names: str) -> str:
    """Compiles the named files (one a line, relative to root), as far as they defer anything; how many do."""
    site = Site(root)
    written = 0
    for name in names.splitlines():
        path = os.path.join(root, name)
        with open(path, "rb") as file:
            source = file.read()
        tree = rewrite(source, *_module_of(name), site)
        if tree is not None:
            code = marshal.dumps(compile(tree, name, "exec", dont_inherit=True))
            target = importlib.util.cache_from_source(path, optimization=TAG)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "wb") as file:  # as PEP 552 says: valid whatever the time stamp of its source
                file.write(importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + importlib.util.source_hash(source) + code)
            written += 1
    return str(written)


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


def rewrite(source: bytes, module: str, is_package: bool, site: Site) -> ast.Module | None:
    """The module's tree with its imports deferred, None when there is nothing to defer.

    Deferred is what an import statement at the module's top level binds, if nothing else in the file binds that name,
    in whatever scope, and nothing needs it while the module is loaded: neither code outside functions, nor an
    annotation, be it a text, because types are read from the module's own names. So every use of the name is in a
    function and means the module's: it becomes an attribute of the module, whose ``__getattr__`` makes the import and
    binds the name. A module that binds a name for nobody is imported for its effects, and as before; names of a
    package, in ``__all__``, or that ``*`` stands for, are for others. A ``try`` of nothing but imports of the same
    package, which is there, counts as these imports.
    """
    tree = ast.parse(source)
    package = module if is_package else module.rpartition(".")[0]
    tree.body = list(_without_tries(tree.body))
    imports = [each for each in tree.body if isinstance(each, _Import)]
    offered = set(literal_all(tree) or ())
    for statement in imports:
        if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
            names = site.exported(_origin(statement, package))
            if names is not None:
                statement.names = [ast.alias(name) for name in names]
                offered.update(names)
    uses = _Uses(tree, frozenset(imports))
    submodules = site.submodules(module) if is_package else frozenset()
    table: dict[str, Target] = {}
    kept = set()
    for statement in imports:
        for alias in statement.names:
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
    for statement in imports:
        statement.names = [each for each in statement.names if _binding(statement, each, package)[0] not in table]
    tree.body = [each for each in tree.body if not isinstance(each, _Import) or each.names]
    _Deferring(frozenset(table)).visit(tree)
    for statement in tree.body:
        if isinstance(statement, ast.FunctionDef) and statement.name == "__getattr__":
            statement.name = OWN_GETATTR
    place = _first_statement(tree.body)
    tree.body[place:place] = _prologue(table, submodules)
    return ast.fix_missing_locations(tree)


def _without_tries(body: Iterable[ast.stmt]) -> Iterable[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.Try) and not statement.orelse and not statement.finalbody:
            caught = {ast.unparse(each.type) for each in statement.handlers if each.type is not None}
            certain = all(isinstance(each, ast.ImportFrom) and each.level for each in statement.body)
            if certain and caught <= {"ImportError", "ModuleNotFoundError"}:
                yield from statement.body
                continue
        yield statement


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

    def __init__(self, tree: ast.Module, imports: frozenset[_Import]) -> None:
        self.used: set[str] = set()
        self.needed: set[str] = set()
        self._in_function = False
        for statement in tree.body:
            if statement not in imports:
                self.visit(statement)
            elif isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
                self.needed.update(alias.name for alias in statement.names)

    def visit_Name(self, node: ast.Name) -> None:
        self.used.add(node.id)
        if not (self._in_function and isinstance(node.ctx, ast.Load)):
            self.needed.add(node.id)

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


class _Deferring(ast.NodeTransformer):
    """Turns each use of a deferred name into an attribute of the module."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id not in self._names:
            return node
        module = ast.copy_location(ast.Name(MODULE, ast.Load()), node)
        return ast.copy_location(ast.Attribute(module, node.id, ast.Load()), node)


def _first_statement(body: list[ast.stmt]) -> int:
    """The place behind the module's text and what it imports from ``__future__``."""
    for place, statement in enumerate(body):
        text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not text and not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
            return place
    return len(body)


def _prologue(table: dict[str, Target], submodules: frozenset[str]) -> list[ast.stmt]:
    return ast.parse(
        f"from terrarium.bridge.imports import defer as {MODULE}\n"
        f"{MODULE} = {MODULE}(__name__, {table!r}, {tuple(sorted(submodules))!r})\n"
    ).body
