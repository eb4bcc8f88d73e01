"""A host that keeps checkpoints in memory, as Java does, and graphs as texts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from terrarium.bridge import host
from terrarium.bridge.testing import InMemoryRegistry
from terrarium.langgraph import LanggraphBridge


class Checkpoints:
    """Keeps checkpoints, and counts them."""

    def __init__(self) -> None:
        self.saved: dict[tuple[str, str, str], dict[str, Any]] = {}

    def functions(self) -> dict[str, Any]:
        return {
            "put": self._put,
            "put_writes": self._put_writes,
            "get": self._get,
            "list": self._list,
            "delete": self._delete,
        }

    def thread(self, name: str = "t", checkpoint: str | None = None) -> dict[str, Any]:
        return {"id": name, "functions": self.functions(), "checkpoint": checkpoint}

    def _put(self, checkpoint: dict[str, Any]) -> None:
        key = checkpoint["thread"], checkpoint["namespace"], checkpoint["id"]
        assert type(checkpoint["checkpoint"]) is type(checkpoint["metadata"]) is bytes
        writes = self.saved[key]["writes"] if key in self.saved else []
        self.saved[key] = {**checkpoint, "writes": writes}

    def _put_writes(self, thread: str, namespace: str, checkpoint: str, writes: list[dict[str, Any]]) -> None:
        place = {"thread": thread, "namespace": namespace, "id": checkpoint, "parent": None}
        saved = self.saved.setdefault((thread, namespace, checkpoint), {**place, "writes": []})
        for write in writes:
            same = [
                each for each in saved["writes"] if (each["task"], each["index"]) == (write["task"], write["index"])
            ]
            if same and write["index"] >= 0:
                continue
            saved["writes"] = [*(each for each in saved["writes"] if each not in same), write]

    def _get(self, thread: str, namespace: str, checkpoint: str | None) -> dict[str, Any] | None:
        found = [each for each in self._list(thread, namespace, None, None) if checkpoint in (None, each["id"])]
        return found[0] if found else None

    def _list(self, thread: str, namespace: str | None, before: str | None, limit: int | None) -> list[dict[str, Any]]:
        found = [
            saved
            for (of, inside, name), saved in sorted(self.saved.items(), key=lambda item: item[0][2], reverse=True)
            if of == thread and namespace in (None, inside) and (before is None or name < before)
        ]
        return found[:limit]

    def _delete(self, thread: str) -> None:
        self.saved = {key: saved for key, saved in self.saved.items() if key[0] != thread}


@contextmanager
def graph(text: str, name: str = "builder", file: str = "orders") -> Iterator[tuple[LanggraphBridge, str]]:
    """A bridge with a graph of a text, whose code is dropped again."""
    registry = InMemoryRegistry()
    host.install(registry.services())
    bridge = LanggraphBridge()
    try:
        spec = {"source": {"name": file, "files": {f"{file}.py": text}}, "graph": name}
        yield bridge, bridge.dispatch("define_program", {"spec": spec})["program"]
    finally:
        bridge.dispatch("cleanup_framework")
        host.uninstall(*registry.services())
