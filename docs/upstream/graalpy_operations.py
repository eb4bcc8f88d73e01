"""GraalPy, interpreted: plain operations that frameworks do at every step and that lose most against CPython."""

import collections.abc
import os
import re
import timeit
import typing

PATTERN = re.compile(r"\[\[ ## (\w+) ## \]\]")
ANSWER = "[[ ## answer ## ]]\nParis\n\n[[ ## completed ## ]]"
NUMBERS = dict.fromkeys(range(24), 1)
os.environ["SET"] = "false"


class Plain:
    """Has no attributes."""


plain = Plain()
for name, function in (
    ("call of a function", lambda: None),
    ("re.findall of two, 48 chars", lambda: PATTERN.findall(ANSWER)),
    ("encode, 17 chars", lambda: "LANGCHAIN_TRACING".encode()),
    ("os.environ[name]", lambda: os.environ["SET"]),
    ("isinstance(None, Mapping)", lambda: isinstance(None, collections.abc.Mapping)),
    ("hasattr, missing", lambda: hasattr(plain, "missing")),
    ("typing.get_origin", lambda: typing.get_origin(str)),
    ("any(generator of 24)", lambda: any(n is None for n in NUMBERS)),
    ("list comprehension of 24", lambda: [n for n in NUMBERS]),  # noqa: C416
):
    seconds = min(timeit.repeat(function, number=3000, repeat=12)) / 3000
    print(f"{name:28} {seconds * 1e6:8.2f} us")
