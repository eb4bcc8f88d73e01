"""Times with an offset: the standard library's zones in place of pydantic's, and nothing else changed."""

from __future__ import annotations

import datetime
from typing import Any

import pydantic
import pytest
from pydantic_core import TzInfo, to_json

from terrarium.bridge import times

TEXTS = ("2024-02-29T01:02:03Z", "2024-02-29T01:02:03.000004+05:30", "0001-01-01T23:59:59-23:59")


class Meeting(pydantic.BaseModel):
    at: datetime.datetime
    notes: dict[str, list[datetime.time]] = {}


def read(annotation: Any, value: Any) -> Any:
    return pydantic.TypeAdapter(annotation).validate_python(value)


@pytest.mark.parametrize("text", TEXTS)
def test_a_time_keeps_its_moment_its_offset_and_its_text(text: str) -> None:
    value = read(datetime.datetime, text)
    assert isinstance(value.tzinfo, TzInfo)
    changed = times.standard(value)
    assert isinstance(changed.tzinfo, datetime.timezone)
    assert changed == value
    assert changed.utcoffset() == value.utcoffset()
    assert changed.isoformat() == value.isoformat()
    assert to_json(changed).decode() == f'"{text}"'  # which ends the process on GraalPy with pydantic's zone


def test_a_model_that_is_not_built_yet_may_have_times() -> None:
    class Later(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(defer_build=True)
        at: datetime.datetime

    read_later = times.reader(pydantic.TypeAdapter(Later))
    assert isinstance(read_later({"at": TEXTS[1]}).at.tzinfo, datetime.timezone)


def test_what_has_no_zone_of_pydantic_is_itself() -> None:
    own = datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC)
    model = Meeting(at=own, notes={"a": [datetime.time(1)]})
    for value in ("text", 1, None, own, own.replace(tzinfo=None), own.date(), [own], {1: own}, (own, 2), {own}, model):
        assert times.standard(value) is value


def test_containers_and_models_are_looked_through() -> None:
    text = TEXTS[1]
    model = read(Meeting, {"at": text, "notes": {"a": ["01:02:03Z"]}})
    changed = times.standard(model)
    assert changed == model
    assert changed is not model
    assert changed.model_fields_set == model.model_fields_set
    assert isinstance(changed.at.tzinfo, datetime.timezone)
    assert isinstance(changed.notes["a"][0].tzinfo, datetime.timezone)
    assert changed.model_dump_json() == f'{{"at":"{text}","notes":{{"a":["01:02:03Z"]}}}}'
    for annotation in (list, tuple, set, frozenset):
        values = read(annotation[Any], annotation([read(datetime.datetime, text)]))
        assert times.standard(values) == values
        assert type(times.standard(values)) is annotation
        assert all(isinstance(value.tzinfo, datetime.timezone) for value in times.standard(values))
    keys = {read(datetime.datetime, text): "a"}
    assert times.standard(keys) == keys
    assert all(isinstance(key.tzinfo, datetime.timezone) for key in times.standard(keys))


@pytest.mark.parametrize("annotation", [datetime.datetime, datetime.time, list[datetime.datetime | None], Meeting])
def test_types_that_read_times_are_known(annotation: Any) -> None:
    assert times.reads_times(pydantic.TypeAdapter(annotation))


@pytest.mark.parametrize("annotation", [str, int, datetime.date, list[str], dict[str, float], Any])
def test_others_are_read_by_the_adapter_itself(annotation: Any) -> None:
    adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(annotation)
    assert not times.reads_times(adapter)
    assert times.reader(adapter) == adapter.validate_python


def test_a_reader_of_times_gives_them_safe_and_fails_as_the_adapter_does() -> None:
    reader = times.reader(pydantic.TypeAdapter(datetime.datetime))
    assert isinstance(reader(TEXTS[0]).tzinfo, datetime.timezone)
    with pytest.raises(pydantic.ValidationError, match="datetime"):
        reader("no time")


def test_a_reader_of_json_does_so_too() -> None:
    json_reader = times.json_reader(pydantic.TypeAdapter(Meeting))
    assert isinstance(json_reader(f'{{"at": "{TEXTS[0]}"}}').at.tzinfo, datetime.timezone)
    with pytest.raises(pydantic.ValidationError, match="JSON"):
        json_reader("no JSON")
