/**
 * Contains the admission of calls, which comes before the pool: budgets, circuit breaker, bulkhead
 * and retry.
 */
@NullMarked
package dev.terrarium.internal.admission;

import org.jspecify.annotations.NullMarked;
