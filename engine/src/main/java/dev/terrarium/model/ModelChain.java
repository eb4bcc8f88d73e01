package dev.terrarium.model;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.terrarium.AdmissionConfig.CircuitBreaker;
import dev.terrarium.error.CircuitOpenException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.LimitExceededException;
import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import dev.terrarium.error.TerrariumException;
import dev.terrarium.internal.circuit.Circuit;
import dev.terrarium.spi.InstructedTools;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A chain of models, of which the first one answers that does not fail. Thread-safe. */
final class ModelChain implements LanguageModel {

  private static final System.Logger LOG = System.getLogger("terrarium.model");

  private final String name;
  private final List<Link> links;

  /** A model of the chain with its circuit breaker. */
  private record Link(LanguageModel model, Circuit circuit) {

    static Link of(LanguageModel model, CircuitBreaker config, Ticker ticker) {
      return new Link(
          model,
          new Circuit(
              "Language model '" + model.name() + "'",
              config.failures(),
              config.openFor(),
              config.trialCalls(),
              ticker));
    }
  }

  /** The failure of a model to answer. */
  private record Failure(String model, Kind kind, TerrariumException thrown) {

    boolean retryable() {
      return kind.retryable();
    }

    Optional<Duration> retryAfter() {
      return thrown instanceof ModelException failure ? failure.retryAfter() : Optional.empty();
    }
  }

  ModelChain(List<LanguageModel> models, CircuitBreaker breaker, Ticker ticker) {
    if (models.isEmpty()) {
      throw new ConfigurationException("firstOf: at least one model is needed");
    }
    this.links = models.stream().map(model -> Link.of(model, breaker, ticker)).toList();
    this.name =
        models.stream().map(LanguageModel::name).collect(Collectors.joining(",", "first:", ""));
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public ChatResponse chat(ChatRequest request) {
    return first(model -> InstructedTools.chat(model, request), new AtomicBoolean());
  }

  @Override
  public ChatResponse stream(ChatRequest request, Consumer<ChatResponse.Chunk> sink) {
    AtomicBoolean begun = new AtomicBoolean();
    Consumer<ChatResponse.Chunk> watched =
        chunk -> {
          begun.set(true);
          sink.accept(chunk);
        };
    return first(model -> InstructedTools.stream(model, request, watched), begun);
  }

  /** Returns true; each model gets tools in its own way. */
  @Override
  public boolean takesTools() {
    return true;
  }

  /**
   * Returns the answer of the first model that does not fail.
   *
   * @param begun whether the caller has a part of the answer, so that no other model can be asked
   */
  private ChatResponse first(Function<LanguageModel, ChatResponse> question, AtomicBoolean begun) {
    List<Failure> failures = new ArrayList<>();
    for (Link link : links) {
      boolean trial;
      try {
        trial = link.circuit.enter();
      } catch (CircuitOpenException e) {
        failures.add(passedOver(link, e));
        continue;
      }
      try {
        return ask(link, trial, question);
      } catch (ModelException | LimitExceededException e) {
        if (begun.get() || !mayAnotherAnswer(e)) {
          failures.forEach(earlier -> e.addSuppressed(earlier.thrown));
          throw e;
        }
        failures.add(new Failure(link.model.name(), kind(e), e));
        LOG.log(Level.INFO, () -> name + ": " + link.model.name() + " failed by " + kind(e));
      }
    }
    throw failure(failures);
  }

  private static ChatResponse ask(
      Link link, boolean trial, Function<LanguageModel, ChatResponse> question) {
    boolean reported = false;
    try {
      ChatResponse answer = question.apply(link.model);
      link.circuit.succeeded(trial);
      reported = true;
      return answer;
    } catch (ModelException | LimitExceededException e) {
      if (saysModelIsDown(e)) {
        link.circuit.failed(trial, kind(e).name(), e);
        reported = true;
      }
      throw e;
    } finally {
      if (!reported) {
        link.circuit.released(trial);
      }
    }
  }

  private static Kind kind(TerrariumException failure) {
    return failure instanceof ModelException known ? known.kind() : Kind.OTHER;
  }

  private static boolean mayAnotherAnswer(TerrariumException failure) {
    return switch (kind(failure)) {
      case INVALID_REQUEST, CONTENT_FILTERED -> false;
      case AUTHENTICATION,
          QUOTA_EXCEEDED,
          UNKNOWN_MODEL,
          RATE_LIMITED,
          UNAVAILABLE,
          TIMED_OUT,
          CUT_OFF_STREAM,
          BAD_RESPONSE,
          CONTEXT_LENGTH_EXCEEDED,
          OTHER ->
          true;
    };
  }

  private static boolean saysModelIsDown(TerrariumException failure) {
    return switch (kind(failure)) {
      case INVALID_REQUEST, CONTENT_FILTERED, BAD_RESPONSE, CONTEXT_LENGTH_EXCEEDED -> false;
      case AUTHENTICATION,
          QUOTA_EXCEEDED,
          UNKNOWN_MODEL,
          RATE_LIMITED,
          UNAVAILABLE,
          TIMED_OUT,
          CUT_OFF_STREAM,
          OTHER ->
          true;
    };
  }

  private static Failure passedOver(Link link, CircuitOpenException refusal) {
    Duration left = link.circuit.timeLeft();
    return new Failure(
        link.model.name(),
        Kind.UNAVAILABLE,
        new ModelException(
            Kind.UNAVAILABLE,
            String.valueOf(refusal.getMessage()),
            left.isZero() ? null : left,
            refusal));
  }

  /** Returns the exception for a request that no model has answered. */
  private TerrariumException failure(List<Failure> failures) {
    Failure first = failures.getFirst();
    if (failures.size() == 1) {
      return first.thrown;
    }
    Failure counting = failures.stream().filter(Failure::retryable).findFirst().orElse(first);
    Optional<Duration> wait =
        failures.stream()
            .filter(Failure::retryable)
            .flatMap(each -> each.retryAfter().stream())
            .min(Comparator.naturalOrder());
    ModelException all =
        new ModelException(
            counting.kind,
            "No model of "
                + name
                + " answered. "
                + failures.stream()
                    .map(each -> each.model + ", " + each.kind + ": " + each.thrown.getMessage())
                    .collect(Collectors.joining("; ")),
            wait.orElse(null),
            first.thrown);
    failures.stream().skip(1).forEach(each -> all.addSuppressed(each.thrown));
    return all;
  }

  @Override
  public Optional<Tokenizer> tokenizer() {
    return links.getFirst().model.tokenizer();
  }

  @Override
  public long bytes() {
    return links.stream().mapToLong(link -> link.model.bytes()).sum();
  }

  /** Closes all models, also when closing one of them fails. */
  @Override
  public void close() {
    RuntimeException failure = null;
    for (Link link : links) {
      try {
        link.model.close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
