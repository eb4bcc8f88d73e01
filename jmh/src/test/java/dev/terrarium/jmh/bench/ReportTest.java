package dev.terrarium.jmh.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

final class ReportTest {

  private final Path folder;

  ReportTest(@TempDir Path folder) {
    this.folder = folder;
  }

  /** Of every kind of experiment some rows, made up. */
  private static Path canned() throws URISyntaxException {
    return Path.of(Objects.requireNonNull(ReportTest.class.getResource("/results")).toURI());
  }

  private static Document parsed(Path file)
      throws ParserConfigurationException, IOException, SAXException {
    DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
    factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
    return factory.newDocumentBuilder().parse(file.toFile());
  }

  @Test
  void everyExperimentHasItsTableAndItsPlotsOnOnePage() throws Exception {
    assertThat(Main.execute("report", "--in", canned().toString(), "--out", folder.toString()))
        .isZero();

    Document page = parsed(folder.resolve("index.html"));
    assertThat(page.getElementsByTagName("table").getLength()).isEqualTo(8);
    List<String> plots;
    try (Stream<Path> files = Files.list(folder)) {
      plots =
          files
              .map(file -> file.getFileName().toString())
              .filter(name -> name.endsWith(".svg"))
              .sorted()
              .toList();
    }
    assertThat(plots)
        .containsExactly(
            "echo-p50.svg",
            "echo-p99.svg",
            "echo-throughput.svg",
            "load-calls.svg",
            "load-pool.svg",
            "pool-p99.svg",
            "pool-throughput.svg",
            "scale-memory.svg",
            "scale-p99.svg",
            "scale-throughput.svg",
            "start-contexts.svg",
            "start-cpython-processes.svg",
            "warmup-chain-lcel-chain.svg",
            "warmup-dspy-predict.svg");
    assertThat(page.getElementsByTagName("img").getLength()).isEqualTo(plots.size());
    assertThat(Files.readString(folder.resolve("tables.md")))
        .contains(plots.stream().map(plot -> "](" + plot + ")").toList())
        .containsSubsequence(
            "## Warm-up\n", "## Warm-up chain\n", "## Contexts against processes\n");
  }

  @Test
  void aPlotIsWellFormedAndSaysWhatItWasMeasuredBy() throws Exception {
    Report.write(Results.readAll(canned()), folder);

    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(each -> each.toString().endsWith(".svg")).toList()) {
        Document plot = parsed(file);
        String text = plot.getDocumentElement().getTextContent();
        assertThat(text)
            .as(file.toString())
            .contains(
                "terrarium bench", "2026-11-25", "Testing CPU", "jdk 25", "Terrarium & others");
        assertThat(lines(plot))
            .as("short enough for the plot")
            .allMatch(line -> line.length() < 220);
        if (file.endsWith("echo-p50.svg")) {
          assertThat(text)
              .as("in full, on two lines")
              .contains("llama 2026.10.11549", "-Dlast=flag");
        }
      }
    }
  }

  private static List<String> lines(Document plot) {
    NodeList texts = plot.getElementsByTagName("text");
    return IntStream.range(0, texts.getLength())
        .mapToObj(i -> texts.item(i).getTextContent())
        .toList();
  }

  @Test
  void aTableHasTheMedianOfAllRunsWithTheirSpread() {
    Table table =
        Table.of(
            List.of(
                Map.of("variant", "one", "run", 1, "ms", 3.0),
                Map.of("variant", "one", "run", 2, "ms", 1.0),
                Map.of("variant", "one", "run", 3, "ms", 2.5),
                Map.of("variant", "other", "run", 1, "ms", 1234.4)));

    assertThat(table.columns()).containsExactly("variant", "ms");
    assertThat(table.lines())
        .containsExactly(List.of("one", "2.50 (1 to 3)"), List.of("other", "1,234"));
  }

  @Test
  void whatIsWrittenIsReadAgain() throws Exception {
    List<Results> all = Results.readAll(canned());
    for (Results results : all) {
      results.write(folder);
    }

    assertThat(Results.readAll(folder)).isEqualTo(all);
  }

  @Test
  void aFileThatHoldsNoResultsIsNamed() throws Exception {
    Files.writeString(folder.resolve("other.json"), "{\"a\": 1}");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Results.readAll(folder))
        .withMessageContaining("other.json");
  }

  @Test
  void aFolderWithoutResultsIsBadUsage() {
    assertThat(Main.execute("report", "--in", folder.toString())).isEqualTo(2);
    assertThat(Main.execute("report", "--in", folder.resolve("none").toString())).isEqualTo(2);
  }
}
