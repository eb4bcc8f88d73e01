package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AnswerTextTest {

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Test
  void charactersSplitOverTokensComeOutWhole() {
    AnswerText text = new AnswerText(List.of());
    List<String> pieces = new ArrayList<>();
    for (byte part : utf8("aé日🐝!")) {
      pieces.add(text.append(new byte[] {part}));
    }
    assertThat(pieces).containsExactly("a", "", "é", "", "", "日", "", "", "", "🐝", "!");
    assertThat(text.text()).isEqualTo("aé日🐝!");
  }

  @Test
  void anUnfinishedCharacterAtTheEndIsDropped() {
    AnswerText text = new AnswerText(List.of());
    assertThat(text.append(new byte[] {'a', (byte) 0xF0, (byte) 0x9F})).isEqualTo("a");
    assertThat(text.end()).isEmpty();
    assertThat(text.text()).isEqualTo("a");
  }

  @Test
  void invalidUtf8IsReplaced() {
    AnswerText text = new AnswerText(List.of());
    assertThat(text.append(new byte[] {'a', (byte) 0xFF, 'b'})).isEqualTo("a\uFFFDb");
  }

  @Test
  void stopTextIsNeverReturned() {
    AnswerText text = new AnswerText(List.of("END", "\n\n"));
    assertThat(text.append(utf8("one E"))).isEqualTo("one ");
    assertThat(text.append(utf8("N"))).isEmpty();
    assertThat(text.append(utf8("T\n"))).isEqualTo("ENT");
    assertThat(text.stopped()).isFalse();
    assertThat(text.append(utf8("EN"))).isEqualTo("\n");
    assertThat(text.append(utf8("D and more"))).isEmpty();
    assertThat(text.stopped()).isTrue();
    assertThat(text.end()).isEmpty();
    assertThat(text.text()).isEqualTo("one ENT\n");
  }

  @Test
  void theFirstOfSeveralStopTextsCounts() {
    AnswerText text = new AnswerText(List.of("bee", "a b"));
    assertThat(text.append(utf8("saw a bee"))).isEqualTo("saw ");
    assertThat(text.stopped()).isTrue();
  }

  @Test
  void heldBackTextIsReturnedAtTheEnd() {
    AnswerText text = new AnswerText(List.of("END", ""));
    assertThat(text.append(utf8("the EN"))).isEqualTo("the ");
    assertThat(text.end()).isEqualTo("EN");
    assertThat(text.text()).isEqualTo("the EN");
  }
}
