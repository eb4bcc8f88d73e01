package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** Has a small Python home, and "compiles" a file to its own bytes; a file with {@code !} fails. */
final class FakeGraalPy implements GraalPy {

  static final String SUFFIX = ".graalpy250-312-native-x86_64-linux.so";

  /** The names given to each compilation. */
  final List<List<String>> compiled = new ArrayList<>();

  final List<String> lazy = new ArrayList<>();

  @Override
  public void unpackHome(Path folder) throws IOException {
    for (String name :
        List.of(
            "native-image.properties",
            "include/python3.12/Python.h",
            "lib/python3.12/os.py",
            "lib/python3.12/idlelib/idle.py",
            "lib/python3.12/test/support.py",
            "lib/graalpy25.0/builtins.py",
            "lib/graalpy25.0/patches/numpy.patch",
            "lib/graalpy25.0/libpython-native.so",
            "lib/graalpy25.0/modules/autopatch_capi.py",
            "lib/graalpy25.0/modules/_testcapi" + SUFFIX,
            "lib/graalpy25.0/modules/termios" + SUFFIX)) {
      Path file = folder.resolve(name);
      FileTrees.createParent(file);
      Files.writeString(file, name);
    }
  }

  @Override
  public List<String> compile(Path home, Path root, Collection<String> names) {
    compiled.add(List.copyOf(names));
    List<String> failures = new ArrayList<>();
    for (String name : names) {
      Path file = root.resolve(name);
      try {
        String text = Files.readString(file);
        if (text.contains("!")) {
          failures.add(name + ": invalid syntax");
          continue;
        }
        Path target =
            file.resolveSibling("__pycache__")
                .resolve(file.toFile().getName().replace(".py", ".graalpy250-312.pyc"));
        FileTrees.createParent(target);
        Files.writeString(target, "compiled " + text);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }
    return failures;
  }

  @Override
  public int compileLazily(Path home, Path root, Collection<String> names) {
    lazy.addAll(names);
    return names.size();
  }
}
