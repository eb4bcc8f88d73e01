"""Where GraalPy is not quite CPython 3.12: what each difference gives on CPython, and what it gives here."""

import datetime
import gc
import inspect
import math
import os
import sys
import tempfile
from contextvars import ContextVar

from terrarium.bridge import BaseBridge, handler


def except_star():
    namespace = {}
    exec(
        "try:\n"
        "    raise ExceptionGroup('several', [ValueError(1)])\n"
        "except* ValueError:\n"
        "    caught = 'caught'\n",
        namespace,
    )
    return namespace["caught"]


def finalizers():
    ended = []

    class Held:
        def __del__(self):
            ended.append(1)

    Held()
    gc.collect()
    return ended


def unclosed_files():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "text")
        open(path, "w").write("written")
        gc.collect()
        with open(path) as file:
            return file.read()


def sums_of_floats():
    return sum([0.1] * 10)


def signatures_of_builtins():
    return [str(inspect.signature(each)) for each in (sorted, str.split, round)]


def nan_in_containers():
    one, other = float("nan"), float("inf") - float("inf")
    return [[one] == [other], one in [other], len({one, other}), [one].index(one)]


def functions_of_math():
    return [math.cbrt(8.0), math.exp2(3.0)]


def format_option_z():
    return format(-0.001, "z.1f")


def generic_methods():
    namespace = {}
    exec("class A:\n    def f[T](self, x: T) -> T: ...\n", namespace)
    return "__classdictcell__" in vars(namespace["A"])


def compiled_trees():
    import ast

    namespace = {}
    exec(compile(ast.parse("class A:\n    def f(self): ...\n"), "tree", "exec"), namespace)
    return "__classdictcell__" in vars(namespace["A"])


def names_of_name_errors():
    try:
        missing  # noqa: B018, F821
    except NameError as error:
        return error.name


def modules_of_dates():
    return datetime.date.__module__


def disassembly():
    import dis
    import io

    dis.dis(except_star, file=io.StringIO())
    return "shown"


def recursion_limits():
    def down(levels):
        return levels and down(levels - 1)

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(500)
    try:
        return down(1_000)
    except RecursionError:
        return "refused"
    finally:
        sys.setrecursionlimit(limit)


def changed_keyword_defaults():
    def function(*, a=1):
        return a

    function.__kwdefaults__["a"] = 2
    changed = function()
    function.__kwdefaults__ = {"a": 3}
    return [changed, function()]


def names_of_context_variables():
    return ContextVar("request").name


#: Each with what CPython 3.12 gives.
DIFFERENCES = {
    except_star: "caught",
    finalizers: [1],
    unclosed_files: "written",
    sums_of_floats: 1.0,
    signatures_of_builtins: [
        "(iterable, /, *, key=None, reverse=False)",
        "(self, /, sep=None, maxsplit=-1)",
        "(number, ndigits=None)",
    ],
    nan_in_containers: [False, False, 2, 0],
    functions_of_math: [2.0, 8.0],
    format_option_z: "0.0",
    generic_methods: False,
    compiled_trees: False,
    names_of_name_errors: "missing",
    modules_of_dates: "datetime",
    disassembly: "shown",
    recursion_limits: "refused",
    changed_keyword_defaults: [2, 3],
    names_of_context_variables: "request",
}


def outcome(use):
    try:
        return use()
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


class Differences(BaseBridge):
    """Tells them."""

    framework = "differences"

    @handler
    def all(self):
        """Return, by name, what there is and what CPython has."""
        return {
            "found": {
                use.__name__: {"here": repr(outcome(use)), "cpython": repr(expected)}
                for use, expected in DIFFERENCES.items()
            }
        }
