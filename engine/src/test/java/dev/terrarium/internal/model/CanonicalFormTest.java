package dev.terrarium.internal.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.model.ChatRequest;
import dev.terrarium.model.ChatResponse;
import dev.terrarium.model.ChatResponse.TokenUsage;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CanonicalFormTest {

  @Test
  void eachComponentOfARequestIsInTheKey() {
    List<Samples.Variant> variants = Samples.ofRequests();

    assertThat(variants)
        .extracting(Samples.Variant::component)
        .containsExactlyInAnyOrderElementsOf(Samples.components(ChatRequest.class));
    for (Samples.Variant each : variants) {
      assertThat(key(each.changed())).as(each.component()).isNotEqualTo(key(each.value()));
    }
  }

  private static String key(ChatRequest request) {
    return Objects.requireNonNull(AnswerCache.key("model", request, null));
  }

  @Test
  void keyHoldsInEachProcess() {
    assertThat(CanonicalForm.of(Arrays.asList("ab", 1, 0.5, null, true)))
        .asHexString()
        .isEqualToIgnoringCase(
            "6C00000005"
                + "73000000026162"
                + "767300000011"
                + hex("java.lang.Integer")
                + "7300000001"
                + hex("1")
                + "767300000010"
                + hex("java.lang.Double")
                + "7300000003"
                + hex("0.5")
                + "30"
                + "767300000011"
                + hex("java.lang.Boolean")
                + "7300000004"
                + hex("true"));
  }

  private static String hex(String text) {
    StringBuilder hex = new StringBuilder();
    text.chars().forEach(letter -> hex.append(String.format("%02X", letter)));
    return hex.toString();
  }

  @Test
  void orderCountsInListsOnly() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("b", 1);
    map.put("a", 2);
    Set<String> set = new LinkedHashSet<>(List.of("b", "a"));

    assertThat(CanonicalForm.of(map)).isEqualTo(CanonicalForm.of(Map.of("a", 2, "b", 1)));
    assertThat(CanonicalForm.of(set)).isEqualTo(CanonicalForm.of(Set.of("a", "b")));
    assertThat(CanonicalForm.of(List.of("a", "b")))
        .isNotEqualTo(CanonicalForm.of(List.of("b", "a")));
  }

  @Test
  void valuesThatLookAlikeDiffer() {
    List<Object> values =
        Arrays.asList(
            null,
            "",
            "1",
            1,
            1L,
            1.0,
            List.of(),
            List.of("1"),
            List.of("1", ""),
            List.of(List.of("1"), ""),
            Map.of(),
            Map.of("1", ""),
            Optional.empty(),
            Optional.of("1"),
            Set.of("1"),
            Duration.ofSeconds(1),
            new byte[] {49});
    Map<List<Byte>, Object> seen = new HashMap<>();
    for (Object value : values) {
      byte[] bytes = CanonicalForm.of(value);
      Byte[] boxed = new Byte[bytes.length];
      for (int i = 0; i < bytes.length; i++) {
        boxed[i] = bytes[i];
      }
      assertThat(seen.put(List.of(boxed), "seen")).as(String.valueOf(value)).isNull();
    }
  }

  @Test
  void objectWithoutAFormIsRefused() {
    assertThatThrownBy(() -> CanonicalForm.of(List.of(new Object())))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("java.lang.Object has no canonical form");
  }

  @Test
  void replacedComponentsLeaveTheOthers() {
    Map<String, Object> free = Map.of("usage", new TokenUsage(0, 0), "time", Duration.ZERO);
    for (ChatResponse answer : Samples.ofAnswers()) {
      ChatResponse changed = CanonicalForm.with(answer, free);

      assertThat(changed.text()).isEqualTo(answer.text());
      assertThat(changed.toolCalls()).isEqualTo(answer.toolCalls());
      assertThat(changed.reasoning()).isEqualTo(answer.reasoning());
      assertThat(changed.finishReason()).isEqualTo(answer.finishReason());
      assertThat(changed.usage().total()).isZero();
      assertThat(changed.time()).isEqualTo(Duration.ZERO);
    }
  }
}
