package dev.terrarium.dspy;

import dev.terrarium.event.TerrariumEvent.SpanDetail;
import dev.terrarium.spi.Shortcut;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Reports what Java runs in place of DSPy as spans of the call, if somebody observes them.
 * Stateless.
 */
final class JavaSpans {

  private JavaSpans() {}

  /**
   * Runs work as a span.
   *
   * @param name a module's name in its program, or a language model's
   * @param inputs what observers of the content receive, beside what the work returns
   */
  static <T extends @Nullable Object> T within(
      Shortcut.Host host, String kind, String name, String type, Object inputs, Supplier<T> work) {
    if (SpanDetail.OFF.name().equals(host.call("span.detail"))) {
      return work.get();
    }
    String span = UUID.randomUUID().toString();
    host.call("span.started", span, null, kind, name, type, inputs);
    String failure = null;
    Object outputs = null;
    try {
      T result = work.get();
      outputs = result;
      return result;
    } catch (RuntimeException | Error e) {
      failure = e.getClass().getSimpleName();
      throw e;
    } finally {
      host.call("span.ended", span, failure, outputs);
    }
  }
}
