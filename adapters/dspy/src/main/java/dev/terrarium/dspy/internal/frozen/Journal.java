package dev.terrarium.dspy.internal.frozen;

import dev.terrarium.spi.HostFunction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The record of what language models and functions gave in a run. Where the run turns out not to be
 * exact, DSPy runs the program from the beginning, and gets from {@link #replay} what was given
 * already: no model is asked twice, and no tool is called twice. Used by one thread at a time.
 */
public final class Journal implements Exchanges {

  /** A request or a call, and what came of it: a result, or what was thrown. */
  private record Entry(
      @Nullable Map<String, @Nullable Object> request,
      @Nullable String name,
      @Nullable Object result,
      @Nullable RuntimeException failure) {

    @Nullable Object outcome() {
      if (failure != null) {
        throw failure;
      }
      return result;
    }
  }

  /** A request that a model answered, and the answer. */
  public record Exchange(Map<String, @Nullable Object> request, Map<?, ?> answer) {}

  /** What gives DSPy the entries of a journal in their order, as long as it asks for them. */
  public static final class Replay {

    private final List<Entry> entries;
    private int next;

    private Replay(List<Entry> entries) {
      this.entries = List.copyOf(entries);
    }

    /**
     * Answers Python with what a model gave for a request, or with null: the model has to be asked.
     * When the request is another one, the program has changed meanwhile, and the rest of the
     * journal is of no use.
     */
    public @Nullable Object answer(List<@Nullable Object> arguments) {
      Entry entry = take();
      return entry != null && arguments.getFirst().equals(entry.request())
          ? entry.outcome()
          : forget();
    }

    /** Returns functions that give the results of the journal first. */
    public Map<String, HostFunction> functions(Map<String, HostFunction> functions) {
      Map<String, HostFunction> replaying = new LinkedHashMap<>();
      functions.forEach(
          (name, function) ->
              replaying.put(
                  name,
                  arguments -> {
                    Entry entry = take();
                    if (entry != null && name.equals(entry.name())) {
                      return entry.outcome();
                    }
                    Object unused = forget();
                    return function.call(arguments);
                  }));
      return replaying;
    }

    private @Nullable Entry take() {
      return next < entries.size() ? entries.get(next++) : null;
    }

    private @Nullable Object forget() {
      next = entries.size();
      return null;
    }
  }

  private final Function<Map<String, @Nullable Object>, Map<?, ?>> models;
  private final Map<String, HostFunction> functions;
  private final List<Entry> entries = new ArrayList<>();

  /** The name of the asker of each answered request. */
  private final List<@Nullable String> askers = new ArrayList<>();

  /**
   * Creates an empty journal.
   *
   * @param models answer a request in the form of {@code model.generate}
   */
  public Journal(
      Function<Map<String, @Nullable Object>, Map<?, ?>> models,
      Map<String, HostFunction> functions) {
    this.models = models;
    this.functions = functions;
  }

  @Override
  public Map<?, ?> ask(@Nullable String asker, Map<String, @Nullable Object> request) {
    try {
      Map<?, ?> answer = models.apply(request);
      entries.add(new Entry(request, null, answer, null));
      askers.add(asker);
      return answer;
    } catch (RuntimeException e) {
      entries.add(new Entry(request, null, null, e));
      throw e;
    }
  }

  @Override
  public @Nullable Object call(String function, List<@Nullable Object> arguments) {
    try {
      Object result = Objects.requireNonNull(functions.get(function)).call(arguments);
      entries.add(new Entry(null, function, result, null));
      return result;
    } catch (RuntimeException e) {
      entries.add(new Entry(null, function, null, e));
      throw e;
    }
  }

  /** Returns whether nothing was asked or called so far. */
  public boolean isEmpty() {
    return entries.isEmpty();
  }

  /** Returns what gives the entries to DSPy; each one is for one run. */
  public Replay replay() {
    return new Replay(entries);
  }

  /** Returns the answered requests, in order. */
  public List<Exchange> exchanges() {
    List<Exchange> exchanges = new ArrayList<>();
    for (Entry entry : entries) {
      if (entry.request() != null && entry.result() instanceof Map<?, ?> answer) {
        exchanges.add(new Exchange(entry.request(), answer));
      }
    }
    return exchanges;
  }

  /** Returns what a result of the bridge's commands tells of the requests, where it is traced. */
  public Map<String, @Nullable Object> trace() {
    List<Exchange> exchanges = exchanges();
    List<Map<String, @Nullable Object>> requests = new ArrayList<>();
    for (int i = 0; i < exchanges.size(); i++) {
      Map<String, @Nullable Object> request = described(exchanges.subList(i, i + 1));
      request.put("asker", askers.get(i));
      requests.add(request);
    }
    Map<String, @Nullable Object> trace = described(exchanges);
    trace.put("requests", requests);
    return trace;
  }

  /** Describes the last exchange, and the usage of all. */
  private static Map<String, @Nullable Object> described(List<Exchange> exchanges) {
    Exchange last = exchanges.getLast();
    Map<String, @Nullable Object> described = new LinkedHashMap<>();
    described.put("messages", last.request().get("messages"));
    described.put("response", last.answer().get("text"));
    described.put("finish_reason", last.answer().get("finish_reason"));
    described.put("model", last.answer().get("model"));
    Map<String, Object> usage = new LinkedHashMap<>();
    for (String tokens : List.of("prompt_tokens", "completion_tokens")) {
      usage.put(
          tokens, exchanges.stream().mapToLong(each -> count(each.answer().get(tokens))).sum());
    }
    described.put("usage", usage);
    return described;
  }

  private static long count(@Nullable Object number) {
    return number instanceof Number count ? count.longValue() : 0;
  }
}
