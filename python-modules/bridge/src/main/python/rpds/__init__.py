"""Persistent collections: a stand-in for ``rpds-py``, which has no build for GraalPy.

Claimed: ``HashTrieMap``, ``HashTrieSet`` and ``List``, all that ``referencing`` and ``jsonschema``
use. They are immutable and hashable, and every change returns a new collection. Changing a map or
a set copies it, which is cheap at the sizes these packages have; a list shares its tail.
"""

from __future__ import annotations

from collections.abc import Hashable, ItemsView, Iterable, Iterator, KeysView, Mapping, Set, ValuesView
from typing import Any, Generic, NoReturn, Self, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")

__all__ = ["HashTrieMap", "HashTrieSet", "List"]

_LACKING = ("Queue", "Stack")


def __getattr__(name: str) -> NoReturn:
    if name in _LACKING:
        raise NotImplementedError(f"Terrarium's stand-in of rpds has no {name}")
    raise AttributeError(f"module 'rpds' has no attribute {name!r}")


class _Keys(KeysView[Any]):
    __slots__ = ()

    def __repr__(self) -> str:
        return f"keys_view({_set_text(self)})"

    def intersection(self, other: Iterable[Any]) -> set[Any]:
        return set(self) & set(other)

    def union(self, other: Iterable[Any]) -> set[Any]:
        return set(self) | set(other)


class _Values(ValuesView[Any]):
    __slots__ = ()

    def __repr__(self) -> str:
        return f"values_view({list(self)!r})"


class _Items(ItemsView[Any, Any]):
    __slots__ = ()

    def __contains__(self, item: object) -> bool:
        return isinstance(item, tuple) and len(item) == 2 and super().__contains__(item)

    def __repr__(self) -> str:
        return f"items_view({list(self)!r})"

    def intersection(self, other: Iterable[Any]) -> set[Any]:
        return set(self) & set(other)

    def union(self, other: Iterable[Any]) -> set[Any]:
        return set(self) | set(other)


class HashTrieMap(Mapping[K, V]):
    """An immutable mapping; equal to another ``HashTrieMap`` of the same items and to nothing else."""

    __slots__ = ("_items",)

    _items: dict[K, V]

    def __init__(self, value: Mapping[K, V] | Iterable[tuple[K, V]] = (), /, **kwds: V) -> None:
        self._items = dict(value, **kwds)

    @classmethod
    def convert(cls, value: Mapping[K, V] | Iterable[tuple[K, V]], /) -> HashTrieMap[K, V]:
        """Return the value itself when it is such a map, else a map of its items."""
        return value if isinstance(value, HashTrieMap) else cls(value)

    @classmethod
    def fromkeys(cls, keys: Iterable[K], value: Any = None, /) -> HashTrieMap[K, Any]:
        """Return a map that has one value for all keys."""
        return _map(dict.fromkeys(keys, value))

    def insert(self, key: K, value: V, /) -> HashTrieMap[K, V]:
        """Return a map that also has this item."""
        return _map({**self._items, key: value})

    def remove(self, key: K, /) -> HashTrieMap[K, V]:
        """Return a map without the key; raises KeyError when it is not there."""
        if key not in self._items:
            raise KeyError(key)
        return self.discard(key)

    def discard(self, key: K, /) -> HashTrieMap[K, V]:
        """Return a map without the key, whether it is there or not."""
        items = dict(self._items)
        items.pop(key, None)
        return _map(items)

    def update(self, *maps: Mapping[Any, Any] | Iterable[tuple[Any, Any]], **kwds: Any) -> HashTrieMap[Any, Any]:
        """Return a map that also has the items of the others; the rightmost of a key counts."""
        items: dict[Any, Any] = dict(self._items)
        for each in maps:
            items.update(each)
        items.update(kwds)
        return _map(items)

    def keys(self) -> KeysView[K]:
        return _Keys(self)

    def values(self) -> ValuesView[V]:
        return _Values(self)

    def items(self) -> ItemsView[K, V]:
        return _Items(self)

    def __getitem__(self, key: K) -> V:
        return self._items[key]

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[K]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __eq__(self, other: object) -> bool:
        return self._items == other._items if isinstance(other, HashTrieMap) else NotImplemented

    def __hash__(self) -> int:
        hashes = []
        for key, value in self._items.items():
            try:
                hashes.append(hash((key, value)))
            except Exception as error:
                raise TypeError(f"Unhashable type in HashTrieMap of key {key!r}") from error
        return hash(("HashTrieMap", frozenset(hashes)))

    def __repr__(self) -> str:
        return f"HashTrieMap({self._items!r})"

    def __reduce__(self) -> tuple[type[Self], tuple[dict[K, V]]]:
        return (type(self), (self._items,))


def _map(items: dict[Any, Any]) -> HashTrieMap[Any, Any]:
    made = HashTrieMap.__new__(HashTrieMap)
    made._items = items
    return made


class HashTrieSet(Set[T]):
    """An immutable set, equal to any set of the same elements."""

    __slots__ = ("_elements",)

    _elements: frozenset[T]

    def __init__(self, value: Iterable[T] = (), /) -> None:
        self._elements = frozenset(value)

    def insert(self, value: T, /) -> HashTrieSet[T]:
        """Return a set that also has the value."""
        return HashTrieSet(self._elements | {value})

    def remove(self, value: T, /) -> HashTrieSet[T]:
        """Return a set without the value; raises KeyError when it is not there."""
        if value not in self._elements:
            raise KeyError(value)
        return self.discard(value)

    def discard(self, value: T, /) -> HashTrieSet[T]:
        """Return a set without the value, whether it is there or not."""
        return HashTrieSet(self._elements - {value})

    def update(self, *iterables: Iterable[T]) -> HashTrieSet[T]:
        """Return a set that also has the elements of the others."""
        return HashTrieSet(self._elements.union(*iterables))

    def union(self, other: Iterable[T], /) -> HashTrieSet[T]:
        return HashTrieSet(self._elements.union(other))

    def intersection(self, other: Iterable[T], /) -> HashTrieSet[T]:
        return HashTrieSet(self._elements.intersection(other))

    def difference(self, other: Iterable[T], /) -> HashTrieSet[T]:
        return HashTrieSet(self._elements.difference(other))

    def symmetric_difference(self, other: Iterable[T], /) -> HashTrieSet[T]:
        return HashTrieSet(self._elements.symmetric_difference(other))

    def __contains__(self, value: object) -> bool:
        return value in self._elements

    def __iter__(self) -> Iterator[T]:
        return iter(self._elements)

    def __len__(self) -> int:
        return len(self._elements)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Set):
            return NotImplemented
        return len(self) == len(other) and all(value in other for value in self._elements)

    def __hash__(self) -> int:
        return hash(self._elements)

    def __repr__(self) -> str:
        return f"HashTrieSet({_set_text(self._elements)})"

    def __reduce__(self) -> tuple[type[Self], tuple[list[T]]]:
        return (type(self), (list(self._elements),))


class List(Generic[T]):
    """An immutable linked list; pushing to the front and dropping from it share the rest."""

    __slots__ = ("_head", "_length", "_tail")

    _head: T
    _tail: List[T] | None
    _length: int

    def __init__(self, value: Iterable[T] | Any = (), /, *more: T) -> None:
        elements: list[Any] = [value, *more] if more else list(value)
        tail: List[T] | None = None
        for element in reversed(elements[1:]):
            tail = _cons(element, tail)
        self._tail = tail
        self._length = len(elements)
        if elements:
            self._head = elements[0]

    @property
    def first(self) -> T:
        """The first element; raises IndexError when the list is empty."""
        if not self._length:
            raise IndexError("empty list has no first element")
        return self._head

    @property
    def rest(self) -> List[T]:
        """The list without its first element; an empty list when there is none."""
        return List() if self._tail is None else self._tail

    def push_front(self, value: T, /) -> List[T]:
        """Return a list with one more element, the first."""
        return _cons(value, self)

    def drop_first(self) -> List[T]:
        """Return the list without its first element; raises IndexError when the list is empty."""
        if not self._length:
            raise IndexError("empty list has no first element")
        return self.rest

    def __iter__(self) -> Iterator[T]:
        node: List[T] | None = self
        while node is not None and node._length:
            yield node._head
            node = node._tail

    def __reversed__(self) -> List[T]:
        return List(list(self)[::-1])

    def __len__(self) -> int:
        return self._length

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, List) else NotImplemented

    def __hash__(self) -> int:
        return hash(("List", *self))

    def __repr__(self) -> str:
        return f"List({list(self)!r})"

    def __reduce__(self) -> tuple[type[Self], tuple[list[T]]]:
        return (type(self), (list(self),))


def _cons(head: Any, tail: List[Any] | None) -> List[Any]:
    node: List[Any] = List.__new__(List)
    node._head = head
    node._tail = tail or None
    node._length = 1 + (len(tail) if tail else 0)
    return node


def _set_text(elements: Iterable[Any]) -> str:
    return f"{{{', '.join(map(repr, elements))}}}"
