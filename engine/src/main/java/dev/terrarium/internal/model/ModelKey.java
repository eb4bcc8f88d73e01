package dev.terrarium.internal.model;

/**
 * The key of a model in the cache. Immutable.
 *
 * @param type the type of the model, such as {@code llamacpp}, which determines its Java class
 * @param model the model among those of its type
 */
record ModelKey(String type, String model) {

  @Override
  public String toString() {
    return type + ":" + model;
  }
}
