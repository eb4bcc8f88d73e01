package dev.terrarium.internal.value;

import dev.terrarium.Callback;
import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.proxy.ProxyExecutable;
import org.jspecify.annotations.Nullable;

/**
 * Plain data between Java and one Python context. Values are copied: Python gets real {@code dict},
 * {@code list}, {@code str}..., Java gets {@link Map}, {@link List}, {@link String}..., and nothing
 * that belongs to the context leaves it. Used on the context's carrier thread only.
 *
 * <table>
 * <caption>What becomes what</caption>
 * <tr><th>Java</th><th>Python</th><th>back in Java</th></tr>
 * <tr><td>null, empty Optional, OptionalInt, OptionalLong, OptionalDouble</td><td>None</td>
 *     <td>null</td></tr>
 * <tr><td>Boolean</td><td>bool</td><td>Boolean</td></tr>
 * <tr><td>Byte, Short, Integer, Long, BigInteger, Year</td><td>int</td>
 *     <td>Long, else BigInteger</td></tr>
 * <tr><td>Float, Double</td><td>float</td><td>Double</td></tr>
 * <tr><td>String, Character, enum (its name), URI, YearMonth, Period</td><td>str</td>
 *     <td>String</td></tr>
 * <tr><td>UUID</td><td>uuid.UUID</td><td>UUID</td></tr>
 * <tr><td>byte[], ByteBuffer (what remains in it)</td><td>bytes</td><td>byte[]</td></tr>
 * <tr><td>short[], int[], long[], float[], double[]</td><td>array.array of typecode h, i, q, f, d
 *     </td><td>the same</td></tr>
 * <tr><td>Iterable (a Set, too), other array</td><td>list</td><td>List</td></tr>
 * <tr><td>Map, record</td><td>dict</td><td>Map in the same order</td></tr>
 * <tr><td>BigDecimal</td><td>Decimal</td><td>BigDecimal</td></tr>
 * <tr><td>LocalDate, LocalTime, OffsetTime, LocalDateTime</td><td>date, time, datetime</td><td>the same</td></tr>
 * <tr><td>OffsetDateTime, Instant</td><td>aware datetime</td><td>OffsetDateTime</td></tr>
 * <tr><td>ZonedDateTime of a region</td><td>datetime with a ZoneInfo</td><td>ZonedDateTime</td></tr>
 * <tr><td>Duration</td><td>timedelta</td><td>Duration</td></tr>
 * <tr><td>HostFunction, see {@link Callback}</td><td>callable</td><td>(refused)</td></tr>
 * </table>
 *
 * <p>{@link Scalar} is the table by which scalars cross. Arrays of numbers and bytes cross in bulk
 * and are copies on either side. From Python also come bytearray, memoryview and {@code
 * array.array} of typecode b or B as byte[], tuples, sets and frozensets as List, members of enums
 * as their names, and subclasses, such as those of IntEnum, as what they derive from. A handler
 * that annotates a parameter as a set, an enum or a dataclass gets one, and a set, an enum or a
 * record is what a result can be read as ({@link TypedReader}).
 */
public final class Marshaller {

  /**
   * The depth above which values are refused: they contain themselves, or would end a Python stack
   * sooner or later.
   */
  public static final int MAX_DEPTH = 500;

  private final Value call;
  private final PythonWriter writer;
  private final PythonReader reader;
  private final PythonCallables callables;

  /**
   * @param embed the module {@code terrarium.bridge.embed} of the context
   * @param input the standard input of the context
   * @param guard wraps each Java function before Python gets it
   * @param checkpoint throws when the call is being stopped; run every some thousand elements
   */
  public Marshaller(
      Value embed, BulkInput input, UnaryOperator<HostFunction> guard, Runnable checkpoint) {
    Checkpoint converted = new Checkpoint(checkpoint);
    call = embed.getMember("call");
    reader = new PythonReader(embed, converted);
    writer = new PythonWriter(embed, input, converted, this::callback);
    callables = new PythonCallables(embed, reader, writer, guard);
  }

  private Value callback(HostFunction function, String path) {
    return callables.callback(function, path);
  }

  /**
   * Copies a Java value into the context.
   *
   * @param path what the value is called in an error, such as {@code args}
   * @return a Python object, or a Java primitive or string that Python sees as its own
   * @throws ConversionException for a value that has no Python form, with the path to it
   */
  public Object toPython(@Nullable Object value, String path) {
    return writer.write(value, path);
  }

  /**
   * Copies a Python value out of the context.
   *
   * @param path what the value is called in an error, such as {@code result}
   * @throws ConversionException for a value that is not plain data, with the path to it
   */
  public @Nullable Object toJava(Value value, String path) {
    return reader.read(value, path);
  }

  /** Returns a copy of the bytes of a Python buffer without gaps. */
  public static byte[] bytes(Value buffer) {
    return PythonReader.bytes(buffer);
  }

  /**
   * Has Python call a handler, with all that this takes in one crossing.
   *
   * @param arguments by name
   * @return what the handler returns, as {@link #toJava} gives it
   * @throws ConversionException for an argument that has no Python form, and a result that is not
   *     plain data, with the path to it
   */
  public @Nullable Object call(Value handler, Map<String, ?> arguments) {
    Value result = call.execute(writer.call(handler, arguments));
    return result.hasArrayElements()
        ? reader.read(result.getArrayElement(1), result.getArrayElement(0), "result")
        : reader.read(result, "result"); // plain by itself
  }

  /**
   * Returns the functions as a Python dict of callables of positional arguments. What a function
   * throws is a foreign exception to Python.
   */
  public Value services(Map<String, HostFunction> functions) {
    return callables.services(functions);
  }

  /**
   * Begins a call. The functions that it passes to Python end with it.
   *
   * @return the scope of the call that this call is within, for {@link #endCall}
   */
  public PythonCallables.@Nullable Scope beginCall() {
    return callables.beginCall();
  }

  /** Ends the call that {@link #beginCall} began. */
  public void endCall(PythonCallables.@Nullable Scope outer) {
    callables.endCall(outer);
  }

  /**
   * Returns a Python callable that hands its one argument, marshalled, to the sink, as long as the
   * call lasts.
   */
  public ProxyExecutable sink(Consumer<@Nullable Object> sink) {
    return callables.sink(sink);
  }
}
