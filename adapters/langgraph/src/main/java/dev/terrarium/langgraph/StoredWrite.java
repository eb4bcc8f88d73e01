package dev.terrarium.langgraph;

/**
 * What one task wrote to one channel, as a {@link CheckpointSaver} keeps it. Immutable if its array
 * is not changed.
 *
 * @param task the task's id, which is the same when the task runs again
 * @param path where the task is in its step
 * @param index the number of the write; negative for LangGraph's own, such as an interrupt
 * @param channel the channel's name
 * @param format the form of the value, such as {@code msgpack}
 * @param value the value's bytes
 */
@SuppressWarnings("ArrayRecordComponent") // compared nowhere
public record StoredWrite(
    String task, String path, int index, String channel, String format, byte[] value) {}
