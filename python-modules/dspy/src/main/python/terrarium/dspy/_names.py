"""The names of a module's parts, as DSPy names them: ``self``, ``query``, ``answer.predict``."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import dspy

SELF = "self"


class Names:
    """The names of the parts of one module, and of the copies of it that ``dspy.BestOfN`` and ``dspy.Refine`` run."""

    def __init__(self, module: dspy.Module) -> None:
        """Name the parts of a module."""
        self._names = _names_of(module)

    def of(self, part: Any) -> str:
        """Return the name of a part that runs, or is about to.

        A part that DSPy makes while it runs, such as the predictor that advises ``dspy.Refine``, has the name of its
        signature.
        """
        name = self._names.get(id(part)) or self._of_copy(part)
        if name is not None:
            return name
        return part.signature.__name__ if isinstance(part, dspy.Predict) else type_of(part)

    def of_asker(self) -> str:
        """Return the name of the predictor that asks the language model; of the module that asks without any."""
        callers = dspy.settings.caller_modules or ()
        predictors = [each for each in callers if isinstance(each, dspy.Predict)]
        return self.of((predictors or callers)[-1]) if callers else SELF

    def _of_copy(self, part: Any) -> str | None:
        running = [*(dspy.settings.caller_modules or ()), part]
        for outer, copy in pairwise(running):
            around = self._names.get(id(outer))
            if around is not None and isinstance(outer, (dspy.BestOfN, dspy.Refine)):
                within = _names_of(copy).get(id(part))
                if within is not None and _is_copied(copy, outer.module):
                    return ".".join(name for name in (around, "module", within) if name != SELF)
        return None


def _names_of(module: dspy.Module) -> dict[int, str]:
    names = {id(part): name.removeprefix("self.") for name, part in module.named_sub_modules()}
    return names | {id(part): name for name, part in module.named_predictors()}


def _is_copied(copy: dspy.Module, module: dspy.Module) -> bool:
    """Return whether a module has the predictors of the other one."""
    return _outputs_of(copy) == _outputs_of(module)


def _outputs_of(module: dspy.Module) -> dict[str, list[str]]:
    return {name: [*predictor.signature.output_fields] for name, predictor in module.named_predictors()}


def type_of(part: Any) -> str:
    """Return the name of a part's class; of DSPy's, where it is one of Terrarium's."""
    return next(cls.__name__ for cls in type(part).__mro__ if not cls.__module__.startswith("terrarium.dspy"))
