/**
 * Contains the provider of language models that a service runs, such as OpenAI's, Anthropic's or
 * Ollama's, by LangChain4j's clients.
 */
@NullMarked
package dev.terrarium.langchain4j;

import org.jspecify.annotations.NullMarked;
