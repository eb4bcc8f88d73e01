package dev.terrarium.internal.value;

import dev.terrarium.MessageFormat;
import dev.terrarium.error.ArgumentException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads and writes the messages of {@link MessageFormat}. Stateless. */
public final class Messages {

  private Messages() {}

  /** Reads JSON, as {@link MessageFormat#read} says. */
  public static Map<String, @Nullable Object> readJson(byte[] message, int maxBytes) {
    return read(message, maxBytes, path -> new JsonReader(message, path).read());
  }

  /** Reads MessagePack, as {@link MessageFormat#read} says. */
  public static Map<String, @Nullable Object> readMsgpack(byte[] message, int maxBytes) {
    return read(message, maxBytes, path -> new MsgpackReader(message, path).read());
  }

  /** Writes JSON, as {@link MessageFormat#write} says. */
  public static byte[] writeJson(@Nullable Object plain) {
    return new JsonWriter(new ValuePath("result")).write(plain);
  }

  /** Writes MessagePack, as {@link MessageFormat#write} says. */
  public static byte[] writeMsgpack(@Nullable Object plain) {
    return new MsgpackWriter(new ValuePath("result")).write(plain);
  }

  private static Map<String, @Nullable Object> read(
      byte[] message, int maxBytes, Function<ValuePath, @Nullable Object> reader) {
    if (message.length > maxBytes) {
      throw new ArgumentException(
          "message: "
              + message.length
              + " bytes are more than the "
              + maxBytes
              + " that a message may have. Send less at once, or raise maxMessage.");
    }
    ValuePath path = new ValuePath("message");
    if (!(reader.apply(path) instanceof Map<?, ?> map)) {
      throw path.refuse("a message is a map of the arguments by name, and this is none");
    }
    Map<String, @Nullable Object> byName = LinkedHashMap.newLinkedHashMap(map.size());
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      if (!(entry.getKey() instanceof String name)) {
        throw path.refuse("the name of an argument is a text, not " + entry.getKey());
      }
      byName.put(name, entry.getValue());
    }
    return byName;
  }
}
