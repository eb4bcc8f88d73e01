package dev.terrarium;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.PythonException;
import dev.terrarium.testing.GraalPyTest;
import dev.terrarium.testing.SharedTerrarium;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Calls by messages; {@link dev.terrarium.MessageFormat} has tests of its own. */
@GraalPyTest
class MessagesTest {

  private final Adapter probe;

  MessagesTest(Terrarium terrarium) {
    this.probe = terrarium.adapter("probe");
  }

  private String json(String command, String arguments) {
    return new String(
        probe.call(Command.of(command, arguments.getBytes(UTF_8), MessageFormat.JSON)), UTF_8);
  }

  @Test
  void answerIsOfTheSameFormat() {
    assertThat(json("echo", "{\"v\": {\"n\": [1, 2.0, null, \"é\"]}}"))
        .isEqualTo("{\"n\":[1,2.0,null,\"é\"]}");
    assertThat(json("repr_of", "{\"v\": {\"$bytes\": \"AP8=\"}}"))
        .isEqualTo("[\"bytes\",\"b'\\\\x00\\\\xff'\"]");
    assertThat(
            probe.call(
                Command.of(
                    "echo", new byte[] {(byte) 0x81, (byte) 0xa1, 'v', 7}, MessageFormat.MSGPACK)))
        .isEqualTo(new byte[] {7});
  }

  @ParameterizedTest
  @EnumSource
  void failuresAreThoseOfADirectCall(MessageFormat format) {
    byte[] message = format.write(Map.of("message", "no"));
    assertThatThrownBy(() -> probe.call(Command.of("fail", message, format)))
        .isInstanceOf(PythonException.class)
        .hasMessageContaining("no");
    assertThatThrownBy(() -> probe.call(Command.of("echo", message, format)))
        .isInstanceOf(ArgumentException.class);
    assertThatThrownBy(() -> probe.call(Command.of("echo", format.write(1L), format)))
        .isInstanceOf(ConversionException.class)
        .hasMessage("At message: a message is a map of the arguments by name, and this is none");
    assertThatThrownBy(() -> json("echo", "{\"v\": \"\\ud800\"}"))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At args.v: the text holds a lone surrogate");
  }

  @Test
  void messageLongerThanTheConfigurationSaysNeedsNoContextToBeRefused() {
    TerrariumConfig config = TerrariumConfig.custom().contexts(0, 1).maxMessage(9).build();
    try (Terrarium terrarium = Terrarium.start(config).register(SharedTerrarium.probe())) {
      assertThatThrownBy(
              () ->
                  terrarium
                      .adapter("probe")
                      .call(Command.of("echo", "{\"v\": 123}".getBytes(UTF_8), MessageFormat.JSON)))
          .isInstanceOf(ArgumentException.class)
          .hasMessageContaining("message: 10 bytes are more than the 9 that a message may have.");
      assertThat(terrarium.stats().pool().total()).isZero();
    }
  }
}
