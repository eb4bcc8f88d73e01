package dev.terrarium.dspy;

import dev.terrarium.spi.NativeType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Earlier turns of a conversation as an input of a program ({@code dspy.History}). DSPy sends each
 * turn as a message of the user and one of the model. Immutable.
 *
 * @param messages the turns in order, each with the inputs and the outputs of the program by name
 */
@NativeType("History")
public record History(List<Map<String, ?>> messages) {

  public History {
    messages = List.copyOf(messages);
  }

  /** Returns a history without turns. */
  public static History empty() {
    return new History(List.of());
  }

  /**
   * Returns this history with one turn more.
   *
   * @param turn the inputs, without the history, and the outputs by name
   */
  public History with(Map<String, ?> turn) {
    List<Map<String, ?>> turns = new ArrayList<>(messages);
    turns.add(turn);
    return new History(turns);
  }
}
