package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import dev.terrarium.internal.resource.CacheFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** The program of the process in which {@link ModelProbe} tries a file. */
final class ProbeProgram {

  private static final String TEXT = "A bee";
  private static final int WINDOW = 64;

  private ProbeProgram() {}

  /**
   * Returns the command that starts the program; a file's path is appended to it.
   *
   * @throws UncheckedIOException when the program's classes are not in files of their own
   */
  static List<String> command(Path cache) {
    return List.of(
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-XX:-CreateCoredumpOnCrash",
        "-XX:+SuppressFatalErrorMessage",
        "--enable-native-access=ALL-UNNAMED",
        "-Dterrarium.cache=" + cache,
        "-cp",
        classPath(),
        ProbeProgram.class.getName());
  }

  private static String classPath() {
    Set<Path> places = new LinkedHashSet<>();
    try {
      for (Class<?> type : List.of(ProbeProgram.class, CacheFolder.class)) {
        String name = type.getName().replace('.', '/') + ".class";
        URL url = Objects.requireNonNull(type.getClassLoader().getResource(name), name);
        places.add(ModelProbe.origin(url, name));
      }
      places.add(ModelProbe.origin(LlamaLibrary.resource(), LlamaLibrary.RESOURCE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return places.stream().map(Path::toString).collect(Collectors.joining(":"));
  }

  /** Loads the file, if it can be loaded, and generates one token. */
  public static void main(String[] arguments) {
    try {
      LoadedFile file = LoadedFile.load("probed", Path.of(arguments[0]), false);
      if (Llama.modelIsDecoderOnly(file.model())) {
        makeToken(file);
      }
      file.free();
    } catch (ModelException e) {
      // The process that asked will get the same error.
    }
  }

  private static void makeToken(LoadedFile file) {
    Vocabulary vocabulary = file.vocabulary();
    int[] prompt = vocabulary.tokens(TEXT);
    try (Conversation conversation = new Conversation(file.model(), 1, WINDOW);
        TokenChoice choice = new TokenChoice(vocabulary, Sampling.LIKELIEST, null)) {
      if (prompt.length > 0 && conversation.read(prompt, 1, () -> false)) {
        byte[] unused = vocabulary.bytes(choice.next(conversation.context(), -1));
      }
    }
  }
}
