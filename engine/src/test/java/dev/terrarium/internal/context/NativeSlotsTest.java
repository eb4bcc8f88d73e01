package dev.terrarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativeSlotsTest {

  private static String fill(String library, int slot) {
    byte[] bytes = library.getBytes(StandardCharsets.ISO_8859_1);
    NativeSlots.fill(bytes, slot);
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  @Test
  void slotOfAFailedCreationIsReleased() {
    int before = NativeSlots.taken();

    NativeSlots.take();
    assertThat(NativeSlots.taken()).isEqualTo(before + 1);
    NativeSlots.giveBack();
    assertThat(NativeSlots.taken()).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({"0,dup00", "9,dup09", "10,dup0a", "63,dup3f", "255,dupff"})
  void numbersAreTwoHexadecimalDigits(int slot, String expected) {
    assertThat(fill("lib.so.dup@@", slot)).isEqualTo("lib.so." + expected);
  }

  @Test
  void everyPlaceholderIsFilled() {
    assertThat(fill("dup@@\0lib.so.dup@@\0\u00ffdup@@", 1))
        .isEqualTo("dup01\0lib.so.dup01\0\u00ffdup01");
  }

  @Test
  void whatOnlyLooksLikeAPlaceholderStays() {
    String text = "dup dup@ dup@x @@dup dudup ELF\0";

    assertThat(fill(text, 5)).isEqualTo(text);
    assertThat(fill("ddup@@", 5)).isEqualTo("ddup05");
    assertThat(fill("dupdup@@", 5)).isEqualTo("dupdup05");
  }

  @Test
  void textsShorterThanAPlaceholderStay() {
    assertThat(fill("dup@", 0)).isEqualTo("dup@");
    assertThat(fill("", 0)).isEmpty();
  }

  @Test
  void preparedFolderHasTheSlotsOfLaterContexts(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("lib.so.slot"), "dup@@");
    Files.writeString(folder.resolve("MANIFEST"), "5 0 lib.so.slot\n");
    NativeSlots.take();
    try {
      NativeSlots.prepare(folder);
      NativeSlots.take();
      int slot = NativeSlots.taken() - 1;
      NativeSlots.giveBack();

      assertThat(folder.resolve("lib.so.dup" + Integer.toHexString(slot)))
          .hasContent("dup%02x".formatted(slot));
    } finally {
      NativeSlots.giveBack();
    }
  }
}
