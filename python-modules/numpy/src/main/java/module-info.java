/** Numpy, compiled for GraalPy. Resources only. */
module dev.terrarium.python.numpy {
  requires dev.terrarium.python.bridge;
}
