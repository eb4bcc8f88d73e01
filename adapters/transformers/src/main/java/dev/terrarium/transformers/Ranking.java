package dev.terrarium.transformers;

import java.util.List;

/**
 * Documents that are to be put in the order of their relevance for a query. Immutable.
 *
 * @param query what is looked for
 * @param documents the documents, at least one
 */
public record Ranking(String query, List<String> documents) {

  public Ranking {
    documents = List.copyOf(documents);
  }
}
