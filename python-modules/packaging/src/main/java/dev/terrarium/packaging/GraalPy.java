package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;

/** What packaging needs of a running GraalPy. */
interface GraalPy {

  /** Lays out the Python home that GraalPy's jars carry. */
  void unpackHome(Path folder) throws IOException;

  /**
   * Writes a {@code .pyc} beside each Python file, valid whatever the time stamp of its source and
   * without any path of this machine.
   *
   * @param home a Python home to run on
   * @param root the folder that the names are relative to
   * @return a line for each file that is not valid Python, starting with its name
   */
  List<String> compile(Path home, Path root, Collection<String> names);

  /**
   * Writes a second {@code .pyc}, under a tag of its own, for each Python file that can defer some
   * of its imports to the first use of what they bind.
   *
   * @param names of valid Python files
   * @return how many there are
   */
  int compileLazily(Path home, Path root, Collection<String> names);
}
