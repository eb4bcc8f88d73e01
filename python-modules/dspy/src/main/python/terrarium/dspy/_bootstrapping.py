"""The search for demonstrations by ``dspy.BootstrapFewShot``, whose runs the host makes ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dspy

from . import _traces

if TYPE_CHECKING:
    from ._optimize import Optimization


class Bootstrapping:
    """The search for demonstrations of one ``BootstrapFewShot``, which ends when as many as may be were found."""

    def __init__(self, optimization: Optimization, optimizer: Any, most: int) -> None:
        """Begin with the first example."""
        self._optimization = optimization
        self._optimizer = optimizer
        self._wanted = most
        self._next = 0
        self._ahead = 0
        self._replays: _traces.Replays | None = None

    def before(self, example_round: int) -> None:
        """Before an example is tried, have the host make the runs that will be wanted in any case."""
        if example_round:
            return
        if self._next == self._ahead:
            self.end()
            batch = self._optimizer.trainset[self._next : self._next + self._wanted]
            self._ahead += len(batch)
            self._replays = self._made(batch)
            self._replays.install()
        self._next += 1

    def after(self, success: Any) -> None:
        """After an example was tried, count it."""
        self._wanted -= 1 if success else 0

    def end(self) -> None:
        """Leave the rest to the optimizer."""
        if self._replays is not None:
            self._replays.remove()

    def _made(self, batch: list[dspy.Example]) -> _traces.Replays:
        teacher = self._optimizer.teacher
        demos = [each.demos for each in teacher.predictors()]
        with dspy.settings.context(**self._optimizer.teacher_settings):
            lm = _traces.lm_of(teacher)
        wanted: list[_traces.Wanted] = []
        if lm is not None and (self._optimization.contexts > 1 or not any(demos)):
            for example in batch:
                for each, own in zip(teacher.predictors(), demos, strict=True):
                    each.demos = [demo for demo in own if demo != example]  # as the optimizer does
                wanted.append(_traces.Wanted(teacher, _traces.bare_state(teacher), example, lm))
            for each, own in zip(teacher.predictors(), demos, strict=True):
                each.demos = own
        return self._optimization.made_ahead(wanted)
