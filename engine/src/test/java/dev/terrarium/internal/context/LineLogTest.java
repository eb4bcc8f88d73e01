package dev.terrarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.testing.LogRecords;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LineLogTest {

  private final LogRecords records = LogRecords.of("linelog");
  private String name = "linelog.one";
  private final LineLog log = new LineLog(() -> System.getLogger(name), Level.WARNING);

  @AfterEach
  void stop() {
    records.close();
  }

  private void print(String text) throws IOException {
    log.write(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void eachLineIsOneRecord() throws IOException {
    print("one\ntwo\n\nth");
    print("ree\n");

    assertThat(records.lines())
        .containsExactly(
            "linelog.one WARNING one",
            "linelog.one WARNING two",
            "linelog.one WARNING ",
            "linelog.one WARNING three");
  }

  @Test
  void lineWaitsForItsEnd() throws IOException {
    print("half");
    assertThat(records.lines()).isEmpty();

    log.close();
    assertThat(records.lines()).containsExactly("linelog.one WARNING half");
    log.close();
    assertThat(records.lines()).hasSize(1);
  }

  @Test
  void loggerIsAskedForEachLine() throws IOException {
    print("one\n");
    name = "linelog.two";
    print("two\n");

    assertThat(records.lines())
        .containsExactly("linelog.one WARNING one", "linelog.two WARNING two");
  }

  @Test
  void charactersOfSeveralBytesStayWhole() throws IOException {
    byte[] bytes = "é漢😀\n".getBytes(StandardCharsets.UTF_8);
    for (byte each : bytes) {
      log.write(each);
    }

    assertThat(records.lines()).containsExactly("linelog.one WARNING é漢😀");
  }

  @Test
  void formatCharactersInMessagesAreNotInterpreted() throws IOException {
    print("{0} 100% %s {x}\n");

    assertThat(records.lines()).containsExactly("linelog.one WARNING {0} 100% %s {x}");
  }

  @Test
  void endlessLineIsLoggedInPiecesOfWholeCharacters() throws IOException {
    String text = "a" + "é".repeat(100_000);
    print(text);
    log.close();

    List<String> pieces =
        records.lines().stream()
            .map(line -> line.substring("linelog.one WARNING ".length()))
            .toList();
    assertThat(pieces).hasSizeGreaterThan(2);
    assertThat(String.join("", pieces)).isEqualTo(text);
    assertThat(pieces).allSatisfy(piece -> assertThat(size(piece)).isLessThanOrEqualTo(64 * 1024));
  }

  private static int size(String piece) {
    return piece.getBytes(StandardCharsets.UTF_8).length;
  }
}
