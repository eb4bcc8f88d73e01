package dev.terrarium.transformers;

/**
 * A document in the order of its relevance for a query. Immutable.
 *
 * @param index the document's place among those that were given, from 0 on
 * @param document the document
 * @param score the relevance, 0 to 1
 */
public record Ranked(int index, String document, double score) {}
