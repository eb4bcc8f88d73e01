package dev.terrarium.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/** Tests that run Python, by preference in the {@link SharedTerrarium}, which they may ask for. */
@Tag("graalpy")
@ExtendWith(SharedTerrarium.class)
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface GraalPyTest {}
