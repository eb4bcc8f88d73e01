package dev.terrarium.maven;

import java.util.List;
import org.apache.maven.plugins.annotations.Mojo;

/**
 * Resolves the packages that the project names, and writes the lock file, which is to be committed.
 * Needs the network, and the lock file is written only when every package can run on GraalPy.
 */
@Mojo(name = "lock", threadSafe = true)
public final class LockMojo extends PackagesMojo {

  /** Creates the goal. */
  public LockMojo() {}

  @Override
  List<String> options() {
    return List.of("--lock");
  }
}
