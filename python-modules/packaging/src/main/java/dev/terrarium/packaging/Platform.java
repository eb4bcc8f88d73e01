package dev.terrarium.packaging;

/** The one platform that archives are made on and for. */
final class Platform {

  private Platform() {}

  static void check(String system, String processor) {
    if (!system.equals("Linux") || !(processor.equals("amd64") || processor.equals("x86_64"))) {
      throw new PackagingException(
          "The Python packages can only be built on Linux x86_64; this is "
              + system
              + " "
              + processor
              + ".");
    }
  }
}
