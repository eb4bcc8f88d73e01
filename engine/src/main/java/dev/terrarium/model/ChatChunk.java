package dev.terrarium.model;

/** A piece of an answer, in order; the pieces joined are the answer. Immutable. */
public record ChatChunk(String text) {}
