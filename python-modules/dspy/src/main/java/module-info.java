/** DSPy with its Python packages, and its bridge. Resources only. */
module dev.terrarium.python.dspy {
  requires dev.terrarium.python.bridge;
}
