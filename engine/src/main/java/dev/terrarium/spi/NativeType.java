package dev.terrarium.spi;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a record as the Java form of a type that a framework has of its own, such as an image. A
 * value crosses as a dict of the record's components, of which the framework's bridge makes its own
 * value. Immutable.
 */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface NativeType {

  /** The name of the type in the framework. */
  String value();
}
