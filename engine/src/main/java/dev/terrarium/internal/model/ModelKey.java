package dev.terrarium.internal.model;

/**
 * Which model it is. Immutable.
 *
 * @param type whose model, such as {@code llamacpp}; says its Java class
 * @param model which one of that type
 */
record ModelKey(String type, String model) {

  @Override
  public String toString() {
    return type + ":" + model;
  }
}
