"""The stand-in for uuid-utils: the cases of upstream's own tests, the vectors of RFC 9562, and the standard library."""

import copy
import pickle
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

import uuid_utils
from uuid_utils import compat

V1 = "a8098c1a-f86e-11da-bd1a-00112444be1e"
# Of RFC 9562, appendices A and B: the same moment, 2022-02-22T19:22:22Z, in versions 1, 6 and 7, and 3, 4, 5, 8.
RFC_V1 = "c232ab00-9414-11ec-b3c8-9f6bdeced846"
RFC_V6 = "1ec9414c-232a-6b00-b3c8-9f6bdeced846"
RFC_V7 = "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"
RFC_V3 = "5df41881-3aed-3515-88a7-2f4a814cf09e"
RFC_V5 = "2ed6657d-e927-568b-95e1-2665a8aea6a2"
RFC_V8 = "2489e9ad-2ee2-8e00-8ec9-32d5f69181c0"
NIL = "00000000-0000-0000-0000-000000000000"
MAX = "ffffffff-ffff-ffff-ffff-ffffffffffff"
ALL = [V1, RFC_V1, RFC_V6, RFC_V7, RFC_V3, RFC_V5, RFC_V8, "919108f7-52d1-4320-9bac-f847db4148a8", NIL, MAX]
RFC_MILLIS = 1645557742000


def test_comes_from_this_project() -> None:
    assert uuid_utils.UUID.__init_subclass__ is not None
    assert "src/main/python" in str(uuid_utils.__file__).replace("\\", "/")
    assert uuid_utils.__version__ == compat.__version__ == "0.19.0"


@pytest.mark.parametrize("text", ALL)
def test_every_part_agrees_with_the_standard_library(text: str) -> None:
    made, known = uuid_utils.UUID(text), uuid.UUID(text)
    assert str(made) == text
    assert repr(made) == f"UUID('{text}')"
    names = ["bytes", "bytes_le", "clock_seq", "clock_seq_hi_variant", "clock_seq_low", "fields", "hex", "int", "node"]
    names += ["time_hi_version", "time_low", "time_mid", "urn", "variant", "version"]
    assert {name: getattr(made, name) for name in names} == {name: getattr(known, name) for name in names}
    assert int(made) == known.int
    assert hash(made) == hash(known)
    assert made.is_safe is uuid_utils.SafeUUID.unknown


@pytest.mark.parametrize("text", ALL)
def test_every_form_makes_the_same_uuid(text: str) -> None:
    known = uuid.UUID(text)
    expected = uuid_utils.UUID(text)
    made = [
        uuid_utils.UUID(hex=text.replace("-", "")),
        uuid_utils.UUID(text.upper()),
        uuid_utils.UUID("{" + text + "}"),
        uuid_utils.UUID(known.urn),
        uuid_utils.UUID(bytes=known.bytes),
        uuid_utils.UUID(bytes_le=known.bytes_le),
        uuid_utils.UUID(fields=known.fields),
        uuid_utils.UUID(int=known.int),
        uuid_utils.UUID.from_hex(text),
        uuid_utils.UUID.from_bytes(known.bytes),
        uuid_utils.UUID.from_bytes_le(known.bytes_le),
        uuid_utils.UUID.from_fields(known.fields),
        uuid_utils.UUID.from_int(known.int),
    ]
    assert made == [expected] * len(made)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({}, TypeError, "one of the hex, bytes, bytes_le, fields, or int arguments must be given"),
        ({"hex": V1, "int": 1}, TypeError, "one of the hex"),
        ({"hex": 5}, TypeError, "'int' object is not an instance of 'str'"),
        ({"hex": "0-0-0-0-0"}, ValueError, "badly formed hexadecimal UUID string"),
        ({"hex": "{" + V1}, ValueError, "badly formed"),
        ({"hex": V1.replace("-", "", 1)}, ValueError, "badly formed"),
        ({"bytes": b"short"}, ValueError, "expected a sequence of length 16"),
        ({"bytes_le": b"short"}, ValueError, "expected a sequence of length 16"),
        ({"int": 1 << 128}, OverflowError, "int too big to convert"),
        ({"int": -1}, OverflowError, "can't convert negative int to unsigned"),
        ({"fields": (0, 0, 0, 0, 0, 1 << 48)}, ValueError, "field 6 out of range"),
        ({"fields": (1 << 32, 0, 0, 0, 0, 0)}, OverflowError, "too big"),
        ({"hex": V1, "version": 0}, ValueError, "illegal version number"),
        ({"hex": V1, "version": 9}, ValueError, "illegal version number"),
    ],
)
def test_refuses(arguments: dict[str, object], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        uuid_utils.UUID(**arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("version", range(1, 9))
def test_version_is_put_in(version: int) -> None:
    assert uuid_utils.UUID(V1, version=version).version == version
    assert uuid_utils.UUID(V1).set_version(version).version == version


def test_version_is_none_outside_the_rfc_variant() -> None:
    assert uuid_utils.UUID(NIL).version is None
    assert uuid_utils.UUID(MAX).version is None


@pytest.mark.parametrize(
    ("text", "ticks", "millis"),
    [
        (V1, 133692293110139930, 1149936511013),
        (RFC_V1, 138648505420000000, RFC_MILLIS),
        (RFC_V6, 138648505420000000, RFC_MILLIS),
        (RFC_V7, RFC_MILLIS, RFC_MILLIS),
    ],
)
def test_time(text: str, ticks: int, millis: int) -> None:
    made = uuid_utils.UUID(text)
    assert made.time == ticks
    assert made.timestamp == millis


def test_time_without_one() -> None:
    assert uuid_utils.UUID("a8098c1a-f86e-41da-bd1a-00112444be1e").time == 133692293110139930
    with pytest.raises(ValueError, match=r"v1, v6 or v7"):
        _ = uuid_utils.uuid4().timestamp


def test_immutable_and_copied_as_itself() -> None:
    made = uuid_utils.UUID(V1)
    with pytest.raises(TypeError, match="immutable"):
        made.int = 3  # type: ignore[misc]
    with pytest.raises(TypeError, match="immutable"):
        del made._int
    assert copy.copy(made) == copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made  # noqa: S301


def test_order_and_equality() -> None:
    one, two = uuid_utils.UUID(int=1), uuid_utils.UUID(int=2)
    assert one < two
    assert one <= two
    assert two > one
    assert two >= one
    assert one != two
    assert one == uuid_utils.UUID(int=1)
    assert one != uuid.UUID(int=1)
    with pytest.raises(TypeError):
        assert one < uuid.UUID(int=2)  # type: ignore[operator]


def test_hashed_names() -> None:
    assert str(uuid_utils.uuid3(uuid_utils.NAMESPACE_DNS, "www.example.com")) == RFC_V3
    assert str(uuid_utils.uuid5(uuid_utils.NAMESPACE_DNS, "www.example.com")) == RFC_V5
    assert uuid_utils.uuid5(uuid_utils.NAMESPACE_URL, b"x") == uuid_utils.uuid5(uuid_utils.NAMESPACE_URL, "x")
    with pytest.raises(TypeError):
        uuid_utils.uuid3(uuid.NAMESPACE_DNS, "x")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        uuid_utils.uuid5(uuid_utils.NAMESPACE_DNS, 5)  # type: ignore[arg-type]


def test_uuid1() -> None:
    made = uuid_utils.uuid1(0x123456789ABC, 1234)
    assert (made.version, made.variant) == (1, uuid_utils.RFC_4122)
    assert (made.node, made.clock_seq) == (0x123456789ABC, 1234)
    assert abs(made.timestamp - time.time() * 1000) < 10_000
    assert uuid_utils.uuid1().node == uuid_utils.getnode()
    assert uuid_utils.uuid1(5, (1 << 15) + 3).clock_seq == 3


def test_uuid6() -> None:
    assert abs(uuid_utils.uuid6().timestamp - time.time() * 1000) < 10_000
    made = uuid_utils.uuid6(0x9F6BDECED846, 1645557742, 0)
    assert made.version == 6
    assert str(made)[:18] == RFC_V6[:18]
    assert made.node == 0x9F6BDECED846


def test_uuid7_of_a_given_time() -> None:
    made = uuid_utils.uuid7(1645557742, 5_000_000)
    assert (made.version, made.variant, made.timestamp) == (7, uuid_utils.RFC_4122, RFC_MILLIS + 5)
    assert uuid_utils.uuid7(1, 2_500_000_000).timestamp == 3500
    assert abs(uuid_utils.uuid7(nanos=5).timestamp - time.time() * 1000) < 10_000
    with pytest.raises(OverflowError):
        uuid_utils.uuid7(-1)
    with pytest.raises(OverflowError):
        uuid_utils.uuid7(1, 1 << 33)
    with pytest.raises(TypeError):
        uuid_utils.uuid7(1.5)  # type: ignore[arg-type]


def test_uuid7_grows_within_a_thread_and_never_repeats_across_threads() -> None:
    def many(_: int) -> list[int]:
        return [uuid_utils.uuid7().int for _ in range(2000)]

    with ThreadPoolExecutor(4) as threads:
        runs = list(threads.map(many, range(4)))
    assert all(run == sorted(run) for run in runs)
    assert len({number for run in runs for number in run}) == 8000


def test_uuid1_and_6_do_not_repeat() -> None:
    assert len({uuid_utils.uuid1() for _ in range(2000)} | {uuid_utils.uuid6() for _ in range(2000)}) == 4000


def test_uuid8() -> None:
    assert str(uuid_utils.uuid8(uuid.UUID(RFC_V8).bytes)) == RFC_V8
    assert str(uuid_utils.uuid8(b"a" * 16)) == "61616161-6161-8161-a161-616161616161"
    with pytest.raises(ValueError, match="length 16"):
        uuid_utils.uuid8(b"a")


def test_constants() -> None:
    for module in (uuid_utils, compat):
        for name in ("NAMESPACE_DNS", "NAMESPACE_OID", "NAMESPACE_URL", "NAMESPACE_X500"):
            assert getattr(module, name).int == getattr(uuid, name).int
        assert str(module.NIL) == NIL
        assert str(module.MAX) == MAX
        assert module.RESERVED_FUTURE == uuid.RESERVED_FUTURE
        assert all(hasattr(module, name) for name in module.__all__)


def test_getnode_is_stable() -> None:
    assert 0 < uuid_utils.getnode() < 1 << 48
    assert uuid_utils.getnode() == compat.getnode()


def test_compat_makes_uuids_of_the_standard_library() -> None:
    made = {
        1: compat.uuid1(0x123456789ABC, 1234),
        3: compat.uuid3(uuid.NAMESPACE_DNS, "www.example.com"),
        4: compat.uuid4(),
        5: compat.uuid5(uuid.NAMESPACE_DNS, "www.example.com"),
        6: compat.uuid6(0x123456789ABC, 1645557742),
        7: compat.uuid7(1645557742, 5_000_000),
        8: compat.uuid8(uuid.UUID(RFC_V8).bytes),
    }
    assert all(type(value) is uuid.UUID for value in made.values())
    assert {number: (value.version, value.variant) for number, value in made.items()} == {
        number: (number, uuid.RFC_4122) for number in made
    }
    assert (made[1].node, made[1].clock_seq, made[6].node) == (0x123456789ABC, 1234, 0x123456789ABC)
    assert (str(made[3]), str(made[5]), str(made[8])) == (RFC_V3, RFC_V5, RFC_V8)
    assert made[7].int >> 80 == RFC_MILLIS + 5
    assert all(pickle.loads(pickle.dumps(value)) == copy.copy(value) == value for value in made.values())  # noqa: S301
    assert all(value.is_safe is uuid.SafeUUID.unknown for value in made.values())
    assert compat.uuid7() < compat.uuid7()
