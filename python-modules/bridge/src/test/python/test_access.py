"""What the bridge's stand-ins for refused functions answer, on any Python."""

from __future__ import annotations

import asyncio
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from terrarium.bridge.access import SignalHandlers, getsizeof
from terrarium.bridge.errors import AccessError


def test_handlers_are_kept_and_the_one_before_is_returned() -> None:
    handlers = SignalHandlers()
    assert handlers.signal(2, print) == signal.SIG_DFL
    assert handlers.getsignal(2) is print
    assert handlers.signal(2, signal.SIG_IGN) is print
    assert handlers.getsignal(15) == signal.SIG_DFL
    handlers.forget()
    assert handlers.getsignal(2) == signal.SIG_DFL


def test_the_first_handler_is_reported_once() -> None:
    handlers = SignalHandlers()
    lines: list[str] = []
    handlers.report = lines.append
    handlers.signal(2, signal.SIG_IGN)
    assert not lines
    handlers.signal(2, print)
    handlers.signal(15, print)
    assert len(lines) == 1
    assert "signal 2" in lines[0]


@pytest.mark.parametrize(
    ("number", "handler", "error"),
    [(2, None, TypeError), (2, "SIG_DFL", TypeError), (0, print, ValueError), (65, print, ValueError)],
)
def test_what_is_no_signal_or_no_handler_is_refused_as_by_cpython(
    number: int, handler: object, error: type[Exception]
) -> None:
    with pytest.raises(error) as ours:
        SignalHandlers().signal(number, handler)
    with pytest.raises(error) as theirs:
        signal.signal(number, handler)  # type: ignore[arg-type]
    assert str(ours.value)[:20] == str(theirs.value)[:20]


def test_other_threads_set_no_handlers() -> None:
    handlers = SignalHandlers()
    with ThreadPoolExecutor(1) as executor:
        for failure in (
            executor.submit(handlers.signal, 2, print).exception(),
            executor.submit(handlers.set_wakeup_fd, 3).exception(),
        ):
            assert isinstance(failure, ValueError)
            assert "only works in main thread of the main interpreter" in str(failure)


def test_timers_are_refused_and_can_be_taken_away() -> None:
    handlers = SignalHandlers()
    assert handlers.alarm(0) == 0
    assert handlers.setitimer(signal.ITIMER_REAL, 0) == (0.0, 0.0)
    for start in (lambda: handlers.alarm(1), lambda: handlers.setitimer(signal.ITIMER_REAL, 0.1)):
        with pytest.raises(AccessError):
            start()


def test_event_loops_work_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    handlers = SignalHandlers()
    for name in ("getsignal", "set_wakeup_fd", "siginterrupt", "signal"):
        monkeypatch.setattr(signal, name, getattr(handlers, name))

    async def main() -> bool:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, print)
        return loop.remove_signal_handler(signal.SIGTERM)

    assert asyncio.run(main())
    assert handlers.set_wakeup_fd(-1) == -1


class Sized:
    def __sizeof__(self) -> int:
        return 1234


def test_sizes_are_near_those_of_cpython() -> None:
    assert getsizeof(Sized()) == 1234
    for number in (0, 1, 2**29, 2**30, 2**200, 1.5):
        assert getsizeof(number) == sys.getsizeof(number)
    for value in ("", "text", b"", b"bytes", [], [1, 2], (1,), object()):
        assert abs(getsizeof(value) - sys.getsizeof(value)) <= 40
