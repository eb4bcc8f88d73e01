/** What the optimizers of DSPy need beside it. Resources only. */
module dev.terrarium.python.dspy.optimizers {
  requires dev.terrarium.python.numpy;
}
