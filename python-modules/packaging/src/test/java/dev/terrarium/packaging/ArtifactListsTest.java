package dev.terrarium.packaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * The list of Terrarium's artifacts is adapters/bom/pom.xml. What repeats it, or a version, for
 * Maven or for readers, agrees with it.
 */
final class ArtifactListsTest {

  private static final Path ROOT = Path.of("../..").toAbsolutePath().normalize();
  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([^}]+)}");

  private final Element parent = pom(".");
  private final Set<String> bom =
      managed(pom("adapters/bom")).collect(Collectors.toCollection(TreeSet::new));

  @Test
  void theBomHasWhatIsPublishedAndNothingElse() {
    Set<String> published = new TreeSet<>();
    for (String module : modules()) {
      Element pom = pom(module);
      if (!"true".equals(property(pom, "maven.deploy.skip"))) {
        published.add(text(pom, "artifactId"));
      }
    }
    published.remove("terrarium-bom");

    assertThat(bom).isNotEmpty().isEqualTo(published);
  }

  @Test
  void theParentManagesWhatIsInTheBom() {
    Set<String> managed =
        managed(parent)
            .filter(artifact -> artifact.startsWith("terrarium-"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(managed).isEqualTo(bom);
  }

  @Test
  void allModulesHaveOneVersion() throws IOException {
    String version = text(parent, "version");
    for (String module : modules()) {
      Element pom = pom(module);
      Element itsParent = child(pom, "parent");
      assertThat(text(itsParent == null ? pom : itsParent, "version"))
          .as(module)
          .isEqualTo(version);
    }
    assertThat(importedBom(Files.readString(ROOT.resolve("adapters/consumer/pom.xml"))))
        .isEqualTo(version);
    assertThat(importedBom(Files.readString(ROOT.resolve("docs/guides/getting-started.md"))))
        .isEqualTo(version);
  }

  /** It has no parent whose versions it could use. */
  @Test
  void theConsumerUsesTheVersionsOfTheParent() {
    Element consumer = pom("adapters/consumer");
    Map<String, String> ofParent = versions(parent);
    Map<String, String> ofConsumer = versions(consumer);
    ofConsumer.remove("terrarium-bom");
    assertThat(ofConsumer.remove("terrarium-maven-plugin")).isEqualTo(text(parent, "version"));
    ofConsumer.keySet().removeAll(Set.of("junit-jupiter", "langchain4j-open-ai"));

    assertThat(ofConsumer).isNotEmpty();
    assertThat(ofParent).containsAllEntriesOf(ofConsumer);
    assertThat(versions(consumer))
        .containsEntry("junit-jupiter", property(parent, "junit.version"))
        .containsEntry("langchain4j-open-ai", property(parent, "langchain4j.version"));
  }

  @Test
  void artifactsThatDocumentsNameAreInTheBom() throws IOException {
    Pattern named = Pattern.compile("<artifactId>(terrarium-[^<]*)</artifactId>");
    List<String> unknown = new ArrayList<>();
    for (Path document : documents()) {
      Matcher artifact = named.matcher(Files.readString(document));
      while (artifact.find()) {
        if (!bom.contains(artifact.group(1)) && !artifact.group(1).equals("terrarium-bom")) {
          unknown.add(ROOT.relativize(document) + ": " + artifact.group(1));
        }
      }
    }

    assertThat(unknown).isEmpty();
  }

  @Test
  void thirdPartyNoticesAgreeWithTheLocks() throws IOException {
    String text = Files.readString(ROOT.resolve("THIRD-PARTY.md"));
    Matcher artifact = Pattern.compile("(?m)^\\| `([^`]*)` \\|").matcher(text);
    assertThat(artifact.results().map(row -> row.group(1)).toList())
        .isNotEmpty()
        .isSubsetOf(bom)
        .containsAll(bom.stream().filter(name -> name.contains("-python-")).toList());

    assertThat(text)
        .contains("GraalPy " + property(parent, "graalpy.version"))
        .contains("DSPy " + locked("dspy", "dspy"))
        .contains("langchain-core " + locked("langchain", "langchain-core"))
        .contains("langgraph " + locked("langchain", "langgraph"));
  }

  private static String locked(String module, String distribution) throws IOException {
    return Lock.read(ROOT.resolve("python-modules").resolve(module).resolve("requirements.lock"))
        .carried()
        .stream()
        .filter(requirement -> requirement.name().equals(distribution))
        .findFirst()
        .orElseThrow()
        .version();
  }

  private List<String> modules() {
    List<String> modules = new ArrayList<>(texts(child(parent, "modules"), "module"));
    for (Element profile : children(child(parent, "profiles"), "profile")) {
      modules.addAll(texts(child(profile, "modules"), "module"));
    }
    assertThat(modules).contains("engine", "jmh").doesNotHaveDuplicates();
    return modules;
  }

  private static List<Path> documents() throws IOException {
    try (Stream<Path> files =
        Files.find(ROOT, 4, (path, seen) -> path.toString().endsWith(".md"))) {
      return files.filter(path -> !path.toString().contains("/target/")).sorted().toList();
    }
  }

  /** The version of the bom that a pom, or a piece of one in a document, imports. */
  private static String importedBom(String text) {
    Matcher version =
        Pattern.compile("<artifactId>terrarium-bom</artifactId>\\s*<version>([^<]*)<")
            .matcher(text);
    assertThat(version.find()).isTrue();
    return version.group(1);
  }

  private static Stream<String> managed(Element pom) {
    return children(child(child(pom, "dependencyManagement"), "dependencies"), "dependency")
        .stream()
        .map(dependency -> text(dependency, "artifactId"));
  }

  /** The versions that a pom gives to plugins and dependencies, by their artifacts. */
  private static Map<String, String> versions(Element pom) {
    Map<String, String> versions = new HashMap<>();
    for (String kind : List.of("plugin", "dependency")) {
      var elements = pom.getElementsByTagName(kind);
      for (int i = 0; i < elements.getLength(); i++) {
        Element element = (Element) elements.item(i);
        Element version = child(element, "version");
        if (version != null) {
          versions.put(text(element, "artifactId"), resolved(pom, version.getTextContent()));
        }
      }
    }
    return versions;
  }

  private static String resolved(Element pom, String value) {
    Matcher placeholder = PLACEHOLDER.matcher(value);
    return placeholder.matches() ? property(pom, placeholder.group(1)) : value;
  }

  private static String property(Element pom, String name) {
    Element property = child(child(pom, "properties"), name);
    return property == null ? "" : property.getTextContent();
  }

  private static Element pom(String module) {
    Path file = ROOT.resolve(module).resolve("pom.xml");
    try {
      return DocumentBuilderFactory.newDefaultInstance()
          .newDocumentBuilder()
          .parse(file.toFile())
          .getDocumentElement();
    } catch (IOException | ParserConfigurationException | SAXException e) {
      throw new IllegalStateException(file.toString(), e);
    }
  }

  private static String text(Element element, String name) {
    Element child = child(element, name);
    assertThat(child).as(name).isNotNull();
    return child == null ? "" : child.getTextContent();
  }

  private static List<String> texts(@Nullable Element element, String name) {
    return children(element, name).stream().map(Element::getTextContent).toList();
  }

  private static @Nullable Element child(@Nullable Element element, String name) {
    return children(element, name).stream().findFirst().orElse(null);
  }

  private static List<Element> children(@Nullable Element element, String name) {
    List<Element> children = new ArrayList<>();
    for (Node node = element == null ? null : element.getFirstChild();
        node != null;
        node = node.getNextSibling()) {
      if (node instanceof Element child && child.getTagName().equals(name)) {
        children.add(child);
      }
    }
    return children;
  }
}
