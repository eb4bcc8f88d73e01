package dev.terrarium.event;

import dev.terrarium.internal.event.Events;

/** Tells what comes of an observer for the Flight Recorder in a Java runtime that has none. */
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
