package dev.terrarium;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Tests of the engine's layers, and of what each layer must not use. */
@AnalyzeClasses(packages = "dev.terrarium", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final Path ENGINE = Path.of("src/main");
  private static final Path REPOSITORY = Path.of("..");
  private static final Path ARCHITECTURE = REPOSITORY.resolve("docs/ARCHITECTURE.md");
  private static final String PICTURE = "```mermaid\n";
  private static final String INTERNAL = "dev.terrarium.internal.";

  /** The packages that {@code module-info.java} exports to everybody. */
  private static final List<String> EXPORTED =
      List.of("", "/error", "/event", "/model", "/spi", "/tool");

  private static final int MOST_PUBLIC_TYPES = 74;

  private static final Pattern PUBLIC_TYPE =
      Pattern.compile(
          "^public (?:abstract |final |sealed |non-sealed )*"
              + "(class|interface|record|enum|@interface) ",
          Pattern.MULTILINE);

  private static final Pattern THREAD_SAFETY =
      Pattern.compile("[Tt]hread-safe|Immutable|Stateless");

  /**
   * The types that users call first, and their parts; all other types of the engine are in layers
   * below.
   */
  private static final Set<String> FACADE =
      Set.of(
          "Terrarium",
          "TerrariumConfig",
          "Components",
          "HostServices",
          "FrameworkRegistry",
          "AdapterRegistry",
          "Session",
          "Framework",
          "PythonSource",
          "ConfigKey",
          "ConfigKeys",
          "ConfigText",
          "ContextMemory");

  /** Each layer, with the layers that it may use. */
  private static final Map<String, Set<String>> LAYERS =
      Map.ofEntries(
          entry("foundation", Set.of()),
          entry("event", Set.of("foundation")),
          entry("value", Set.of("foundation")),
          entry("config", Set.of("foundation")),
          entry("circuit", Set.of("foundation")),
          entry("api", Set.of("foundation", "config", "value", "circuit")),
          entry("lock", Set.of()),
          entry("resource", Set.of("foundation", "config", "api", "event", "lock")),
          entry("program", Set.of("foundation")),
          entry("model", Set.of("foundation", "config", "api", "event", "lock", "resource")),
          entry("context", Set.of("foundation", "api", "value", "resource")),
          entry("pool", Set.of("foundation", "api", "event", "lock", "resource", "context")),
          entry("admission", Set.of("foundation", "api", "circuit", "pool")),
          entry(
              "call",
              Set.of("foundation", "api", "event", "resource", "context", "pool", "admission")),
          entry(
              "facade",
              Set.of(
                  "foundation",
                  "config",
                  "api",
                  "value",
                  "event",
                  "resource",
                  "program",
                  "model",
                  "context",
                  "pool",
                  "admission",
                  "call")));

  @ArchTest
  static final ArchRule eachLayerUsesOnlyThoseBelow =
      classes()
          .should(
              new ArchCondition<>("use only layers below their own") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                  String layer = layer(type);
                  for (Dependency dependency : type.getDirectDependenciesFromSelf()) {
                    JavaClass used = dependency.getTargetClass().getBaseComponentType();
                    if (used.getPackageName().startsWith("dev.terrarium")
                        && !layer(used).equals(layer)
                        && !LAYERS.getOrDefault(layer, Set.of()).contains(layer(used))) {
                      events.add(SimpleConditionEvent.violated(type, dependency.getDescription()));
                    }
                  }
                }
              });

  /** The layer of a type: a public package, or the last part of an internal package's name. */
  private static String layer(JavaClass type) {
    String name = type.getPackageName();
    if (name.startsWith(INTERNAL)) {
      return name.substring(INTERNAL.length());
    }
    JavaClass outermost = type;
    while (outermost.getEnclosingClass().isPresent()) {
      outermost = outermost.getEnclosingClass().orElseThrow();
    }
    if (name.equals("dev.terrarium") && FACADE.contains(outermost.getSimpleName())) {
      return "facade";
    }
    return name.equals("dev.terrarium.error")
            || name.equals("dev.terrarium.event")
            || outermost.getSimpleName().startsWith("HostFunction")
        ? "foundation"
        : "api";
  }

  /**
   * The picture in docs/ARCHITECTURE.md must show the code's layers. {@code -Dterrarium.draw=true}
   * draws it anew.
   */
  @ArchTest
  static void thePictureShowsTheLayers(JavaClasses code) throws IOException {
    String picture = picture(uses(code));
    String text = Files.readString(ARCHITECTURE);
    int begin = text.indexOf(PICTURE) + PICTURE.length();
    int end = text.indexOf("```\n", begin);
    if (Boolean.getBoolean("terrarium.draw")) {
      Files.writeString(ARCHITECTURE, text.substring(0, begin) + picture + text.substring(end));
    } else {
      assertThat(text.substring(begin, end)).isEqualTo(picture);
    }
  }

  /** Returns the layers that each layer of the code really uses. */
  private static Map<String, Set<String>> uses(JavaClasses code) {
    Map<String, Set<String>> uses = new TreeMap<>();
    for (JavaClass type : code) {
      Set<String> used = uses.computeIfAbsent(layer(type), any -> new TreeSet<>());
      type.getDirectDependenciesFromSelf().stream()
          .map(dependency -> dependency.getTargetClass().getBaseComponentType())
          .filter(target -> target.getPackageName().startsWith("dev.terrarium"))
          .map(ArchitectureTest::layer)
          .filter(layer -> !layer.equals(layer(type)))
          .forEach(used::add);
    }
    return uses;
  }

  /** Returns the Mermaid text of the uses, without those that follow from others. */
  private static String picture(Map<String, Set<String>> uses) {
    StringBuilder picture = new StringBuilder("flowchart TD\n");
    uses.forEach(
        (layer, used) ->
            used.stream()
                .filter(each -> used.stream().noneMatch(other -> reaches(uses, other, each)))
                .forEach(each -> picture.append("  " + layer + " --> " + each + "\n")));
    return picture.toString();
  }

  private static boolean reaches(Map<String, Set<String>> uses, String from, String to) {
    Set<String> used = uses.getOrDefault(from, Set.of());
    return used.contains(to) || used.stream().anyMatch(next -> reaches(uses, next, to));
  }

  @Test
  void layersFormNoCycle() {
    Set<String> placed = new HashSet<>();
    boolean progress = true;
    while (progress) {
      progress = false;
      for (Map.Entry<String, Set<String>> layer : LAYERS.entrySet()) {
        progress |= placed.containsAll(layer.getValue()) && placed.add(layer.getKey());
      }
    }

    assertThat(placed).isEqualTo(LAYERS.keySet());
  }

  @Test
  void publicTypesAreFew() throws IOException {
    assertThat(publicTypes()).hasSizeLessThanOrEqualTo(MOST_PUBLIC_TYPES);
  }

  @Test
  void eachPublicTypeStatesItsThreadSafety() throws IOException {
    List<String> silent = new ArrayList<>();
    for (Path file : publicTypes()) {
      String text = Files.readString(file);
      Matcher type = PUBLIC_TYPE.matcher(text);
      assertThat(type.find()).as(file.toString()).isTrue();
      String documentation = text.substring(0, type.start());
      boolean exempt =
          type.group(1).equals("enum")
              || type.group(1).equals("@interface")
              || file.toString().contains("/error/"); // exceptions, as Throwable is
      if (!exempt && !THREAD_SAFETY.matcher(documentation).find()) {
        silent.add(file.toString());
      }
    }

    assertThat(silent).isEmpty();
  }

  /** The sources of the types that the module exports to everybody. */
  private static List<Path> publicTypes() throws IOException {
    List<Path> types = new ArrayList<>();
    for (String exported : EXPORTED) {
      try (Stream<Path> files = Files.list(ENGINE.resolve("java/dev/terrarium" + exported))) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          if (PUBLIC_TYPE.matcher(Files.readString(file)).find()) {
            types.add(file);
          }
        }
      }
    }
    return types;
  }

  @ArchTest
  static final ArchRule theEngineKnowsNoAdapter =
      noClasses()
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.terrarium..")
                  .and(
                      resideOutsideOfPackages(
                          "dev.terrarium",
                          "dev.terrarium.error",
                          "dev.terrarium.event",
                          "dev.terrarium.model",
                          "dev.terrarium.spi",
                          "dev.terrarium.tool",
                          INTERNAL + ".")));

  @ArchTest
  static final ArchRule onlyThePolyglotRoomsSeePolyglot =
      noClasses()
          .that()
          .resideOutsideOfPackages("dev.terrarium.internal.context", "dev.terrarium.internal.value")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.graalvm..");

  @ArchTest
  static final ArchRule onlyContextsSeeTruffle =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.terrarium.internal.context")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.oracle.truffle..");

  @ArchTest
  static final ArchRule onlyAdmissionAndTheCircuitBreakerSeeResilience4j =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "dev.terrarium.internal.admission", "dev.terrarium.internal.circuit")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.github.resilience4j..");

  @Test
  void noTextOfTheEngineNamesAFramework() throws IOException {
    Set<String> names = new TreeSet<>(Set.of("transformers"));
    try (Stream<Path> modules = Files.list(REPOSITORY.resolve("python-modules"))) {
      modules
          .filter(module -> Files.exists(module.resolve("requirements.lock")))
          .map(module -> module.getFileName().toString())
          .filter(name -> !name.equals("bridge"))
          .forEach(names::add);
    }
    assertThat(names).contains("dspy");
    Pattern framework = Pattern.compile(String.join("|", names), Pattern.CASE_INSENSITIVE);

    assertThat(lines(ENGINE, framework)).isEmpty();
  }

  @Test
  void noMainSourceOfTheRepositoryAllowsAllAccess() throws IOException {
    Pattern call = Pattern.compile("allowAllAccess");
    List<String> found = new ArrayList<>();
    for (Path main : mainFolders()) {
      found.addAll(lines(main, call));
    }

    assertThat(found).isEmpty();
  }

  private static List<Path> mainFolders() throws IOException {
    try (Stream<Path> files =
        Files.find(REPOSITORY, 6, (path, seen) -> path.endsWith("src/main"))) {
      List<Path> folders =
          files.filter(path -> !path.toString().contains("/target/")).sorted().toList();
      assertThat(folders).contains(REPOSITORY.resolve("engine/src/main"));
      return folders;
    }
  }

  /** {@code file:line: text} of each line below a folder that the pattern is found in. */
  private static List<String> lines(Path folder, Pattern pattern) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        List<String> lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
        for (int i = 0; i < lines.size(); i++) {
          if (pattern.matcher(lines.get(i)).find()) {
            found.add(file + ":" + (i + 1) + ": " + lines.get(i).strip());
          }
        }
      }
    }
    return found;
  }
}
