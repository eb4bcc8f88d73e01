package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.internal.context.BridgeSource;
import dev.terrarium.internal.context.PackageSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameworkTest {

  @ParameterizedTest
  @ValueSource(strings = {"/frameworks/wordcount.py", "frameworks/wordcount.py"})
  void resourceIsNamedAfterItsFile(String resource) {
    Framework framework = Framework.fromResource(resource);

    assertThat(framework.name()).isEqualTo("wordcount");
    assertThat(framework.source(AccessProfile.TRUSTED, PackageSet.SHARED))
        .isInstanceOfSatisfying(
            BridgeSource.Source.class,
            source -> {
              assertThat(source.filename()).isEqualTo("frameworks/wordcount.py");
              assertThat(source.text()).contains("class WordCount(BaseBridge)");
            });
  }

  @Test
  void accessIsThatOfTheTerrariumUnlessItIsDeclared() {
    Framework framework = Framework.fromSource("words", "", "words.py");

    assertThat(framework.source(AccessProfile.TRUSTED, PackageSet.SHARED).profile())
        .isEqualTo(AccessProfile.TRUSTED);
    assertThat(
            framework
                .withAccess(AccessProfile.RESTRICTED)
                .source(AccessProfile.TRUSTED_NATIVE, PackageSet.SHARED)
                .profile())
        .isEqualTo(AccessProfile.RESTRICTED);
  }

  @Test
  void missingResourceIsNamed() {
    assertThatThrownBy(() -> Framework.fromResource("/frameworks/none.py"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "There is no resource '/frameworks/none.py' on the class path: it is the file"
                + " src/main/resources/frameworks/none.py of a Maven project.");
  }

  @Test
  void resourceWhoseFileNamesNoFrameworkIsRefused() {
    assertThatThrownBy(() -> Framework.fromResource("/frameworks/word-count.py"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("'word-count' cannot name a framework");
  }

  @Test
  void textsInAnotherOrderAreRefusedByTheirNames() {
    String source = "class Words(BaseBridge):\n    framework = 'words'\n";
    assertThatThrownBy(() -> Framework.fromSource(source, "words", "words.py"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("takes name, text and filename in this order")
        .hasMessageContaining("the first of them is the source");
    assertThatThrownBy(() -> Framework.fromSource("words", "words.py", source))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("the third of them is the source");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Word", "1word", "word count", "word.count", "wörter", "_word"})
  void namesAreLowerCaseIdentifiers(String name) {
    assertThatThrownBy(() -> Framework.fromSource(name, "", "x.py"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("'" + name + "' cannot name a framework")
        .hasMessageContaining("lower-case letters, digits and underscores");
  }
}
