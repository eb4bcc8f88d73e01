package dev.terrarium;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.internal.value.Messages;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A format of encoded messages, for callers that have bytes and want bytes. Stateless. Any value
 * that a call returns as plain data is written and read again as an equal value; only a number of
 * more than 10,000 characters is refused. The formats have these values in their own terms: null,
 * booleans, 64-bit integers, finite doubles, texts, lists and maps with text keys. All other values
 * are tagged:
 *
 * <table>
 * <caption>Values that are tagged</caption>
 * <tr><th>value</th><th>JSON</th><th>MessagePack</th></tr>
 * <tr><td>byte[]</td><td>{@code {"$bytes": BASE64}}</td><td>bin</td></tr>
 * <tr><td>BigInteger</td><td>{@code {"$int": TEXT}}</td><td>uint 64, else extension 1</td></tr>
 * <tr><td>BigDecimal</td><td>{@code {"$decimal": TEXT}}</td><td>extension 2</td></tr>
 * <tr><td>date</td><td>{@code {"$date": TEXT}}</td><td>extension 3</td></tr>
 * <tr><td>time</td><td>{@code {"$time": TEXT}}</td><td>extension 4</td></tr>
 * <tr><td>date and time</td><td>{@code {"$datetime": TEXT}}</td><td>extension 5</td></tr>
 * <tr><td>Duration</td><td>{@code {"$duration": TEXT}}</td><td>extension 6</td></tr>
 * <tr><td>UUID</td><td>{@code {"$uuid": TEXT}}</td><td>extension 8</td></tr>
 * <tr><td>NaN, infinities</td><td>{@code {"$float": TEXT}}</td><td>float 64</td></tr>
 * <tr><td>short[], int[], long[], float[], double[]</td><td>{@code {"$double[]": BASE64}}</td>
 *     <td>extensions 16 to 20</td></tr>
 * <tr><td>map with other keys</td><td>{@code {"$map": [[KEY, VALUE], ...]}}</td><td>map</td></tr>
 * </table>
 *
 * <p>The text of a time is ISO 8601, that of a number is decimal; extensions 1 to 6 and 8 hold such
 * a text in UTF-8; arrays are little-endian. A JSON object with a tag among its keys has no other
 * key; a map that has such a key is written by {@code $map}. MessagePack's own time stamp
 * (extension -1) is read as an OffsetDateTime.
 */
public enum MessageFormat {
  JSON,
  MSGPACK;

  /**
   * Reads a message that maps names to values.
   *
   * @param maxBytes the length of the longest message that is read
   * @throws ArgumentException when the message is longer, before any of it is read
   * @throws ConversionException when the message is not of this format, with the position in bytes;
   *     or when it has a value without a meaning, a duplicate key, or a depth above 500 levels,
   *     with the path
   */
  public Map<String, @Nullable Object> read(byte[] message, int maxBytes) {
    return switch (this) {
      case JSON -> Messages.readJson(message, maxBytes);
      case MSGPACK -> Messages.readMsgpack(message, maxBytes);
    };
  }

  /**
   * Encodes plain data, such as the result of a call, as a message.
   *
   * @throws ConversionException for a value that is not plain data, with its path
   */
  public byte[] write(@Nullable Object plain) {
    return switch (this) {
      case JSON -> Messages.writeJson(plain);
      case MSGPACK -> Messages.writeMsgpack(plain);
    };
  }
}
