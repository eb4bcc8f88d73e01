package dev.terrarium;

import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A program as it was at one moment.
 *
 * @param program its id
 * @param version rises with every change of its spec and of its compiled state
 * @param created when it was made
 * @param updated when its spec or its compiled state last changed
 * @param compiled whether it has a compiled state
 * @param spec what it is built from
 */
public record ProgramInfo(
    String program,
    long version,
    Instant created,
    Instant updated,
    boolean compiled,
    Map<String, @Nullable Object> spec) {}
