package dev.terrarium.internal.call;

import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.internal.resource.CallScope;
import dev.terrarium.internal.resource.SpanWatch;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.spi.TypedReader;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The host functions by which a framework reports the spans of the call: {@code span.started},
 * {@code span.ended} and {@code span.detail}. They do nothing for a call whose spans nobody
 * observes, and on threads that Python starts, which are not part of a call. Stateless.
 */
public final class SpanFunctions {

  private SpanFunctions() {}

  public static Map<String, HostFunction> all() {
    return Map.of(
        "span.started",
        arguments -> {
          watch()
              .ifPresent(
                  watch ->
                      watch.started(
                          text(arguments, 0),
                          optional(arguments, 1),
                          text(arguments, 2),
                          text(arguments, 3),
                          text(arguments, 4),
                          arguments.get(5)));
          return null;
        },
        "span.ended",
        arguments -> {
          watch()
              .ifPresent(
                  watch ->
                      watch.ended(text(arguments, 0), optional(arguments, 1), arguments.get(2)));
          return null;
        },
        "span.detail",
        arguments -> watch().map(SpanWatch::detail).orElse(SpanDetail.OFF).name());
  }

  private static Optional<SpanWatch> watch() {
    return CallScope.current().flatMap(CallScope::spans);
  }

  private static String text(List<@Nullable Object> arguments, int index) {
    return TypedReader.read(arguments.get(index), String.class, "argument " + index);
  }

  private static @Nullable String optional(List<@Nullable Object> arguments, int index) {
    return arguments.get(index) == null ? null : text(arguments, index);
  }
}
