package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ModelException;
import dev.terrarium.model.Tokenizer;
import dev.terrarium.spi.LanguageModelProvider;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("model")
class LlamaCppTest {

  @Test
  void isFoundAsAService() {
    assertThat(ServiceLoader.load(LanguageModelProvider.class))
        .anySatisfy(provider -> assertThat(provider.name()).isEqualTo("llamacpp"));
  }

  @Test
  void supportsGgufFilesAndWhateverIsAFile(@TempDir Path folder) throws IOException {
    LlamaCpp provider = new LlamaCpp();
    Path file = Files.createFile(folder.resolve("model.bin"));
    assertThat(provider.supports("anything.gguf")).isTrue();
    assertThat(provider.supports(file.toString())).isTrue();
    assertThat(provider.supports("openai:gpt")).isFalse();
    assertThat(provider.supports("")).isFalse();
    assertThat(provider.supports("\0")).isFalse();
  }

  @Test
  void opensAFileUnderItsOwnName() {
    try (LlamaCppModel model = new LlamaCpp().open(TestModel.file().toString())) {
      assertThat(model.name()).isEqualTo("SmolLM2-135M-Instruct.Q4_1");
      assertThat(TestModel.answer(model, "Hi", 2)).isNotBlank();
    }
  }

  @Test
  void oneFileHasOneCanonicalSpec(@TempDir Path folder) throws IOException {
    LlamaCpp provider = new LlamaCpp();
    Path file = Files.createFile(folder.resolve("a.gguf")).toRealPath();
    Path link = Files.createSymbolicLink(folder.resolve("link"), folder);
    Path named = Files.createSymbolicLink(folder.resolve("b.gguf"), file);

    assertThat(provider.canonical(file.toString())).isEqualTo(file.toString());
    assertThat(provider.canonical(folder + "/./a.gguf")).isEqualTo(file.toString());
    assertThat(provider.canonical(link + "/a.gguf")).isEqualTo(file.toString());
    assertThat(provider.canonical(named.toString()))
        .isEqualTo(file.resolveSibling("b.gguf").toString());
    assertThat(provider.canonical(null)).isNull();
    assertThat(provider.canonical(TestModel.file().toString())).isNull();
    assertThat(provider.canonical("\0")).isEqualTo("\0");
    assertThat(provider.canonical("/no/such/folder/a.gguf")).isEqualTo("/no/such/folder/a.gguf");
  }

  @Test
  void tokenizerIsThatOfTheModelAndNeedsNoWeights() {
    String text = "What is the capital of France? Ünï <|im_end|> 北京";
    try (Tokenizer alone = new LlamaCpp().tokenizer(null).orElseThrow();
        Tokenizer ofFile = new LlamaCpp().tokenizer(TestModel.file().toString()).orElseThrow()) {
      int[] tokens = alone.encode(text);

      assertThat(tokens).isEqualTo(TestModel.get().tokenizer().orElseThrow().encode(text));
      assertThat(tokens).isEqualTo(ofFile.encode(text));
      assertThat(alone.count(text)).isEqualTo(tokens.length);
      assertThat(alone.decode(tokens)).isEqualTo(text);
      assertThat(alone.count("")).isZero();
      assertThat(alone.decode(new int[0])).isEmpty();
    }
  }

  @Test
  void invalidTokensAndAClosedTokenizerAreRefused() {
    Tokenizer tokenizer = new LlamaCpp().tokenizer(null).orElseThrow();
    assertThatThrownBy(() -> tokenizer.decode(new int[] {5, 49_152}))
        .isInstanceOf(ModelException.class)
        .hasMessage("There is no token 49152; those of this model are 0 to 49151.");
    assertThatThrownBy(() -> tokenizer.decode(new int[] {-1}))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no token -1");
    tokenizer.close();
    tokenizer.close();
    assertThatThrownBy(() -> tokenizer.count("a"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("is closed");
    assertThatThrownBy(() -> new LlamaCpp().tokenizer("/no/such/file.gguf"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("There is no model file");
    assertThatThrownBy(() -> new LlamaCpp().tokenizer("\0")).isInstanceOf(ModelException.class);
  }

  @Test
  void saysWhatIsWrongWithAFile(@TempDir Path folder) {
    assertThatThrownBy(() -> new LlamaCpp().open(folder.resolve("none.gguf").toString()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("There is no model file");
    assertThatThrownBy(() -> new LlamaCpp().open("\0"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("no path");
  }

  @Test
  void reportsTheErrorsThatLlamaCppLogged(@TempDir Path folder) throws IOException {
    Path file = TestModel.ofUnknownKind(folder.resolve("hive.gguf"));
    assertThatThrownBy(() -> new LlamaCpp().open(file.toString()))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("llama.cpp cannot load")
        .hasMessageContaining("unknown model architecture: 'beehive'");
  }

  @Test
  void namesTheDependencyWithTheModelWhenThereIsNone() {
    ClassLoader empty = new URLClassLoader(new URL[0], ClassLoader.getPlatformClassLoader());
    assertThatThrownBy(() -> DefaultModel.find(empty))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("dev.terrarium:terrarium-smollm2");
  }

  @Test
  void saysWhatTheDescriptionOfAModelLacks(@TempDir Path folder) throws IOException {
    Path description = folder.resolve("META-INF/terrarium/models.properties");
    Files.createDirectories(folder.resolve("META-INF/terrarium"));
    Files.writeString(description, "name=x\nresource=y\nfile=z\nsize=many\n");
    ClassLoader loader = loader(folder.toUri());
    assertThatThrownBy(() -> DefaultModel.find(loader))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("size: 'many'");
    Files.writeString(description, "name=x\nresource=y\nfile=z\nsize=12\n");
    assertThatThrownBy(() -> DefaultModel.find(loader))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("The key 'sha256' is missing");
    Files.writeString(description, "name=x\nresource=y\nfile=z\nsize=12\nsha256=00\n");
    assertThatThrownBy(() -> DefaultModel.find(loader).unpacked(loader))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("lacks its file y");
  }

  private static ClassLoader loader(URI folder) throws IOException {
    return new URLClassLoader(new URL[] {folder.toURL()}, ClassLoader.getPlatformClassLoader());
  }

  @Test
  void refusesOtherPlatformsAndLesserProcessors() {
    LlamaLibrary.checkPlatform("Linux", "amd64");
    assertThatThrownBy(() -> LlamaLibrary.checkPlatform("Mac OS X", "aarch64"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("Mac OS X on aarch64");
    LlamaLibrary.checkCpu(LlamaLibrary.open(), "flags\t\t: fpu avx avx2 fma f16c\n");
    LlamaLibrary.checkCpu(LlamaLibrary.open(), "");
    assertThatThrownBy(() -> LlamaLibrary.checkCpu(LlamaLibrary.open(), "flags\t: fpu avx fma\n"))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("avx2")
        .hasMessageContaining("f16c");
    assertThatThrownBy(() -> LlamaLibrary.open(Path.of("/no/such/library.so")))
        .isInstanceOf(ModelException.class)
        .hasMessageContaining("libgomp");
  }

  @Test
  void checksOptionsWhereTheyAreSet() {
    assertThat(LlamaCppOptions.ofDefaults().contextWindow()).isEqualTo(8192);
    assertThat(LlamaCppOptions.ofDefaults().maxTokens()).isEqualTo(512);
    assertThat(LlamaCppOptions.ofDefaults().temperature()).isZero();
    assertThatThrownBy(() -> LlamaCppOptions.custom().contextWindow(3).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("contextWindow: 3 is not a number of tokens in 64 to 1048576");
    assertThatThrownBy(() -> LlamaCppOptions.custom().threads(1).parallel(2).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("parallel: 2");
    assertThatThrownBy(() -> LlamaCppOptions.custom().temperature(Double.NaN).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("NaN");
    assertThatThrownBy(() -> LlamaCppOptions.custom().maxTokens(9000).build())
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("contextWindow: 8192");
    assertThatThrownBy(() -> LlamaCppOptions.custom().seed(1).seed(2))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage("seed was given twice");
    assertThatThrownBy(() -> LlamaCppOptions.custom().chatTemplate(" ").build())
        .isInstanceOf(ConfigurationException.class);
  }
}
