package dev.terrarium.internal.value;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.terrarium.MessageFormat;
import dev.terrarium.error.ArgumentException;
import dev.terrarium.error.ConversionException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.Charset;
import java.time.OffsetDateTime;
import java.time.OffsetTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MessageFormatTest {

  private static final int LIMIT = 64 << 20;

  private static @Nullable Object roundTrip(MessageFormat format, @Nullable Object value) {
    byte[] message = format.write(Collections.singletonMap("v", value));
    return format.read(message, message.length).get("v");
  }

  private static @Nullable Object json(String value) {
    return MessageFormat.JSON.read(("{\"v\":" + value + "}").getBytes(UTF_8), LIMIT).get("v");
  }

  /** A map of {@code v} to the value. */
  private static @Nullable Object msgpack(String hex) {
    return MessageFormat.MSGPACK.read(HexFormat.of().parseHex("81a176" + hex), LIMIT).get("v");
  }

  @Property(tries = 1000)
  void allPlainDataIsReadBackEqual(@ForAll("plain") @Nullable Object value) {
    for (MessageFormat format : MessageFormat.values()) {
      assertThat(PlainValues.comparable(roundTrip(format, value)))
          .as("%s", format)
          .isEqualTo(PlainValues.comparable(value));
    }
  }

  @Provide
  Arbitrary<Object> plain() {
    return PlainValues.arbitrary();
  }

  @Property(tries = 1000)
  void anyBytesAreAMessageOrRefusedByName(@ForAll byte[] bytes, @ForAll MessageFormat format) {
    readOrRefuse(format, bytes);
  }

  @Property(tries = 1000)
  void aMessageWithAWrongByteIsAMessageOrRefusedByName(
      @ForAll("plain") @Nullable Object value,
      @ForAll MessageFormat format,
      @ForAll @IntRange(max = 1 << 20) int place,
      @ForAll byte wrong) {
    byte[] message = format.write(Collections.singletonMap("v", value));
    message[place % message.length] = wrong;
    readOrRefuse(format, message);
    readOrRefuse(format, Arrays.copyOf(message, place % message.length));
  }

  private static void readOrRefuse(MessageFormat format, byte[] message) {
    try {
      assertThat(format.read(message, LIMIT)).isNotNull();
    } catch (ConversionException e) {
      assertThat(e.path()).startsWith("message");
    }
  }

  // ------------------------------------------------------------------ what it looks like

  static Stream<Arguments> forms() {
    Map<Object, Object> tagLike = new LinkedHashMap<>();
    tagLike.put("$bytes", 1L);
    tagLike.put("a", 2L);
    return Stream.of(
        arguments(null, "null", "c0"),
        arguments(true, "true", "c3"),
        arguments(-1L, "-1", "ff"),
        arguments(Long.MAX_VALUE, "9223372036854775807", "cf7fffffffffffffff"),
        arguments(1.0, "1.0", "cb3ff0000000000000"),
        arguments(-0.0, "-0.0", "cb8000000000000000"),
        arguments(Double.NaN, "{'$float':'NaN'}", "cb7ff8000000000000"),
        arguments(Double.NEGATIVE_INFINITY, "{'$float':'-Infinity'}", "cbfff0000000000000"),
        arguments("é", "'é'", "a2c3a9"),
        arguments(List.of(1L, "a"), "[1,'a']", "9201a161"),
        arguments(Map.of("a", Map.of()), "{'a':{}}", "81a16180"),
        arguments(new byte[] {0, -1}, "{'$bytes':'AP8='}", "c40200ff"),
        arguments(BigInteger.TWO.pow(63), "{'$int':'9223372036854775808'}", "cf8000000000000000"),
        arguments(
            BigInteger.TEN.pow(20).negate(),
            "{'$int':'-100000000000000000000'}",
            "c71601" + HexFormat.of().formatHex("-100000000000000000000".getBytes(UTF_8))),
        arguments(
            new UUID(1, 2),
            "{'$uuid':'00000000-0000-0001-0000-000000000002'}",
            "c72408"
                + HexFormat.of().formatHex("00000000-0000-0001-0000-000000000002".getBytes(UTF_8))),
        arguments(new BigDecimal("1.50"), "{'$decimal':'1.50'}", "d602312e3530"),
        arguments(
            OffsetDateTime.parse("2024-02-29T12:00:00.000001+05:30"),
            "{'$datetime':'2024-02-29T12:00:00.000001+05:30'}",
            "c72005"
                + HexFormat.of().formatHex("2024-02-29T12:00:00.000001+05:30".getBytes(UTF_8))),
        arguments(OffsetTime.parse("01:02Z"), "{'$time':'01:02Z'}", "c7060430313a30325a"),
        arguments(new short[] {1}, "{'$short[]':'AQA='}", "d5100100"),
        arguments(new double[] {1}, "{'$double[]':'AAAAAAAA8D8='}", "d714000000000000f03f"),
        arguments(Map.of(1L, "a"), "{'$map':[[1,'a']]}", "8101a161"),
        arguments(Map.of(true, "a"), "{'$map':[[true,'a']]}", "81c3a161"),
        arguments(tagLike, "{'$map':[['$bytes',1],['a',2]]}", "82a6246279746573" + "01" + "a16102"),
        arguments(Map.of("$ref", "x"), "{'$ref':'x'}", "81a424726566a178"));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void eachKindHasItsForm(@Nullable Object value, String json, String msgpack) {
    String quoted = json.replace('\'', '"');
    assertThat(MessageFormat.JSON.write(value)).asString(UTF_8).isEqualTo(quoted);
    assertThat(json(quoted)).isEqualTo(value);
    assertThat(HexFormat.of().formatHex(MessageFormat.MSGPACK.write(value))).isEqualTo(msgpack);
    assertThat(msgpack(msgpack)).isEqualTo(value);
  }

  @Test
  void otherFormsOfTheSameAreReadToo() {
    assertThat(json("12345678901234567890")).isEqualTo(new BigInteger("12345678901234567890"));
    assertThat(json("1E2")).isEqualTo(100.0);
    assertThat(json("{\"$map\": [] }")).isEqualTo(Map.of());
    assertThat(msgpack("ca3f000000")).as("float 32").isEqualTo(0.5);
    assertThat(msgpack("cc05")).as("uint 8").isEqualTo(5L);
    assertThat(msgpack("d6ff00000001"))
        .as("time stamp")
        .isEqualTo(OffsetDateTime.parse("1970-01-01T00:00:01Z"));
  }

  // ------------------------------------------------------------------ what is refused

  private static void refused(Runnable read, String path, String problem) {
    assertThatThrownBy(read::run)
        .isInstanceOfSatisfying(
            ConversionException.class, e -> assertThat(e.path()).isEqualTo(path))
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "~~ | message | the message is empty",
        "[1] | message | a message is a map of the arguments by name",
        "'v' | message | a message is a map",
        "{'$bytes':''} | message | a message is a map",
        "{'$map':[[1,2]]} | message | the name of an argument is a text, not 1",
        "{'v':1} {} | message | something follows the value at byte 8",
        "{'v':1}x | message | no JSON at byte 8",
        "{'v':[1,nope]} | message | no JSON at byte",
        "{'v':[1, | message | no JSON at byte 8",
        "{'v':NaN} | message | no JSON at byte",
        "{'v':1,'w':2,'v':3} | message.v | the key is there twice",
        "{'v':{'$map':[[1,1],[1,2]]}} | message.v.1 | the key is there twice",
        "{'v':[1e400]} | message.v[0] | a number is beyond a double",
        "{'v':{'$bytes':'*'}} | message.v | what stands after $bytes is none",
        "{'v':{'$int':'1.5'}} | message.v | what stands after $int is none",
        "{'v':{'$date':'2024-02-30'}} | message.v | what stands after $date is none",
        "{'v':{'$double[]':'AA=='}} | message.v | 1 bytes are no double[], whose elements have 8",
        "{'v':{'$int':1}} | message.v | the value of $int is a text",
        "{'v':{'$int':'1','a':2}} | message.v | '$int' is a tag, which stands alone",
        "{'v':{'a':2,'$int':'1'}} | message.v.$int | '$int' is a tag, which stands alone",
        "{'v':{'$map':1}} | message.v | the value of $map is a list of lists",
        "{'v':{'$map':[[1]]}} | message.v.1 | a value is missing",
        "{'v':{'$map':[[1,2,3]]}} | message.v.1 | the value of $map is a list of lists",
        "{'v':{'$map':[[1.5,2]]}} | message.v. | a key in $map is a text, an integer or a boolean"
      })
  void notAMessageOfJson(String json, String path, String problem) {
    byte[] message = json.replace('\'', '"').getBytes(UTF_8);
    refused(() -> MessageFormat.JSON.read(message, LIMIT), path, problem);
  }

  /** Overlong forms, surrogates, what is beyond Unicode, and what is cut off. */
  @ParameterizedTest
  @ValueSource(strings = {"ff", "c080", "c1bf", "e08080", "eda080", "f08080af", "f4908080", "e282"})
  void jsonWithBytesThatAreNotUtf8IsRefused(String hex) {
    String message = HexFormat.of().formatHex("{'v':'".replace('\'', '"').getBytes(UTF_8)) + hex;
    for (String end : List.of("227d", "")) {
      byte[] bytes = HexFormat.of().parseHex(message + end);
      refused(
          () -> MessageFormat.JSON.read(bytes, LIMIT),
          "message",
          "no JSON at byte 6: it is not in UTF-8");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTF-16BE", "UTF-16LE", "UTF-16", "UTF-32BE", "UTF-32LE"})
  void jsonInOtherEncodingsIsRefused(String encoding) {
    byte[] message = "{\"v\":1}".getBytes(Charset.forName(encoding));
    refused(() -> MessageFormat.JSON.read(message, LIMIT), "message", "it is not in UTF-8");
  }

  @Test
  void wrongBytesAreFoundFarBehind() {
    byte[] message = ("{\"v\":\"" + "é".repeat(100_000) + "\"}").getBytes(UTF_8);
    message[message.length - 3] = 'a';
    refused(
        () -> MessageFormat.JSON.read(message, LIMIT),
        "message",
        "no JSON at byte " + (message.length - 4));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "~~ | message | the message ends within a value at byte 0",
        "7b2276223a317d | message | something follows the value at byte 1", // {"v":1}
        "90 | message | a message is a map of the arguments by name",
        "8101c0 | message | the name of an argument is a text, not 1",
        "80c0 | message | something follows the value at byte 1",
        "81a176c1 | message.v | no MessagePack at byte",
        "81a17692c0 | message.v[1] | the message ends within a value at byte 5",
        "81a17692c0cb00 | message.v[1] | the message ends within a value at byte 6",
        "82a176c0a176c0 | message.v | the key is there twice",
        "81c0c0 | message.<key> | a key is null",
        "81a17681cb3ff0000000000000c0 | message.v.<key> | a key is 1.0",
        "81a176a1ff | message.v | the text at byte 5 is not UTF-8",
        "81a176d42a00 | message.v | extension type 42 at byte 6 has no meaning here",
        "81a176d40278 | message.v | no value of extension type 2 at byte 6",
        "81a176d41400 | message.v | 1 bytes are no double[], whose elements have 8",
        "81a176db7fffffff | message.v | no MessagePack at byte 8: Payload declared 2,147,483,647"
            + " bytes",
        "81a176c67fffffff | message.v | no MessagePack at byte 8: Payload declared 2,147,483,647"
            + " bytes",
        "81a176dd7fffffff | message.v[0] | the message ends within a value",
        "81a176df7fffffff | message.v.<key> | the message ends within a value",
        "81a176c97fffffff05 | message.v | no MessagePack at byte 9: Payload declared 2,147,483,647"
            + " bytes",
        "81a17681c40101c0 | message.v.<key> | a key is of bytes",
        "81a17681cfffffffffffffffffc0 | message.v.<key> | a key is an integer beyond 64 bits",
        "81a176ddffffffff | message.v | no MessagePack at byte 8: a length of 4294967295 is beyond"
      })
  void notAMessageOfMsgpack(String hex, String path, String problem) {
    byte[] message = HexFormat.of().parseHex(hex);
    refused(() -> MessageFormat.MSGPACK.read(message, LIMIT), path, problem);
  }

  @Test
  void listsThatAnnounceMoreThanIsThereTakeNoMemory() {
    assertThatThrownBy(() -> msgpack("dd7fffffff".repeat(400)))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("the message ends within a value at byte 2003");
  }

  @Test
  void hundredMegabytesOfJsonAreRefusedBeforeTheyAreReadAndReadWhenAllowed() {
    byte[] message = new byte[100_000_000];
    Arrays.fill(message, (byte) 'a');
    assertThatThrownBy(() -> MessageFormat.JSON.read(message, LIMIT))
        .isInstanceOf(ArgumentException.class)
        .hasMessage(
            "message: 100000000 bytes are more than the 67108864 that a message may have."
                + " Send less at once, or raise maxMessage.");

    System.arraycopy("{\"v\":\"".getBytes(UTF_8), 0, message, 0, 6);
    System.arraycopy("\"}".getBytes(UTF_8), 0, message, message.length - 2, 2);
    assertThat(MessageFormat.JSON.read(message, message.length))
        .hasEntrySatisfying("v", text -> assertThat((String) text).hasSize(99_999_992));
  }

  @ParameterizedTest
  @ValueSource(ints = {501, 10_000, 1_000_000})
  void messagesThatAreTooDeepAreRefused(int depth) {
    String problem = "the value is nested deeper than 500 levels, or contains itself";
    String path = "message.v" + "[0]".repeat(23) + "[0...";
    refused(() -> json("[".repeat(depth) + "]".repeat(depth)), path, problem);
    refused(() -> msgpack("91".repeat(depth) + "c0"), path, problem);
    assertThatThrownBy(() -> json("{\"$map\":[[1,".repeat(depth)))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining(problem);
    assertThatThrownBy(() -> msgpack("8101".repeat(depth)))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @EnumSource
  void depthsThatCrossDirectlyCrossInMessages(MessageFormat format) {
    Object value = "core";
    for (int i = 1; i < Marshaller.MAX_DEPTH; i++) {
      value = Map.of((long) i, value);
    }

    assertThat(roundTrip(format, value)).isEqualTo(value);
  }

  @ParameterizedTest
  @EnumSource
  void whatIsNoPlainDataIsNotWritten(MessageFormat format) {
    List<Object> itself = new ArrayList<>();
    itself.add(itself);
    refused(
        () -> format.write(List.of(Map.of("a", new Object()))),
        "result[0].a",
        "a value of java.lang.Object is no plain data");
    refused(() -> format.write(Map.of(1.5, 1L)), "result.1.5", "a key is 1.5");
    refused(() -> format.write(List.of("\ud800")), "result[0]", "lone surrogate");
    refused(
        () -> format.write(BigInteger.ONE.shiftLeft(40_000)),
        "result",
        "a number of 12042 characters is longer than the 10000");
    assertThatThrownBy(() -> format.write(itself))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("nested deeper than 500 levels");
  }

  @Test
  void numbersThatTakeTooLongAreRefused() {
    String digits = "9".repeat(10_001);
    refused(() -> json(digits), "message", "no JSON: Number value length (10001) exceeds");
    refused(
        () -> json("{\"$int\":\"" + digits + "\"}"),
        "message.v",
        "10001 characters are more than 10000");
    assertThat(json("9".repeat(10_000))).isEqualTo(new BigInteger("9".repeat(10_000)));
  }
}
