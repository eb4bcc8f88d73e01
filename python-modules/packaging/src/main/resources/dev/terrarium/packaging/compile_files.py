"""Run on GraalPy by EmbeddedGraalPy: writes a .pyc beside each Python file."""

import os
import py_compile


def compile_files(root: str, names: str) -> str:
    """Compiles the named files (one a line, relative to root); a line for each that is not Python."""
    failures = []
    for name in names.splitlines():
        try:
            py_compile.compile(
                os.path.join(root, name),
                dfile=name,
                doraise=True,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )
        except py_compile.PyCompileError as error:
            failures.append(f"{name}: {error.msg}".replace("\n", " "))
    return "\n".join(failures)
