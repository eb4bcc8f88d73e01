package dev.terrarium.jmh;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.HostAccess;
import org.graalvm.polyglot.Value;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Ways across for a plain list of floats, in a bare context: out of Python element by element,
 * asking Python for the kind of each or not, and packed, which needs a look at all types first;
 * into it element by element, and packed.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
public class ListOfNumbers extends Microbenchmark {

  private static final String PYTHON =
      """
      from array import array
      from types import SimpleNamespace

      def kind(value):
          return "int" if isinstance(value, int) else "float" if isinstance(value, float) else ""

      def packed(items):
          return array("d", items) if set(map(type, items)) == {float} else None

      SimpleNamespace(
          numbers=lambda n: [i / 2 for i in range(n)],
          kind=kind,
          packed=packed,
          make_list=lambda *items: list(items),
          unpacked=lambda latin1: array("d", latin1.encode("latin-1")).tolist(),
      )
      """;

  @Param({"1000", "100000"})
  public int length = 1_000;

  private List<Double> numbers = List.of();
  private @Nullable Context context;
  private Value list = Value.asValue(0);
  private Value kind = list;
  private Value packed = list;
  private Value makeList = list;
  private Value unpacked = list;

  @Setup(Level.Trial)
  public void start() {
    Context bare =
        Context.newBuilder("python")
            .option("engine.WarnInterpreterOnly", "false")
            .allowHostAccess(HostAccess.NONE)
            .build();
    Value python = bare.eval("python", PYTHON);
    numbers = IntStream.range(0, length).mapToObj(i -> i / 2.0).toList();
    list = python.invokeMember("numbers", length);
    kind = python.getMember("kind");
    packed = python.getMember("packed");
    makeList = python.getMember("make_list");
    unpacked = python.getMember("unpacked");
    context = bare;
  }

  @TearDown(Level.Trial)
  public void stop() {
    if (context != null) {
      context.close();
    }
  }

  @Benchmark
  public Object outByElementAskingPython() {
    List<Object> out = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      Value item = list.getArrayElement(i);
      out.add(
          kind.execute(item).asString().equals("int")
              ? (Object) item.asLong()
              : (Object) item.asDouble());
    }
    return out;
  }

  @Benchmark
  public Object outByElement() {
    List<Object> out = new ArrayList<>(length);
    for (int i = 0; i < length; i++) {
      Value item = list.getArrayElement(i);
      if (item.hasMembers()) {
        throw new IllegalStateException("no number of Python's own");
      }
      out.add(item.as(Number.class));
    }
    return out;
  }

  @Benchmark
  public Object outPacked() {
    Value array = packed.execute(list);
    byte[] bytes = new byte[Math.toIntExact(array.getBufferSize())];
    array.readBuffer(0, bytes, 0, bytes.length);
    ByteBuffer each = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    List<Object> out = new ArrayList<>(length);
    while (each.hasRemaining()) {
      out.add(each.getDouble());
    }
    return out;
  }

  @Benchmark
  public Object inByElement() {
    return makeList.execute(numbers.toArray());
  }

  @Benchmark
  public Object inPacked() {
    ByteBuffer bytes = ByteBuffer.allocate(length * Double.BYTES).order(ByteOrder.nativeOrder());
    numbers.forEach(bytes::putDouble);
    return unpacked.execute(new String(bytes.array(), StandardCharsets.ISO_8859_1));
  }
}
