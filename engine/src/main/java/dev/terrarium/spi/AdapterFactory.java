package dev.terrarium.spi;

import dev.terrarium.Adapter;
import dev.terrarium.Terrarium;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Flow;

/**
 * A factory of the typed Java facade of one framework. Factories are found by {@link
 * java.util.ServiceLoader}, so {@link Terrarium#adapter(Class)} knows every facade on the class
 * path. Must be thread-safe.
 *
 * @param <A> the type of the facade
 */
public interface AdapterFactory<A> {

  /** Returns the facade's class. */
  Class<A> type();

  /** Returns the name of the framework that the facade is for. */
  String framework();

  /**
   * Returns the name of the Python file that defines the framework, or of the folder of a package
   * that does: a resource that the factory's class loader sees, such as {@code /ratings.py} or
   * {@code /ratings}. Each Terrarium that knows the factory then knows the framework. Empty, the
   * default, means that Python packages on the class path define the framework, or that the user
   * registers it.
   */
  default Optional<String> resource() {
    return Optional.empty();
  }

  /**
   * Returns functions that Python code calls by name, as {@link HostFunctions} has them, and that
   * use models or other resources of the Terrarium; none by default. Called once for each {@link
   * Terrarium}, for factories that the service loader finds.
   *
   * @param shared the resources, which are usable once the Terrarium has started
   */
  default Map<String, HostFunction> functions(SharedResources shared) {
    return Map.of();
  }

  /** Creates the facade; called once for each {@link Terrarium}. */
  A create(Adapter adapter);

  /**
   * Returns a program that answers questions by this framework, as the command {@code terrarium
   * ask} does; empty, the default, when the framework answers none. The call need not load the
   * framework. The program has the language model pick the likeliest token each time (temperature
   * 0).
   *
   * @param facade a facade that {@link #create} returned
   * @param maxTokens maximum number of tokens of an answer, at least 1
   */
  default Optional<Answerer> answerer(A facade, int maxTokens) {
    return Optional.empty();
  }

  /** A program that answers questions. Any context can run it. Must be thread-safe. */
  interface Answerer {

    /**
     * Returns the answer to a question.
     *
     * @throws dev.terrarium.error.TerrariumException in the subclass that says what went wrong
     */
    String answer(String question);

    /**
     * Returns a publisher of the answer's pieces, which come while the model writes and join to the
     * answer. A framework that does not stream publishes the answer as one piece, as {@link
     * Adapter#stream} does with a command that yields nothing.
     */
    Flow.Publisher<String> stream(String question);
  }
}
