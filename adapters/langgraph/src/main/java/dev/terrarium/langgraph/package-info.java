/** Contains the Java facade of LangGraph: graphs, their threads, and where checkpoints are kept. */
@NullMarked
package dev.terrarium.langgraph;

import org.jspecify.annotations.NullMarked;
