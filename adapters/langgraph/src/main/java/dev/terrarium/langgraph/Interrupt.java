package dev.terrarium.langgraph;

import dev.terrarium.error.ConversionException;
import dev.terrarium.spi.TypedReader;
import org.jspecify.annotations.Nullable;

/**
 * A place where a graph waits for an answer: a call of LangGraph's {@code interrupt} in a node.
 * Immutable.
 *
 * @param id the id, by which the interrupt is answered when several are open
 * @param value the argument of {@code interrupt}, as plain data
 */
public record Interrupt(String id, @Nullable Object value) {

  /**
   * Returns the value as a type, such as a record.
   *
   * @throws ConversionException when the value does not fit the type
   */
  public <T> T valueAs(Class<T> type) {
    return TypedReader.read(value, type, "value");
  }
}
