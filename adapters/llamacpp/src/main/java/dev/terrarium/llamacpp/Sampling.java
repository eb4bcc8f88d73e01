package dev.terrarium.llamacpp;

/**
 * How each token of an answer is chosen. Immutable.
 *
 * @param temperature 0 chooses the likeliest token
 * @param topP the share of the likeliest tokens from which a token is drawn
 */
record Sampling(double temperature, double topP, long seed) {

  static final double DEFAULT_TOP_P = 0.95;

  /** Always the likeliest token. */
  static final Sampling LIKELIEST = new Sampling(0, DEFAULT_TOP_P, 0);
}
