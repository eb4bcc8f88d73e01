"""LangGraph's checkpointer whose checkpoints the host keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_checkpoint_id,
    get_checkpoint_metadata,
    writes_sort_key,
)
from langgraph.pregel._checkpoint import LATEST_VERSION

from ._errors import CheckpointError
from ._serializer import Serializer

#: The functions of the host by name: put, put_writes, get, list and delete.
Functions = dict[str, Callable[..., Any]]


class HostSaver(BaseCheckpointSaver[int]):
    """A checkpointer for one call, on functions of the host that take and return plain data.

    A checkpoint is a dict of ``thread``, ``namespace``, ``id``, ``parent`` (an id or None), ``checkpoint`` and
    ``metadata`` (bytes of msgpack). One that is read has ``writes`` too, dicts of ``task``, ``path``, ``index``,
    ``channel``, ``format`` and ``value`` (bytes).

    - ``put(checkpoint)`` stores one in place of one of its id.
    - ``put_writes(thread, namespace, id, writes)`` stores writes of tasks; of an index that is not negative the first
      stays, of any other the last.
    - ``get(thread, namespace, id)`` returns one, or the latest without an id, or None.
    - ``list(thread, namespace, before, limit)`` returns them, the latest first: all namespaces where it is None, those
      before an id, at most so many.
    - ``delete(thread)`` drops what there is of a thread.
    """

    def __init__(self, serializer: Serializer, functions: Functions) -> None:
        """Keep checkpoints by these functions."""
        super().__init__(serde=serializer)
        self._functions = functions

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,  # noqa: ARG002 - a checkpoint holds all of its channels
    ) -> RunnableConfig:
        """Store a checkpoint; raises CheckpointError for a state that could not be read again."""
        thread, namespace = _place(config)
        self._functions["put"](
            {
                "thread": thread,
                "namespace": namespace,
                "id": checkpoint["id"],
                "parent": get_checkpoint_id(config),
                "checkpoint": self.serde.dumps_typed(checkpoint)[1],
                "metadata": self.serde.dumps_typed(get_checkpoint_metadata(config, metadata))[1],
                "writes": [],
            }
        )
        return _config(thread, namespace, checkpoint["id"])

    def put_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Store what a task wrote."""
        dumped = []
        for position, (channel, value) in enumerate(writes):
            form, data = self.serde.dumps_typed(value)
            index = WRITES_IDX_MAP.get(channel, position)
            where = {"task": task_id, "path": task_path, "index": index, "channel": channel}
            dumped.append({**where, "format": form, "value": data})
        self._functions["put_writes"](*_place(config), get_checkpoint_id(config), dumped)

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Return the checkpoint that a config names, or the latest; raises CheckpointError for one of other bytes."""
        stored = self._functions["get"](*_place(config), get_checkpoint_id(config))
        return None if stored is None else self._tuple(stored)

    def list(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, Any] | None = None,  # noqa: A002 - upstream's name
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> Iterator[CheckpointTuple]:
        """Yield the checkpoints of a thread, the latest first."""
        if config is None:
            raise NotImplementedError("checkpoints are listed for one thread at a time: give a thread_id")
        values = config["configurable"]
        wanted = get_checkpoint_id(config)
        listed = self._functions["list"](
            values["thread_id"],
            values.get("checkpoint_ns"),
            get_checkpoint_id(before) if before else None,
            None if filter or wanted else limit,
        )
        left = limit
        for stored in listed:
            if left is not None and left <= 0:
                return
            if wanted and stored["id"] != wanted:
                continue
            found = self._tuple(stored)
            metadata: dict[str, Any] = {**found.metadata}
            if filter and any(metadata.get(key) != value for key, value in filter.items()):
                continue
            yield found
            left = None if left is None else left - 1

    def delete_thread(self, thread_id: str) -> None:
        """Drop what there is of a thread."""
        self._functions["delete"](thread_id)

    def _tuple(self, stored: dict[str, Any]) -> CheckpointTuple:
        thread, namespace = stored["thread"], stored["namespace"]
        try:
            checkpoint = self.serde.loads_typed(("msgpack", stored["checkpoint"]))
            _check_version(checkpoint)
            metadata = self.serde.loads_typed(("msgpack", stored["metadata"]))
            writes = [
                (each["task"], each["channel"], self.serde.loads_typed((each["format"], each["value"])))
                for each in sorted(
                    stored["writes"], key=lambda each: writes_sort_key(each["path"], each["task"], each["index"])
                )
            ]
        except CheckpointError as error:
            raise CheckpointError(
                f"the checkpoint {stored['id']} of thread {thread!r} cannot be read: {error}"
            ) from error
        return CheckpointTuple(
            config=_config(thread, namespace, stored["id"]),
            checkpoint=checkpoint,
            metadata=metadata,
            parent_config=_config(thread, namespace, stored["parent"]) if stored["parent"] else None,
            pending_writes=writes,
        )


def _check_version(checkpoint: Any) -> None:
    version = checkpoint.get("v") if isinstance(checkpoint, dict) else None
    if not isinstance(version, int) or not {"id", "channel_values", "channel_versions"} <= checkpoint.keys():
        raise CheckpointError("its bytes are no checkpoint of LangGraph")
    if version > LATEST_VERSION:
        raise CheckpointError(
            f"it has version {version} of LangGraph's format, and this LangGraph knows those up to {LATEST_VERSION}:"
            " a newer LangGraph wrote it"
        )


def _place(config: RunnableConfig) -> tuple[str, str]:
    values = config["configurable"]
    return str(values["thread_id"]), values.get("checkpoint_ns", "")


def _config(thread: str, namespace: str, checkpoint: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread, "checkpoint_ns": namespace, "checkpoint_id": checkpoint}}
