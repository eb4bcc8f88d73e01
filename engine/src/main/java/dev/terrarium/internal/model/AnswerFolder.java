package dev.terrarium.internal.model;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.JsonDeserializer;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.internal.resource.Sha256;
import dev.terrarium.model.ChatResponse;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A folder of answers, one file for each. Processes share the folder: a file is written under
 * another name and renamed when it is complete. A file that is damaged, or that another version has
 * written, counts as missing until the next answer replaces it. Thread-safe.
 */
final class AnswerFolder {

  private static final System.Logger LOG = System.getLogger("terrarium.model");
  private static final String OWNER_ONLY = "rwx------";
  private static final int HASH_BYTES = 32;

  private static final ObjectMapper JSON =
      new ObjectMapper()
          .registerModule(
              new SimpleModule()
                  .addSerializer(Duration.class, new DurationWriter())
                  .addDeserializer(Duration.class, new DurationReader()));

  private final Path folder;
  private final AtomicBoolean failed = new AtomicBoolean();

  /** An answer with the time at which it was made. */
  record Stored(ChatResponse answer, Instant made) {}

  /** The content of a file, behind its hash. */
  private record Content(long made, ChatResponse answer) {}

  private AnswerFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * Returns the folder at a path, which is made if it does not exist. Only its owner can read it.
   *
   * @throws ConfigurationException when the folder cannot be made or written to
   */
  static AnswerFolder at(Path path) {
    try {
      Files.createDirectories(
          path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(OWNER_ONLY)));
      Files.delete(Files.createTempFile(path, "check", ".tmp"));
    } catch (IOException e) {
      throw new ConfigurationException("answerFolder: cannot write to " + path + ": " + e, e);
    }
    return new AnswerFolder(path);
  }

  /** Returns the answer of a key; null when there is none that can be read. */
  @Nullable Stored read(String key) {
    Path file = file(key);
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length < HASH_BYTES
          || !Arrays.equals(
              Arrays.copyOf(bytes, HASH_BYTES), hash(bytes, HASH_BYTES, bytes.length))) {
        throw new IOException("its content is not what was written");
      }
      Content content = JSON.readValue(bytes, HASH_BYTES, bytes.length - HASH_BYTES, Content.class);
      return new Stored(content.answer, Instant.ofEpochMilli(content.made));
    } catch (NoSuchFileException e) {
      return null;
    } catch (IOException | RuntimeException e) {
      LOG.log(Level.WARNING, "The kept answer in " + file + " is passed over: " + reason(e));
      return null;
    }
  }

  /** Writes the answer of a key; an answer that cannot be written is logged and not kept. */
  void write(String key, Stored stored) {
    Path file = file(key);
    Path written = null;
    try {
      byte[] json = JSON.writeValueAsBytes(new Content(stored.made.toEpochMilli(), stored.answer));
      byte[] bytes =
          ByteBuffer.allocate(HASH_BYTES + json.length)
              .put(hash(json, 0, json.length))
              .put(json)
              .array();
      Files.createDirectories(file.getParent());
      written = Files.createTempFile(file.getParent(), key.substring(0, 8), ".tmp");
      Files.write(written, bytes);
      Files.move(written, file, StandardCopyOption.ATOMIC_MOVE);
      failed.set(false);
    } catch (IOException e) {
      remove(written);
      // One warning, and not one for each answer while a disk is full.
      Level level = failed.getAndSet(true) ? Level.DEBUG : Level.WARNING;
      LOG.log(level, "The answer in " + file + " is not kept: " + reason(e));
    }
  }

  private static void remove(@Nullable Path file) {
    try {
      if (file != null) {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      LOG.log(Level.DEBUG, file + " was not removed", e);
    }
  }

  /** Returns what went wrong, without the answer, which Jackson's messages may quote. */
  private static String reason(Exception e) {
    return e instanceof com.fasterxml.jackson.core.JsonProcessingException json
        ? json.getClass().getSimpleName() + " at " + json.getLocation()
        : String.valueOf(e);
  }

  private Path file(String key) {
    return folder.resolve(key.substring(0, 2)).resolve(key);
  }

  private static byte[] hash(byte[] bytes, int from, int to) {
    MessageDigest digest = Sha256.digest();
    digest.update(bytes, from, to - from);
    return digest.digest();
  }

  private static final class DurationWriter extends JsonSerializer<Duration> {
    @Override
    public void serialize(Duration value, JsonGenerator out, SerializerProvider provider)
        throws IOException {
      out.writeString(value.toString());
    }
  }

  private static final class DurationReader extends JsonDeserializer<Duration> {
    @Override
    public Duration deserialize(JsonParser in, DeserializationContext context) throws IOException {
      return Duration.parse(in.getText());
    }
  }
}
