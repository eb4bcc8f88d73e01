package dev.terrarium.maven;

import java.util.List;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;

/** Fetches the locked packages, compiles them, and packs them into the project's jar. */
@Mojo(name = "package", defaultPhase = LifecyclePhase.PROCESS_RESOURCES, threadSafe = true)
public final class PackageMojo extends PackagesMojo {

  /** Creates the goal. */
  public PackageMojo() {}

  @Override
  List<String> options() {
    return List.of();
  }
}
