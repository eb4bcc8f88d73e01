package dev.terrarium.tool;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a method that a language model may call, once {@link Tools#of} has made a tool of it. The
 * method's parameters are the tool's; {@link dev.terrarium.Describe} describes them. If the only
 * parameter is a record, the record's components are the tool's parameters.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.METHOD)
public @interface ToolMethod {

  /** The description, for the language model: what the method does, and when to call it. */
  String value();

  /** The tool's name; the method's name by default. */
  String name() default "";

  /** What happens when the method throws an exception. */
  Tool.OnFailure onFailure() default Tool.OnFailure.OBSERVE;
}
