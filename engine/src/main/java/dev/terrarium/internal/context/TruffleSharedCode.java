package dev.terrarium.internal.context;

import com.oracle.truffle.api.instrumentation.TruffleInstrument;
import com.oracle.truffle.api.source.Source;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.graalvm.polyglot.io.ByteSequence;

/**
 * A store of the {@link Source}s on which the engine's code cache depends. The engine has the code
 * of a source for as long as that source is reachable, and GraalPy, which creates a source of each
 * module's code, releases it at once: only contexts that load a module at nearly the same time
 * would share its code. All contexts share the code of an equal source that was parsed before and
 * is kept here (docs/decisions/024).
 */
final class TruffleSharedCode implements SharedCode {

  /** The mark of a code object in GraalPy's marshal format, without the flag for references. */
  private static final int CODE = 'C';

  private static final int WITHOUT_FLAG = 0x7F;
  private static final String MIME_TYPE = "application/x-python-bytecode";

  private final TruffleInstrument.Env env;
  private final Set<Source> sources = ConcurrentHashMap.newKeySet();

  TruffleSharedCode(TruffleInstrument.Env env) {
    this.env = env;
  }

  @Override
  public void keep(byte[] file, int begin) {
    source(file, begin).filter(sources::add).ifPresent(this::parse);
  }

  private void parse(Source source) {
    boolean parsed = false;
    try {
      Object unused = env.parse(source);
      parsed = true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      if (!parsed) {
        sources.remove(source);
      }
    }
  }

  /**
   * Returns the source that GraalPy will create. It consists of the code, and of how often the
   * context has loaded code of that file so far, and is named by the file from which it was
   * compiled. A context does not share the code of a file that it loads again, so the number is
   * always that of the first load.
   */
  static Optional<Source> source(byte[] file, int begin) {
    ByteBuffer in =
        ByteBuffer.wrap(file, begin, file.length - begin).order(ByteOrder.LITTLE_ENDIAN);
    try {
      if ((in.get() & WITHOUT_FLAG) != CODE) {
        return Optional.empty();
      }
      String name = new String(bytes(in), StandardCharsets.UTF_8);
      int unusedFlags = in.getInt();
      byte[] code = bytes(in);
      byte[] first = ByteBuffer.allocate(code.length + Long.BYTES).put(code).putLong(1).array();
      return Optional.of(
          Source.newBuilder("python", ByteSequence.create(first), name)
              .mimeType(MIME_TYPE)
              .cached(true)
              .build());
    } catch (BufferUnderflowException | NegativeArraySizeException e) {
      return Optional.empty();
    }
  }

  private static byte[] bytes(ByteBuffer in) {
    int size = in.getInt();
    if (size > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[size];
    in.get(bytes);
    return bytes;
  }
}
