"""The stand-in of rpds: what its users rely on. Upstream's own tests of these three types pass too."""

import pickle
from collections.abc import Callable, Hashable, ItemsView, KeysView, Mapping, Set, ValuesView
from typing import Any

import rpds
from rpds import HashTrieMap, HashTrieSet, List


def raised(kind: type[BaseException], call: Callable[[], Any]) -> Any:
    try:
        call()
    except kind as error:
        return error
    raise AssertionError(f"{kind.__name__} was not raised")


def test_a_map_does_not_change() -> None:
    one = HashTrieMap({"a": 1})
    two = one.insert("b", 2)
    assert (dict(one), dict(two)) == ({"a": 1}, {"a": 1, "b": 2})
    assert two.remove("a") == HashTrieMap(b=2)
    assert two.insert("a", 5)["a"] == 5
    assert two["a"] == 1
    assert one.update({"c": 3}, [("c", 4)], d=5) == HashTrieMap(a=1, c=4, d=5)
    assert one.update() == one
    source = {"a": 1}
    copied = HashTrieMap(source)
    source["a"] = 2
    assert copied["a"] == 1


def test_keys_that_are_not_there() -> None:
    empty: HashTrieMap[str, int] = HashTrieMap()
    assert raised(KeyError, lambda: empty["a"]).args == ("a",)
    assert raised(KeyError, lambda: empty.remove("a")).args == ("a",)
    assert empty.discard("a") == empty
    assert (empty.get("a"), empty.get("a", 1), "a" in empty, bool(empty)) == (None, 1, False, False)


def test_a_map_is_a_mapping_but_equals_only_maps() -> None:
    both = HashTrieMap([(1, 2), (3, 4)])
    assert isinstance(both, Mapping)
    assert isinstance(both, Hashable)
    assert both == HashTrieMap([(3, 4), (1, 2)])
    assert both != {1: 2, 3: 4}
    assert hash(both) == hash(HashTrieMap([(3, 4), (1, 2)]))
    assert hash(HashTrieMap({1: 2})) != hash(HashTrieMap({1: 3}))
    assert "key 'a'" in str(raised(TypeError, lambda: hash(HashTrieMap(a=[]))))
    assert repr(HashTrieMap({"a": 1})) == "HashTrieMap({'a': 1})"
    assert pickle.loads(pickle.dumps(both)) == both  # noqa: S301 - our own bytes


def test_converting_and_from_keys() -> None:
    one: HashTrieMap[str, int] = HashTrieMap(a=1)
    assert HashTrieMap.convert(one) is one
    assert HashTrieMap.convert({"a": 1}) == one
    assert HashTrieMap.fromkeys("ab") == HashTrieMap(a=None, b=None)
    assert HashTrieMap.fromkeys("a", 1) == one


def test_views_of_a_map() -> None:
    both = HashTrieMap({1: 2, 3: 4})
    assert isinstance(both.keys(), KeysView)
    assert isinstance(both.values(), ValuesView)
    assert isinstance(both.items(), ItemsView)
    assert both.keys() == {1, 3} == {1: 0, 3: 0}.keys()
    assert both.keys() & [1] == {1}
    assert both.keys() | {5} == {1, 3, 5}
    assert both.keys().intersection((1, 9)) == {1}  # type: ignore[attr-defined]
    assert sorted(both.values()) == [2, 4]
    assert both.items() == {(1, 2), (3, 4)}
    assert both.items() & [[1, 2]] == set()
    assert (1, 2) in both.items()
    assert repr(HashTrieMap({1: 2}).keys()) == "keys_view({1})"
    assert repr(HashTrieMap({1: 2}).values()) == "values_view([2])"
    assert repr(HashTrieMap({1: 2}).items()) == "items_view([(1, 2)])"


def test_a_set_does_not_change() -> None:
    one = HashTrieSet([1])
    assert (set(one.insert(2)), set(one)) == ({1, 2}, {1})
    assert one.update([2], [3]) == {1, 2, 3}
    assert set(one.remove(1)) == set()
    assert one.discard(9) == one
    assert raised(KeyError, lambda: one.remove(9)).args == (9,)


def test_a_set_is_a_set() -> None:
    left, right = HashTrieSet([1, 2, 3]), HashTrieSet([3, 4])
    assert isinstance(left, Set)
    assert left == {3, 2, 1}
    assert left != [1, 2, 3]
    assert hash(left) == hash(HashTrieSet([3, 2, 1]))
    assert left | right == left.union(right) == {1, 2, 3, 4}
    assert left & right == left.intersection(right) == {3}
    assert left - right == left.difference(right) == {1, 2}
    assert left ^ right == left.symmetric_difference(right) == {1, 2, 4}
    assert all(isinstance(each, HashTrieSet) for each in (left | right, left & right, left - right, left ^ right))
    assert HashTrieSet([1]) < left >= HashTrieSet([1, 2])
    assert repr(HashTrieSet([1])) == "HashTrieSet({1})"
    assert pickle.loads(pickle.dumps(left)) == left  # noqa: S301 - our own bytes


def test_a_list_shares_its_tail() -> None:
    empty: List[int] = List()
    two = empty.push_front(2)
    one = two.push_front(1)
    assert (list(one), list(two), list(empty)) == ([1, 2], [2], [])
    assert one.rest is two
    assert one.drop_first() is two
    assert (one.first, len(one), len(empty), bool(empty)) == (1, 2, 0, False)
    assert one == List([1, 2]) == List(1, 2)
    assert one != List([2, 1])
    assert one != [1, 2]
    assert hash(one) == hash(List([1, 2]))
    assert reversed(one) == List([2, 1])
    assert repr(one) == "List([1, 2])"
    assert pickle.loads(pickle.dumps(one)) == one  # noqa: S301 - our own bytes


def test_an_empty_list() -> None:
    empty: List[int] = List()
    raised(IndexError, lambda: empty.first)
    raised(IndexError, empty.drop_first)
    assert empty.rest == empty
    assert empty.push_front(1).rest == empty


def test_a_long_list_needs_no_deep_stack() -> None:
    assert sum(List(range(20_000))) == sum(range(20_000))
    assert len(List(range(20_000)).rest) == 19_999


def test_what_is_lacking_is_named() -> None:
    assert "Queue" in str(raised(NotImplementedError, lambda: rpds.Queue))
    assert "Stack" in str(raised(NotImplementedError, lambda: rpds.Stack))
    raised(AttributeError, lambda: rpds.Nothing)
