package dev.terrarium;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The programs of one framework, whichever caller made them; any context can run each of them by
 * its id. Thread-safe.
 *
 * {@snippet :
 * Programs programs = new Programs(terrarium.adapter("triage"));
 * boolean there = programs.list().contains("urgent");
 * }
 */
public final class Programs {

  private final Adapter adapter;

  /**
   * Creates a view of the programs of one framework.
   *
   * @param adapter of a framework whose bridge has the commands of programs
   */
  public Programs(Adapter adapter) {
    this.adapter = adapter;
  }

  /**
   * Builds a program, which loads the framework, and stores its spec.
   *
   * @return the id, which comes from the spec's content
   * @throws dev.terrarium.error.ArgumentException when the spec is not valid
   */
  public String create(Map<String, ?> spec) {
    return store("create_program", spec);
  }

  /**
   * Stores a program's spec without building the program, and does not load the framework. The
   * first call of the program builds it, and fails if the spec is not valid.
   *
   * @return the id, which comes from the spec's content
   * @throws dev.terrarium.error.ArgumentException when the spec is seen to be wrong without the
   *     framework
   */
  public String define(Map<String, ?> spec) {
    return store("define_program", spec);
  }

  private String store(String command, Map<String, ?> spec) {
    return adapter.call(Command.of(command, Map.of("spec", spec)).as(Stored.class)).program();
  }

  /** Returns the ids of all programs, sorted. */
  public List<String> list() {
    return List.of(adapter.call(Command.of("list_programs", Map.of()).as(String[].class)));
  }

  /**
   * Returns a description of a program.
   *
   * @throws dev.terrarium.error.ArgumentException when no program has that id
   */
  public Info info(String id) {
    return adapter.call(Command.of("get_program_info", Map.of("program", id)).as(Info.class));
  }

  /**
   * Deletes a program for all contexts; the program's next call fails.
   *
   * @throws dev.terrarium.error.ArgumentException when no program has that id
   */
  public void delete(String id) {
    adapter.call("delete_program", Map.of("program", id));
  }

  /** The answer to a spec. */
  private record Stored(String program) {}

  /**
   * The description of a program at one moment.
   *
   * @param program the program's id
   * @param version a number that rises with every change of the program's spec and of its compiled
   *     state
   * @param created when the program was created
   * @param updated when the program's spec or its compiled state last changed
   * @param compiled whether the program has a compiled state
   * @param spec the spec that the program is built from
   */
  public record Info(
      String program,
      long version,
      Instant created,
      Instant updated,
      boolean compiled,
      Map<String, @Nullable Object> spec) {}
}
