/** A package {@code transformers} whose models run in Java, and its bridge. Resources only. */
module dev.terrarium.python.transformers {
  requires dev.terrarium.python.bridge;
}
