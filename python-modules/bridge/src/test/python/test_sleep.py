"""The sleep that can be stopped does what CPython's does otherwise. That it stops is shown by the engine's tests."""

import copy
import pickle
import time
from decimal import Decimal
from typing import Any

import pytest

from terrarium.bridge.sleep import sleep


class Index:
    def __index__(self) -> int:
        return 0


def outcome(function: Any, *arguments: Any, **names: Any) -> object:
    try:
        return function(*arguments, **names)
    except Exception as error:
        return type(error), str(error)


SECONDS: list[Any] = [0, 0.0, -0.0, False, 0.001, 1e-12, Index(), -1, -1.0, -1e-12, 1e300, 10**30, -(10**30), 2**63]
SECONDS += [float("nan"), float("inf"), float("-inf"), "1", None, Decimal(0), 0j, [], Index]


@pytest.mark.parametrize("seconds", SECONDS, ids=repr)
def test_errors_are_those_of_cpython(seconds: Any) -> None:
    assert outcome(sleep, seconds) == outcome(time.sleep, seconds)


def test_one_positional_argument_is_taken() -> None:
    for arguments, names in (((), {}), ((0, 0), {}), ((), {"seconds": 0})):
        assert outcome(sleep, *arguments, **names)[0] is TypeError  # type: ignore[index]


@pytest.mark.parametrize("seconds", [0.0004, 0.003, 0.02, 0.0501])
def test_it_lasts_as_long_as_was_asked_for(seconds: float) -> None:
    begin = time.monotonic_ns()
    sleep(seconds)
    assert (time.monotonic_ns() - begin) / 1e9 >= seconds * 0.999


def test_it_is_no_method_of_a_class_that_has_it() -> None:
    class Nap:
        sleep = sleep

    Nap().sleep(0)


def test_it_is_told_apart_from_no_copy_of_it() -> None:
    assert copy.deepcopy(sleep) is sleep
    assert pickle.loads(pickle.dumps(time.sleep)) is time.sleep  # noqa: S301
    assert sleep.__reduce__() == "sleep"
    assert (sleep.__module__, sleep.__name__) == ("time", "sleep")
