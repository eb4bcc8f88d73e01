package dev.terrarium.llamacpp;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("model")
class ConversationsTest {

  private static final long PLENTY = 1L << 30;

  private MemorySegment model = MemorySegment.NULL;

  @BeforeAll
  void load() {
    model = Llama.modelLoad(TestModel.file().toString(), false);
  }

  @AfterAll
  void free() {
    Llama.modelFree(model);
  }

  private Conversations conversations(long memory) {
    return new Conversations(model, 1, 2048, memory);
  }

  /** Returns a prompt whose beginning no other kind has. */
  private static int[] prompt(int kind, int length) {
    return IntStream.range(0, length).map(i -> 1000 + kind * 100 + i % 90).toArray();
  }

  private static float[] read(Conversations conversations, int[] prompt) {
    Conversation conversation = conversations.forPrompt(prompt, 10);
    assertThat(conversation.read(prompt, 10, () -> false)).isTrue();
    float[] scores = new float[TestModel.vocabulary().size()];
    Llama.copyLogits(conversation.context(), -1, scores);
    return scores;
  }

  @Test
  void scoresAreTheSameToTheBitWhateverWasReadBefore() {
    List<int[]> prompts = new ArrayList<>();
    for (int length : new int[] {1, 31, 32, 33, 64, 100, 130, 100, 33}) {
      prompts.add(prompt(0, length));
      prompts.add(prompt(1, length + 5));
    }
    List<float[]> alone = new ArrayList<>();
    for (int[] prompt : prompts) {
      try (Conversations fresh = conversations(0)) {
        alone.add(read(fresh, prompt));
      }
    }
    for (long memory : new long[] {0, PLENTY}) {
      try (Conversations shared = conversations(memory)) {
        for (int i = 0; i < prompts.size(); i++) {
          assertThat(read(shared, prompts.get(i))).isEqualTo(alone.get(i));
        }
      }
    }
  }

  @Test
  void alternatingCallersKeepTheirPromptsBeginnings() {
    try (Conversations conversations = conversations(PLENTY)) {
      read(conversations, prompt(0, 200));
      read(conversations, prompt(1, 200));
      assertThat(conversations.size()).isEqualTo(2);
      int[] again = prompt(0, 210);
      assertThat(conversations.forPrompt(again, 10).shared(again)).isEqualTo(192);
      int[] other = prompt(1, 190);
      assertThat(conversations.forPrompt(other, 10).shared(other)).isEqualTo(160);
      assertThat(conversations.size()).isEqualTo(2);
    }
  }

  @Test
  void leastRecentlyUsedConversationIsDroppedWhenMemoryIsShort() {
    try (Conversations conversations = conversations(70L << 20)) {
      for (int kind = 0; kind < 5; kind++) {
        read(conversations, prompt(kind, 200));
      }
      assertThat(conversations.size()).isEqualTo(3);
      int[] last = prompt(4, 200);
      assertThat(conversations.forPrompt(last, 10).shared(last)).isEqualTo(192);
      int[] first = prompt(0, 200);
      assertThat(conversations.forPrompt(first, 10).shared(first)).isZero();
    }
  }

  @Test
  void oneConversationIsKeptWhateverItsSize() {
    try (Conversations conversations = conversations(0)) {
      read(conversations, prompt(0, 200));
      read(conversations, prompt(1, 600));
      assertThat(conversations.size()).isEqualTo(1);
    }
  }

  @Test
  void readingEndsBetweenBlocksWhenCancelled() {
    try (Conversations conversations = conversations(0)) {
      int[] prompt = prompt(0, 200);
      int[] asked = new int[1];
      assertThat(conversations.forPrompt(prompt, 10).read(prompt, 10, () -> ++asked[0] > 2))
          .isFalse();
      assertThat(conversations.forPrompt(prompt, 10).shared(prompt)).isEqualTo(64);
    }
  }
}
