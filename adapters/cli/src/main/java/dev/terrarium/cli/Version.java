package dev.terrarium.cli;

import picocli.CommandLine.IVersionProvider;

/** The versions of Terrarium and Java that {@code --version} prints. */
final class Version implements IVersionProvider {

  @Override
  public String[] getVersion() {
    return new String[] {
      "terrarium " + terrarium(), "Java " + System.getProperty("java.runtime.version")
    };
  }

  static String terrarium() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "(not from a jar)" : version;
  }
}
