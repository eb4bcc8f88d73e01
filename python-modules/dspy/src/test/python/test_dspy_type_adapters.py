"""What DSPy asks of pydantic's type adapters: a failure of one moment changes no prompt."""

import datetime
import logging
from types import SimpleNamespace
from typing import Any

import pydantic
import pytest
from dspy.adapters import utils

from terrarium.dspy import _type_adapters

TIMES = [datetime.datetime(2024, 2, 29, 12, 0)]


def failing(failures: int) -> Any:
    """An adapter of lists whose first calls fail, that many."""
    adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(list)
    left = iter(range(failures))

    def dump_python(*args: Any, **kwargs: Any) -> Any:
        if next(left, None) is not None:
            raise SystemError("of one moment")
        return adapter.dump_python(*args, **kwargs)

    return SimpleNamespace(validate_python=adapter.validate_python, dump_python=dump_python)


@pytest.mark.parametrize(
    ("failures", "written", "logged"),
    [
        (0, ["2024-02-29T12:00:00"], 0),
        (1, ["2024-02-29T12:00:00"], 1),
        (2, "[datetime.datetime(2024, 2, 29, 12, 0)]", 0),  # as DSPy writes what pydantic cannot
    ],
)
def test_writing_a_value_fails_only_when_it_fails_twice(
    failures: int, written: Any, logged: int, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = _type_adapters._Adapter(failing(failures), reads_times=False)
    monkeypatch.setattr(utils, "TypeAdapter", lambda _: adapter)
    with caplog.at_level(logging.WARNING, logger=_type_adapters.__name__):
        assert utils.serialize_for_json(TIMES) == written
    assert len(caplog.records) == logged
    assert all("list" in record.getMessage() and "of one moment" in record.getMessage() for record in caplog.records)
