"""langchain-core looks into `os.environ` sixteen times while one chain of three parts runs.

`_configure` asks `env_var_is_set` for two variables, for each of its four managers of callbacks. That is
`name in os.environ and os.environ[name] not in {...}`: where the variable is there, two look-ups, each of which encodes
the name and decodes the value. One `os.environ.get(name, "")` is the same, and for a chain once would be enough.
"""

import os
import timeit

from langchain_core.utils.env import env_var_is_set


def by_one_look_up(name: str) -> bool:
    return os.environ.get(name, "") not in {"", "0", "false", "False"}


for value in ("false", "true", "", None):
    os.environ.pop("LANGCHAIN_TRACING", None)
    if value is not None:
        os.environ["LANGCHAIN_TRACING"] = value
    assert env_var_is_set("LANGCHAIN_TRACING") == by_one_look_up("LANGCHAIN_TRACING")
    for name, function in (("as it is", env_var_is_set), ("one look-up", by_one_look_up)):
        seconds = min(timeit.repeat(lambda: function("LANGCHAIN_TRACING"), number=2000, repeat=8)) / 2000
        print(f"{value!r:8} {name:12} {seconds * 1e6:8.1f} us")
