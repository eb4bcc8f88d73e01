package dev.terrarium.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.terrarium.Adapter;
import dev.terrarium.Session;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.DspyProgram;
import dev.terrarium.langchain.TextChain;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The prose of the README and the guides names methods that the public API has. */
class InlineCodeTest {

  private static final Path ROOT = Path.of("../..");

  private static final Pattern FENCED = Pattern.compile("^```.*?^```$", flags());
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");
  private static final Pattern CALL = Pattern.compile("(?<![\\w./\"$])(\\w+)(?=\\.\\w+\\()");
  private static final Pattern MEMBER = Pattern.compile("\\G\\.(\\w+)\\(");

  private static final Map<String, Class<?>> RECEIVERS =
      Map.of(
          "adapter", Adapter.class,
          "terrarium", Terrarium.class,
          "dspy", Dspy.class,
          "program", DspyProgram.class,
          "chain", TextChain.class,
          "session", Session.class);

  private static final List<String> PACKAGES =
      Stream.of(
              "", ".error", ".event", ".model", ".spi", ".tool", ".dspy", ".langchain", ".llamacpp")
          .map(name -> "dev.terrarium" + name + ".")
          .toList();

  private static int flags() {
    return Pattern.DOTALL | Pattern.MULTILINE;
  }

  @Test
  void proseNamesMethodsThatExist() throws IOException {
    List<Path> files = new ArrayList<>(List.of(ROOT.resolve("README.md")));
    try (Stream<Path> guides = Files.list(ROOT.resolve("docs/guides"))) {
      guides.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
    }
    List<String> faults = new ArrayList<>();
    for (Path file : files) {
      faults.addAll(faults(file.getFileName().toString(), Files.readString(file)));
    }
    assertThat(faults).isEmpty();
  }

  @Test
  void methodThatDoesNotExistIsReportedWithItsLine() {
    String text =
        "One\n\n"
            + "```java\n"
            + "adapter.fenced();\n"
            + "```\n"
            + "`adapter.call(c)`, `Command.of(a, b).as(T.class)`\n"
            + "`adapter.callAsync(command, args)` and `terrarium.languageModel(...)`,"
            + " `Command.off()`\n";

    assertThat(faults("a.md", text))
        .containsExactly(
            "a.md:7: dev.terrarium.Adapter has no callAsync with 2 parameters",
            "a.md:7: dev.terrarium.Terrarium has no languageModel",
            "a.md:7: dev.terrarium.Command has no off");
  }

  private static List<String> faults(String file, String text) {
    String prose = FENCED.matcher(text).replaceAll(block -> block.group().replaceAll("[^\\n]", ""));
    List<String> faults = new ArrayList<>();
    Matcher code = CODE.matcher(prose);
    while (code.find()) {
      long line = prose.substring(0, code.start()).chars().filter(each -> each == '\n').count() + 1;
      Matcher call = CALL.matcher(code.group(1));
      while (call.find()) {
        Class<?> type = type(call.group(1));
        String fault = type == null ? null : fault(type, code.group(1), call.end());
        if (fault != null) {
          faults.add(file + ":" + line + ": " + fault);
        }
      }
    }
    return faults;
  }

  private static @Nullable Class<?> type(String name) {
    return RECEIVERS.containsKey(name)
        ? RECEIVERS.get(name)
        : PACKAGES.stream()
            .map(each -> find(each + name))
            .filter(Objects::nonNull)
            .findFirst()
            .orElse(null);
  }

  private static @Nullable Class<?> find(String name) {
    try {
      return Class.forName(name, false, InlineCodeTest.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      return null;
    }
  }

  /** Follows the calls of a chain for as long as they return types of the API. */
  private static @Nullable String fault(Class<?> receiver, String code, int from) {
    Class<?> type = receiver;
    Matcher member = MEMBER.matcher(code).region(from, code.length());
    while (type.getName().startsWith("dev.terrarium.") && member.find()) {
      String name = member.group(1);
      int end = end(code, member.end());
      int parameters = parameters(code.substring(member.end(), end));
      List<Method> named =
          Arrays.stream(type.getMethods()).filter(each -> each.getName().equals(name)).toList();
      if (named.isEmpty()) {
        return type.getName() + " has no " + name;
      }
      List<Method> fitting =
          named.stream()
              .filter(each -> parameters < 0 || each.getParameterCount() == parameters)
              .toList();
      if (fitting.isEmpty()) {
        return type.getName() + " has no " + name + " with " + parameters + " parameters";
      }
      type = fitting.getFirst().getReturnType();
      member.region(Math.min(end + 1, code.length()), code.length());
    }
    return null;
  }

  /** Returns the index of the parenthesis that closes the one before an index. */
  private static int end(String code, int from) {
    int depth = 0;
    for (int i = from; i < code.length(); i++) {
      depth += code.charAt(i) == '(' ? 1 : code.charAt(i) == ')' ? -1 : 0;
      if (depth < 0) {
        return i;
      }
    }
    return code.length();
  }

  /** Returns the number of parameters, -1 for any number. */
  private static int parameters(String text) {
    if (text.contains("...") || text.contains("…")) {
      return -1;
    }
    int depth = 0;
    int commas = 0;
    for (int i = 0; i < text.length(); i++) {
      char each = text.charAt(i);
      depth += each == '(' ? 1 : each == ')' ? -1 : 0;
      commas += each == ',' && depth == 0 ? 1 : 0;
    }
    return text.isBlank() ? 0 : commas + 1;
  }
}
