package dev.terrarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AccessProfile;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.PackageException;
import dev.terrarium.internal.resource.CacheFolder;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class PythonPackagesTest {

  private static final String SHA256 = "0123456789abcdef".repeat(4);
  private static final String DESCRIPTOR =
      """
      name=words
      archive=META-INF/terrarium/python/words.zip
      sha256=%s
      framework=wordcount
      bridge=terrarium.words:WordsBridge
      """
          .formatted(SHA256);

  private final Path temp;

  PythonPackagesTest(@TempDir Path temp) {
    this.temp = temp;
  }

  private URL jar(String name, String descriptor) throws IOException {
    Path file = temp.resolve(name).resolve(PythonPackages.DESCRIPTOR);
    Files.createDirectories(file.getParent());
    Files.writeString(file, descriptor);
    return temp.resolve(name).toUri().toURL();
  }

  private PythonPackages discover(URL... jars) throws IOException {
    try (URLClassLoader loader = new URLClassLoader(jars, null)) {
      return PythonPackages.discover(loader, CacheFolder.at(temp.resolve("cache")));
    }
  }

  @Test
  void descriptorsNameTheFrameworks() throws IOException {
    PythonPackages packages = discover(jar("one with space", DESCRIPTOR));

    assertThat(packages.names()).containsExactly("words");
    assertThat(packages.frameworks())
        .containsExactly(
            new BridgeSource.Packaged(
                "wordcount",
                AccessProfile.TRUSTED_NATIVE,
                true,
                PackageSet.SHARED,
                List.of("words"),
                "terrarium.words",
                "WordsBridge"));
  }

  private static String packages(String name, String more) {
    return "name=%s\narchive=x\nsha256=%s\n%s".formatted(name, SHA256, more);
  }

  private static List<String> packagesOfWords(PythonPackages packages) {
    return ((BridgeSource.Packaged) packages.frameworks().iterator().next()).packages();
  }

  @Test
  void aFrameworkImportsFromItsOptionalArchivesThatAreThere() throws IOException {
    URL words = jar("words", DESCRIPTOR + "optional=stems,rhymes\n");
    URL stems = jar("stems", packages("stems", ""));
    URL rhymes = jar("rhymes", packages("rhymes", ""));

    assertThat(packagesOfWords(discover(words))).containsExactly("words");
    assertThat(packagesOfWords(discover(words, rhymes))).containsExactly("words", "rhymes");
    assertThat(packagesOfWords(discover(words, rhymes, stems)))
        .containsExactly("words", "stems", "rhymes");
    assertThat(discover(words, rhymes).set("mine", List.of("words")).names())
        .containsExactly("words", "rhymes");
    assertThat(discover(words, rhymes).set("mine", List.of("rhymes", "words")).names())
        .containsExactly("rhymes", "words");
  }

  @Test
  void frameworksWithoutPackagesShareTheSetOfTheOptionalArchivesThatAreThere() throws IOException {
    URL words = jar("words", DESCRIPTOR + "optional=stems,rhymes\n");
    URL rhymes = jar("rhymes", packages("rhymes", ""));
    PackageSet without = discover(words).set("plain", List.of());
    PythonPackages packages = discover(words, rhymes);
    PackageSet with = packages.set("plain", List.of());

    assertThat(without).isEqualTo(PackageSet.SHARED);
    assertThat(with).isNotEqualTo(without);
    assertThat(with.names()).isEmpty();
    assertThat(packages.frameworks()).extracting(BridgeSource::packageSet).containsExactly(with);
    assertThat(discover(rhymes).set("plain", List.of())).isEqualTo(PackageSet.SHARED);
  }

  @Test
  void anOptionalArchiveWithAnotherVersionIsRefused() throws IOException {
    URL words = jar("words", DESCRIPTOR + "optional=rhymes\ndistributions=Snow_ball==1\n");
    URL rhymes = jar("rhymes", packages("rhymes", "distributions=snow-ball==2\n"));
    PythonPackages packages = discover(words, rhymes);

    assertThatThrownBy(packages::frameworks)
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContainingAll(
            "'words' has Snow_ball==1", "'rhymes' has snow-ball==2", "'wordcount'");
  }

  @ParameterizedTest
  @EnumSource
  void descriptorsDeclareTheAccess(AccessProfile profile) throws IOException {
    PythonPackages packages = discover(jar("one", DESCRIPTOR + "access=" + profile.word() + "\n"));

    assertThat(packages.frameworks()).extracting(BridgeSource::profile).containsExactly(profile);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "all", "TRUSTED", "trusted_native"})
  void accessThatCannotBeIsNamedWithWhatCan(String access) throws IOException {
    URL jar = jar("one", DESCRIPTOR + "access=" + access + "\n");

    assertThatThrownBy(() -> discover(jar))
        .isInstanceOf(PackageException.class)
        .hasMessageContaining("/one/")
        .hasMessageContaining(
            "access is '" + access + "'; it can be restricted, trusted, trusted-native.");
  }

  @Test
  void packagesNeedNotBeAFramework() throws IOException {
    String plain = DESCRIPTOR.replaceAll("(?m)^(framework|bridge)=.*$", "");

    assertThat(discover(jar("one", plain)).frameworks()).isEmpty();
  }

  @Test
  void samePackagesInTwoJarsAreAccepted() throws IOException {
    assertThat(discover(jar("one", DESCRIPTOR), jar("two", DESCRIPTOR)).names()).hasSize(1);
  }

  @Test
  void differentPackagesOfOneNameAreRefused() throws IOException {
    URL one = jar("one", DESCRIPTOR);
    URL two = jar("two", DESCRIPTOR.replace("0123", "4567"));

    assertThatThrownBy(() -> discover(one, two))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("'words'")
        .hasMessageContaining("/one/")
        .hasMessageContaining("/two/");
  }

  @ParameterizedTest
  @ValueSource(strings = {"name", "archive", "sha256"})
  void missingKeyIsNamed(String key) throws IOException {
    URL jar = jar("one", DESCRIPTOR.replaceAll("(?m)^" + key + "=.*$", ""));

    assertThatThrownBy(() -> discover(jar))
        .isInstanceOf(PackageException.class)
        .hasMessageContaining("lacks the key '" + key + "'")
        .hasMessageContaining("/one/");
  }

  @ParameterizedTest
  @ValueSource(strings = {"sha256=0123", "bridge=terrarium.words"})
  void valuesThatCannotBeAreNamed(String line) throws IOException {
    String key = line.substring(0, line.indexOf('='));
    URL jar = jar("one", DESCRIPTOR.replaceAll("(?m)^" + key + "=.*$", line));

    assertThatThrownBy(() -> discover(jar))
        .isInstanceOf(PackageException.class)
        .hasMessageContaining(key)
        .hasMessageContaining("/one/");
  }

  @Test
  void unknownPackagesAreReportedWithTheKnownOnes() throws IOException {
    PythonPackages packages = discover(jar("one", DESCRIPTOR));

    assertThatThrownBy(() -> packages.folder("other"))
        .isInstanceOf(PackageException.class)
        .hasMessageContaining("'other'; there are [words]")
        .hasMessageContaining("Add dev.terrarium:terrarium-python-other");
  }

  @Test
  void archiveThatIsNotThereIsAPackageException() throws IOException {
    PythonPackages packages = discover(jar("one", DESCRIPTOR));

    assertThatThrownBy(() -> packages.folder("words"))
        .isInstanceOf(PackageException.class)
        .hasMessageContaining("words.zip");
  }

  private static String set(String name, String sha256, String distributions) {
    return """
    name=%s
    archive=META-INF/terrarium/python/%s.zip
    sha256=%s
    distributions=%s
    """
        .formatted(name, name, sha256, distributions);
  }

  /** A jar with several sets of packages: "a" and "b". */
  private URL jarWithSets(String inA, String inB) throws IOException {
    URL jar = jar("sets", "sets=a,b\n");
    Path folder = Files.createDirectories(temp.resolve("sets/META-INF/terrarium/python"));
    Files.writeString(folder.resolve("a.properties"), set("a", SHA256, inA));
    Files.writeString(folder.resolve("b.properties"), set("b", SHA256.replace('0', '1'), inB));
    return jar;
  }

  @Test
  void jarCanHaveSeveralSets() throws IOException {
    PythonPackages packages = discover(jarWithSets("x==1", "x==2"));

    assertThat(packages.names()).containsExactly("a", "b");
    assertThat(packages.set("mine", List.of("a")).names()).containsExactly("a");
    assertThat(packages.set("mine", List.of("a"))).isEqualTo(packages.set("yours", List.of("a")));
    assertThat(packages.set("mine", List.of("a")))
        .isNotEqualTo(packages.set("mine", List.of("b")))
        .isNotEqualTo(packages.set("mine", List.of()));
  }

  @Test
  void setsThatAgreeGoTogether() throws IOException {
    PythonPackages packages = discover(jarWithSets("x==1,y_y==2", "x==1,z==3"));

    assertThat(packages.set("mine", List.of("a", "b")).names()).containsExactly("a", "b");
  }

  @Test
  void twoVersionsOfOnePackageInOneFrameworkAreRefused() throws IOException {
    PythonPackages packages = discover(jarWithSets("x==1,y_y==2", "Y-Y==3"));

    assertThatThrownBy(() -> packages.set("mine", List.of("a", "b")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Framework 'mine' wants two versions of one Python package: 'a' has y_y==2, and 'b' has"
                + " Y-Y==3. Lock both to one version, or use them in two frameworks.");
  }

  @Test
  void setThatIsNotThereIsNamedWithTheKnownOnes() throws IOException {
    PythonPackages packages = discover(jarWithSets("", ""));

    assertThatThrownBy(() -> packages.set("mine", List.of("c")))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("'mine' wants the Python packages 'c'")
        .hasMessageContaining("there are [a, b]")
        .hasMessageContaining("terrarium-maven-plugin");
  }

  @Test
  void setWithoutItsDescriptorIsAPackageException() throws IOException {
    URL jar = jar("sets", "sets=a\n");

    assertThatThrownBy(() -> discover(jar))
        .isInstanceOf(PackageException.class)
        .hasMessageContaining("a.properties");
  }
}
