package dev.terrarium.internal.resource;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A process that unpacks an archive, for {@link CacheFolderProcessesTest}. It prints when it is
 * ready, begins on request, and prints how often it opened the archive.
 */
final class UnpackMain {

  private static final int FILES = 200;

  private UnpackMain() {}

  static Archive archive() {
    return Archive.of(
        IntStream.range(0, FILES)
            .boxed()
            .collect(Collectors.toMap("site/file%d.py"::formatted, "content %d\n"::formatted)));
  }

  @SuppressWarnings("SystemOut") // how it talks to the test
  public static void main(String[] args) throws IOException {
    Archive archive = archive();
    int[] opened = new int[1];
    System.out.println("ready");
    if (System.in.read() < 0) {
      throw new IllegalStateException("the test went away");
    }
    Path folder =
        CacheFolder.at(Path.of(args[0]))
            .tree("python/a", archive.sha256(), () -> open(archive, opened));
    try (Stream<Path> files = Files.list(folder.resolve("site"))) {
      System.out.println("opened " + opened[0] + ", files " + files.count());
    }
  }

  private static InputStream open(Archive archive, int[] opened) throws Exception {
    opened[0]++;
    return archive.source().call();
  }
}
