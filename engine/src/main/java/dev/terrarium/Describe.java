package dev.terrarium;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A description, for the language model, of a record, of one of its components, or of a parameter
 * of a tool's method. On a record, the description is the task's instruction; on a component or a
 * parameter, the description of the field.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.RECORD_COMPONENT, ElementType.PARAMETER})
public @interface Describe {
  String value();
}
