/**
 * Contains the facade, its configuration, frameworks and adapters. Most users import nothing else.
 */
@NullMarked
package dev.terrarium;

import org.jspecify.annotations.NullMarked;
