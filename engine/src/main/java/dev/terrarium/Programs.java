package dev.terrarium;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The programs of one framework, whoever made them: those that any context can run by their id.
 * Thread-safe.
 *
 * {@snippet :
 * Programs programs = new Programs(terrarium.adapter("triage"));
 * boolean there = programs.list().contains("urgent");
 * }
 */
public final class Programs {

  private final Adapter adapter;

  /**
   * @param adapter of a framework whose bridge has the commands of programs
   */
  public Programs(Adapter adapter) {
    this.adapter = adapter;
  }

  /** The ids of all programs, sorted. */
  public List<String> list() {
    return List.of(adapter.call(Command.of("list_programs", Map.of()).as(String[].class)));
  }

  /**
   * What is known of a program.
   *
   * @throws dev.terrarium.error.ArgumentException when there is none of that id
   */
  public Info info(String id) {
    return adapter.call(Command.of("get_program_info", Map.of("program", id)).as(Info.class));
  }

  /**
   * Deletes a program, for all contexts: the next call of it fails.
   *
   * @throws dev.terrarium.error.ArgumentException when there is none of that id
   */
  public void delete(String id) {
    adapter.call("delete_program", Map.of("program", id));
  }

  /**
   * A program as it was at one moment.
   *
   * @param program its id
   * @param version rises with every change of its spec and of its compiled state
   * @param created when it was made
   * @param updated when its spec or its compiled state last changed
   * @param compiled whether it has a compiled state
   * @param spec what it is built from
   */
  public record Info(
      String program,
      long version,
      Instant created,
      Instant updated,
      boolean compiled,
      Map<String, @Nullable Object> spec) {}
}
