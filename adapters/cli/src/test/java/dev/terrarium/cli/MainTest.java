package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;

class MainTest {

  private static final Path FOLDER = Path.of("src/main/help");

  /** With -Dterrarium.help=write it writes the texts that it compares. */
  @Test
  void launcherPrintsTheHelpOfTheCommands() throws Exception {
    CommandLine main = Main.commandLine();
    Map<String, String> texts = new TreeMap<>();
    texts.put("terrarium.txt", main.getUsageMessage(Ansi.OFF));
    main.getSubcommands()
        .forEach((name, command) -> texts.put(name + ".txt", command.getUsageMessage(Ansi.OFF)));
    for (Map.Entry<String, String> text : texts.entrySet()) {
      Path file = FOLDER.resolve(text.getKey());
      if ("write".equals(System.getProperty("terrarium.help"))) {
        Files.writeString(file, text.getValue());
      }
      assertThat(file).hasContent(text.getValue());
    }
  }

  @Test
  void questionMayBeginWithAnAt(@TempDir Path folder) throws Exception {
    String question = "@" + Files.writeString(folder.resolve("secret"), "s3cret");

    CommandLine.ParseResult parsed = Main.commandLine().parseArgs("ask", question);

    assertThat(parsed.subcommand().matchedPositional(0).<List<String>>getValue())
        .containsExactly(question);
  }
}
