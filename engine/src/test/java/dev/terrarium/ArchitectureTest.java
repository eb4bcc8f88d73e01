package dev.terrarium;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rooms of the engine, and what none of them may know. */
@AnalyzeClasses(packages = "dev.terrarium", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {

  private static final Path ENGINE = Path.of("src/main");
  private static final Path REPOSITORY = Path.of("..");

  @ArchTest
  static final ArchRule roomsFormNoCycle =
      slices().matching("dev.terrarium.(*)..").should().beFreeOfCycles();

  @ArchTest
  static final ArchRule eachRoomKnowsOnlyThoseBelow =
      layeredArchitecture()
          .consideringOnlyDependenciesInAnyPackage("dev.terrarium..")
          .layer("facade")
          .definedBy("dev.terrarium")
          .layer("admission")
          .definedBy("dev.terrarium.admission")
          .layer("pool")
          .definedBy("dev.terrarium.pool")
          .layer("context")
          .definedBy("dev.terrarium.context")
          .layer("handler")
          .definedBy("dev.terrarium.handler")
          .layer("model")
          .definedBy("dev.terrarium.model")
          .layer("program")
          .definedBy("dev.terrarium.program")
          .layer("value")
          .definedBy("dev.terrarium.value")
          .layer("resource")
          .definedBy("dev.terrarium.resource")
          .layer("event")
          .definedBy("dev.terrarium.event")
          .layer("error")
          .definedBy("dev.terrarium.error")
          .whereLayer("facade")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("admission")
          .mayOnlyBeAccessedByLayers("facade")
          .whereLayer("pool")
          .mayOnlyBeAccessedByLayers("facade", "admission")
          .whereLayer("context")
          .mayOnlyBeAccessedByLayers("facade", "pool")
          .whereLayer("handler")
          .mayOnlyBeAccessedByLayers("facade", "pool", "context")
          .whereLayer("model")
          .mayOnlyBeAccessedByLayers("facade")
          .whereLayer("program")
          .mayOnlyBeAccessedByLayers("facade")
          .whereLayer("value")
          .mayOnlyBeAccessedByLayers("facade", "pool", "context", "handler", "model", "program")
          .whereLayer("resource")
          .mayOnlyBeAccessedByLayers("facade", "admission", "pool", "context", "model")
          .whereLayer("event")
          .mayNotAccessAnyLayer()
          .whereLayer("error")
          .mayNotAccessAnyLayer();

  @ArchTest
  static final ArchRule theEngineKnowsNoAdapter =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.terrarium.dspy..",
              "dev.terrarium.langchain..",
              "dev.terrarium.llamacpp..",
              "dev.terrarium.hostmodules..",
              "dev.terrarium.cli..",
              "dev.terrarium.testkit..");

  @ArchTest
  static final ArchRule onlyThePolyglotRoomsSeePolyglot =
      noClasses()
          .that()
          .resideOutsideOfPackages(
              "dev.terrarium.context", "dev.terrarium.handler", "dev.terrarium.value")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("org.graalvm..");

  @ArchTest
  static final ArchRule onlyContextsSeeTruffle =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.terrarium.context")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("com.oracle.truffle..");

  @ArchTest
  static final ArchRule onlyAdmissionSeesResilience4j =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.terrarium.admission")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("io.github.resilience4j..");

  @Test
  void noTextOfTheEngineNamesAFramework() throws IOException {
    Pattern framework = Pattern.compile("dspy|langchain|transformers", Pattern.CASE_INSENSITIVE);

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
