package dev.terrarium.internal.resource;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MountsTest {

  private static final String MOUNTS =
      """
      /dev/sda / ext4 rw,relatime 0 0
      tmpfs /tmp tmpfs rw,nosuid,noexec 0 0
      /dev/sdb /tmp/code ext4 rw 0 0
      /dev/sdc /srv/with\\040blank\\134 ext4 rw,noexec 0 0
      /dev/sdd /over ext4 rw 0 0
      /dev/sde /over ext4 rw,noexec 0 0
      """;

  private static boolean refuseCode(String folder) {
    return Mounts.refuseCode(MOUNTS, Path.of(folder));
  }

  @Test
  void innermostMountDecides() {
    assertThat(refuseCode("/home/me/.cache/terrarium")).isFalse();
    assertThat(refuseCode("/tmp/terrarium")).isTrue();
    assertThat(refuseCode("/tmp/code/terrarium")).isFalse();
    assertThat(refuseCode("/tmpx")).isFalse();
  }

  @Test
  void laterMountOnOnePlaceDecides() {
    assertThat(refuseCode("/over/there")).isTrue();
  }

  @Test
  void escapedCharactersOfMountPointsAreRead() {
    assertThat(refuseCode("/srv/with blank\\/cache")).isTrue();
  }

  @Test
  void folderThatIsNotThereYetIsJudgedByItsParent() {
    assertThat(Mounts.refuseCode(Path.of("/proc/self/not-there/yet")))
        .isEqualTo(Mounts.refuseCode(Path.of("/proc/self")));
  }
}
