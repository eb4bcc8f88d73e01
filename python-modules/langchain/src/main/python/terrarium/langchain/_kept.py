"""What langchain-core makes anew at each call although it comes out the same, made once and kept.

Its files stay as they are: a name is bound anew, before the modules that import it are there.
"""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable, Mapping
from inspect import Parameter
from typing import Any, TypeAlias

from terrarium.bridge import kept

_Kept: TypeAlias = weakref.WeakKeyDictionary[types.FunctionType, Mapping[str, Parameter]]


def install() -> None:
    """Keep from now on what the parameters of functions are, unless the environment says otherwise."""
    from langchain_core.utils import _signature

    if kept.allowed() and not isinstance(_signature._signature_parameters, Parameters):
        _signature._signature_parameters = Parameters(_signature._signature_parameters)


class Parameters:
    """The parameters of a callable, kept for each function and, apart from that, for the methods that bind it."""

    def __init__(self, look_up: Callable[[Any], Mapping[str, Parameter]]) -> None:
        """Keep what ``look_up`` finds."""
        self._look_up = look_up
        self._of_functions: _Kept = weakref.WeakKeyDictionary()
        self._of_methods: _Kept = weakref.WeakKeyDictionary()

    def __call__(self, obj: Callable[..., Any]) -> Mapping[str, Parameter]:
        """Return the parameters by name, in order. Raises what ``inspect.signature`` does."""
        if type(obj) is types.MethodType:
            function, found = obj.__func__, self._of_methods
        else:
            function, found = obj, self._of_functions
        if type(function) is not types.FunctionType:  # other callables may be equal, and change
            return self._look_up(obj)
        parameters = found.get(function)
        if parameters is None:
            parameters = found[function] = self._look_up(obj)
        return parameters
