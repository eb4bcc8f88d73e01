"""A syntax tree is compiled to other code than the text it was made of.

The analysis of scopes takes the empty list `type_params` of a function in a tree for type parameters
(`ScopeEnvironment.visitFunctionDef` asks `typeParams != null`, where the compiler asks for its length).
With CPython all lines are the same twice; with GraalPy 25.0.3 none is.
"""

import ast

SOURCES = {
    "names of a class": "class A:\n    def f(self): ...\nresult = sorted(vars(A))\n",
    "runtime protocol": (
        "import typing\n"
        "@typing.runtime_checkable\n"
        "class P(typing.Protocol):\n    def f(self): ...\n"
        "result = isinstance(type('A', (), {'f': print})(), P), sorted(typing._get_protocol_attrs(P))\n"
    ),
    "inner function of a coroutine": (
        "async def f():\n    def g(x: int) -> str: return str(x)\n    return g(1)\n"
        "try:\n    f().send(None)\nexcept StopIteration as ended:\n    result = ended.value\n"
    ),
    "comprehension in an annotation": "class A:\n    def f(self, x: [i for i in (1, 2)]): ...\nresult = A.f.__annotations__\n",
    "flags": "def f(): ...\nresult = f.__code__.co_flags\n",
}


def outcome(compiled):
    namespace = {"__name__": "example"}
    try:
        exec(compile(compiled, "example.py", "exec"), namespace)
        return namespace["result"]
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


for name, source in SOURCES.items():
    print(f"{name}: {outcome(source)} | {outcome(ast.parse(source))}")
