package dev.terrarium.event;

import dev.terrarium.internal.event.Events;

/**
 * A program that prints the failure of an observer for the Flight Recorder in a Java runtime
 * without one.
 */
final class NoRecorderMain {

  private NoRecorderMain() {}

  public static void main(String[] arguments) {
    Events.none().emit(new TerrariumEvent.ContextParked("context-1"));
    try {
      new JfrObserver().on(new TerrariumEvent.ContextParked("context-1"));
    } catch (UnsupportedOperationException e) {
      System.out.println(e.getMessage());
    }
  }
}
