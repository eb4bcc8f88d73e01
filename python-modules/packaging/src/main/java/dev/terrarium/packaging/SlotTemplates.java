package dev.terrarium.packaging;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Templates of native libraries, from which the engine makes one copy for each context: the
 * placeholder {@code dup@@} in a template's names stands for the context's number.
 */
final class SlotTemplates {

  private static final String SLOT = ".dup@@";
  private static final String RUNTIME = "libpython-native.so" + SLOT;

  private final Shell shell;
  private final Path patchelf;

  SlotTemplates(Shell shell, Path patchelf) {
    this.shell = shell;
    this.patchelf = patchelf;
  }

  /** The template of the library that all extension modules link to. */
  void runtime(Path library, Path folder) throws IOException {
    write(library, folder, List.of("--set-soname", RUNTIME));
  }

  void extension(Path library, Path folder) throws IOException {
    write(
        library,
        folder,
        List.of("--add-needed", RUNTIME, "--set-soname", library.getFileName() + SLOT));
  }

  private void write(Path library, Path folder, List<String> changes) throws IOException {
    Path template = folder.resolve(library.getFileName() + ".slot");
    FileTrees.copyFile(library, template);
    List<String> arguments = new ArrayList<>(changes);
    arguments.add(template.toString());
    Shell.Result result = shell.run(patchelf, arguments, Map.of());
    if (!result.succeeded() || !Files.isRegularFile(template)) {
      throw new PackagingException(
          "patchelf could not make a template of "
              + library.getFileName()
              + ": "
              + result.telling("patchelf"),
          new IOException(result.output()));
    }
  }
}
