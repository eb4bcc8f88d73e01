package dev.terrarium.llamacpp;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A matcher that asks llama.cpp whether a grammar makes a text, without a model that chooses
 * tokens. Public for the tests of the grammars.
 */
public final class GrammarMatcher {

  private static final int END_OF_ANSWER = 2;

  private GrammarMatcher() {}

  public static boolean matches(String grammar, String text) {
    Vocabulary vocabulary = TestModel.vocabulary();
    MemorySegment sampler = Llama.samplerInitGrammar(vocabulary.vocab(), grammar);
    if (sampler.equals(MemorySegment.NULL)) {
      throw new AssertionError("llama.cpp refuses the grammar\n" + grammar);
    }
    try {
      for (int token : Llama.tokenize(vocabulary.vocab(), text, false, false)) {
        if (!allows(sampler, token)) {
          return false;
        }
        Llama.samplerAccept(sampler, token);
      }
      return allows(sampler, END_OF_ANSWER);
    } finally {
      Llama.samplerFree(sampler);
    }
  }

  private static boolean allows(MemorySegment sampler, int token) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment candidate = arena.allocate(3 * Integer.BYTES);
      candidate.set(JAVA_INT, 0, token);
      candidate.set(JAVA_FLOAT, Integer.BYTES, 1f);
      MemorySegment array = arena.allocate(Llama.CANDIDATES);
      array.set(ADDRESS, 0, candidate);
      array.set(JAVA_LONG, Long.BYTES, 1);
      array.set(JAVA_LONG, 2 * Long.BYTES, -1);
      Llama.samplerApply(sampler, array);
      return candidate.get(JAVA_FLOAT, Integer.BYTES) > Float.NEGATIVE_INFINITY;
    }
  }
}
