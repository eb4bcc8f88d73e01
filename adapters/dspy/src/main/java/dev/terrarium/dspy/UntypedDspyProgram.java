package dev.terrarium.dspy;

import dev.terrarium.Adapter;
import dev.terrarium.CallOptions;
import dev.terrarium.Command;
import dev.terrarium.Invocable;
import dev.terrarium.error.ConversionException;
import dev.terrarium.model.ChatMessage;
import dev.terrarium.model.ChatResponse.FinishReason;
import dev.terrarium.model.ChatResponse.TokenUsage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/** A DSPy program whose inputs and outputs are maps. Any context can run it. Thread-safe. */
public final class UntypedDspyProgram
    extends Invocable<Map<String, ?>, Map<String, @Nullable Object>> {

  /** The bridge's command that runs a program. */
  static final String CALL = "call";

  private final ProgramRef program;

  UntypedDspyProgram(Adapter adapter, ProgramRef program) {
    super(adapter);
    this.program = program;
  }

  /** Returns the program's id, by which any framework-level call can name it. */
  public String id() {
    return program.id();
  }

  @Override
  public UntypedDspyProgram with(CallOptions options) {
    return new UntypedDspyProgram(adapter().with(options), program);
  }

  /** Runs the program, and returns the outputs by name, as plain data of the declared types. */
  @Override
  public Map<String, @Nullable Object> call(Map<String, ?> inputs) {
    return super.call(inputs);
  }

  @Override
  protected Command<Map<String, @Nullable Object>> command(Map<String, ?> inputs) {
    return traced(inputs, false).map(Traced::outputs);
  }

  /**
   * Runs the program, and returns with its outputs what DSPy sent to the model and what the run
   * cost.
   */
  public Traced<Map<String, @Nullable Object>> trace(Map<String, ?> inputs) {
    return adapter().call(traced(inputs, true));
  }

  /**
   * Starts the program as {@link #trace} runs it, and returns without waiting, as {@link
   * #callAsync} does.
   */
  public CompletableFuture<Traced<Map<String, @Nullable Object>>> traceAsync(
      Map<String, ?> inputs) {
    return adapter().callAsync(traced(inputs, true));
  }

  /** Returns a publisher as {@link DspyProgram#stream(Record)} does. */
  public Flow.Publisher<DspyChunk<Map<String, @Nullable Object>>> stream(Map<String, ?> inputs) {
    return adapter().stream(
        Command.of("stream", arguments(inputs, true))
            .map(piece -> ChunkReader.read(piece, outputs -> outputs)));
  }

  /**
   * Returns a plan of the program's present state, with which Java runs the program without
   * entering Python. DSPy makes the plan, and shows on random values that the plan is exact.
   *
   * @throws dev.terrarium.error.ArgumentException when some part of the program cannot be frozen
   *     exactly, with the name of that part
   */
  public UntypedFrozenDspyProgram freeze() {
    return UntypedFrozenDspyProgram.freeze(adapter(), program);
  }

  /** Writes the program's state to a file; see {@link TypedProgram#save}. */
  public void save(Path file) {
    StateFile.save(adapter(), id(), file);
  }

  /** Gives the program the state of a file; see {@link TypedProgram#load}. */
  public void load(Path file) {
    StateFile.load(adapter(), id(), file);
  }

  /**
   * Returns the command that runs the program.
   *
   * @param inputs a map or a record
   */
  Command<Traced<Map<String, @Nullable Object>>> traced(Object inputs, boolean trace) {
    return Command.of(CALL, arguments(inputs, trace)).map(UntypedDspyProgram::read);
  }

  /** Returns the arguments of the bridge's commands. */
  Map<String, Object> arguments(Object inputs, boolean trace) {
    return program.arguments(
        Map.of("inputs", Objects.requireNonNull(inputs, "input"), "trace", trace));
  }

  /** Reads a result of the bridge's command. */
  static Traced<Map<String, @Nullable Object>> read(@Nullable Object result) {
    if (!(result instanceof Map<?, ?> map) || !(map.get("outputs") instanceof Map<?, ?> outputs)) {
      throw new ConversionException("result", "expected a dict with 'outputs', found " + result);
    }
    return new Traced<>(
        named(outputs),
        outputs.get("reasoning") instanceof String text ? Optional.of(text) : Optional.empty(),
        finishReason(map),
        messages(map.get("messages")),
        usage(map.get("usage")),
        requests(map.get("requests")));
  }

  /** Returns the steps in a result of the bridge's commands. */
  static List<?> steps(@Nullable Object result) {
    if (!(result instanceof Map<?, ?> map) || !(map.get("steps") instanceof List<?> list)) {
      throw new ConversionException("result", "expected a dict with 'steps', found " + result);
    }
    return list;
  }

  /** Returns a dict of Python's as a map by names; anything else as an empty one. */
  static Map<String, @Nullable Object> named(@Nullable Object dict) {
    Map<String, @Nullable Object> named = new LinkedHashMap<>();
    if (dict instanceof Map<?, ?> map) {
      map.forEach((name, value) -> named.put(String.valueOf(name), value));
    }
    return named;
  }

  private static List<ChatMessage> messages(@Nullable Object sent) {
    List<ChatMessage> messages = new ArrayList<>();
    if (sent instanceof List<?> list) {
      for (Object each : list) {
        if (each instanceof Map<?, ?> message) {
          messages.add(
              new ChatMessage(
                  ChatMessage.Role.valueOf(
                      String.valueOf(message.get("role")).toUpperCase(Locale.ROOT)),
                  String.valueOf(message.get("content"))));
        }
      }
    }
    return messages;
  }

  private static List<Traced.Request> requests(@Nullable Object made) {
    List<Traced.Request> requests = new ArrayList<>();
    if (made instanceof List<?> list) {
      for (Object each : list) {
        if (each instanceof Map<?, ?> request) {
          requests.add(
              new Traced.Request(
                  String.valueOf(request.get("asker")),
                  messages(request.get("messages")),
                  String.valueOf(request.get("response")),
                  finishReason(request),
                  Optional.ofNullable(request.get("model")).map(String::valueOf),
                  usage(request.get("usage"))));
        }
      }
    }
    return requests;
  }

  private static FinishReason finishReason(Map<?, ?> result) {
    return "length".equals(result.get("finish_reason")) ? FinishReason.LENGTH : FinishReason.STOP;
  }

  private static TokenUsage usage(@Nullable Object usage) {
    if (usage instanceof Map<?, ?> map) {
      return new TokenUsage(count(map.get("prompt_tokens")), count(map.get("completion_tokens")));
    }
    return new TokenUsage(0, 0);
  }

  private static int count(@Nullable Object number) {
    return number instanceof Number count ? count.intValue() : 0;
  }
}
