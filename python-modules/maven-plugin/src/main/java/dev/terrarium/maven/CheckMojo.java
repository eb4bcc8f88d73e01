package dev.terrarium.maven;

import java.util.List;
import org.apache.maven.plugins.annotations.LifecyclePhase;
import org.apache.maven.plugins.annotations.Mojo;

/** Fails when the lock file is missing or stale. Fetches nothing. */
@Mojo(name = "check", defaultPhase = LifecyclePhase.VALIDATE, threadSafe = true)
public final class CheckMojo extends PackagesMojo {

  /** Creates the goal. */
  public CheckMojo() {}

  @Override
  List<String> options() {
    return List.of("--check");
  }
}
