package dev.terrarium;

import java.util.List;
import java.util.Map;

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
    return List.of(adapter.call("list_programs", Map.of(), String[].class));
  }

  /**
   * What is known of a program.
   *
   * @throws dev.terrarium.error.ArgumentException when there is none of that id
   */
  public ProgramInfo info(String id) {
    return adapter.call("get_program_info", Map.of("program", id), ProgramInfo.class);
  }

  /**
   * Deletes a program, for all contexts: the next call of it fails.
   *
   * @throws dev.terrarium.error.ArgumentException when there is none of that id
   */
  public void delete(String id) {
    adapter.call("delete_program", Map.of("program", id));
  }
}
