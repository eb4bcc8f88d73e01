package dev.terrarium.llamacpp;

import dev.terrarium.model.Tokenizer;

/**
 * The tokenizer of a loaded file.
 *
 * @param owned whether closing the tokenizer frees the file
 */
record LlamaTokenizer(LoadedFile file, boolean owned) implements Tokenizer {

  @Override
  public int[] encode(String text) {
    return file.using(vocabulary -> vocabulary.tokens(text));
  }

  @Override
  public String decode(int[] tokens) {
    return file.using(vocabulary -> vocabulary.text(tokens));
  }

  @Override
  public void close() {
    if (owned) {
      file.free();
    }
  }
}
