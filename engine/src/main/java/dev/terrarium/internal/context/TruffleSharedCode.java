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
 * Keeps what the engine's cache of code hangs on. It has what was made of a {@link Source} for as
 * long as that is there, and GraalPy, which makes one of each module's code, lets go of it at once:
 * only contexts that load a module at nearly the same time share its code. Of an equal source that
 * was parsed before and is kept here, they all do (docs/decisions/024).
 */
final class TruffleSharedCode implements SharedCode {

  /** As GraalPy's marshal marks a code object, without the flag for references. */
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
   * The one that GraalPy will make: the code, and how often the context has loaded code of that
   * file so far, named by the file it was compiled from. What a context loads once more it does not
   * share, so that this is always its first.
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
