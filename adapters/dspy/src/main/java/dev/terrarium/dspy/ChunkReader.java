package dev.terrarium.dspy;

import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads the pieces that the bridge's streams yield. Stateless. */
final class ChunkReader {

  private ChunkReader() {}

  /**
   * Returns a piece, the last of which is a result.
   *
   * @param outputs reads the outputs by name
   */
  static <O> DspyChunk<O> read(
      @Nullable Object piece, Function<Map<String, @Nullable Object>, O> outputs) {
    if (piece instanceof Map<?, ?> map) {
      if (map.get("status") instanceof String message) {
        return new DspyChunk.Status<>(message);
      }
      if (map.get("predictor") instanceof String predictor
          && map.get("field") instanceof String field
          && map.get("text") instanceof String text) {
        return new DspyChunk.Text<>(predictor, field, text, Boolean.TRUE.equals(map.get("last")));
      }
    }
    Traced<Map<String, @Nullable Object>> done = UntypedDspyProgram.read(piece);
    return new DspyChunk.Done<>(done.with(outputs.apply(done.outputs())));
  }
}
