package dev.terrarium;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.error.ConfigurationException;
import dev.terrarium.spi.HostFunction;
import dev.terrarium.testing.GraalPyTest;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.lang.reflect.InvocationTargetException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/**
 * Tests of applications that are deployed and undeployed within one JVM, each with a class loader
 * of its own.
 */
@GraalPyTest
class RedeployTest {

  private static final int COLLECTIONS = 40;

  /** An application's work, in classes of its own. */
  public static final class Application implements Callable<String> {

    record Greeting(String name, List<Integer> numbers) {}

    @Override
    public String call() {
      String source =
          """
          from terrarium.bridge import BaseBridge, handler

          class Redeployed(BaseBridge):
              framework = "redeployed"

              @handler
              def greet(self, greeting: dict, call_back) -> str:
                  self.kept = call_back
                  return call_back(greeting["name"])
          """;
      try (Terrarium terrarium =
          Terrarium.start(TerrariumConfig.custom().contexts(1).observer(event -> {}).build())) {
        terrarium.register(Framework.fromSource("redeployed", source, "redeployed.py"));
        HostFunction greeting = Callback.of(String.class, name -> "hello " + name);
        return String.valueOf(
            terrarium.call(
                "redeployed",
                "greet",
                Map.of("greeting", new Greeting("Ann", List.of(1)), "call_back", greeting)));
      }
    }
  }

  /**
   * A class loader that defines the application's classes anew, and leaves all others to its
   * parent.
   */
  private static final class ApplicationLoader extends ClassLoader {

    ApplicationLoader() {
      super(RedeployTest.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(Application.class.getName())) {
        return super.loadClass(name, resolve);
      }
      Class<?> known = findLoadedClass(name);
      if (known != null) {
        return known;
      }
      try (InputStream in = getResourceAsStream(name.replace('.', '/') + ".class")) {
        byte[] code = in.readAllBytes();
        return defineClass(name, code, 0, code.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }

  /** Runs an application as a container does, and drops all references to it. */
  private static WeakReference<ClassLoader> deployed(ReferenceQueue<ClassLoader> collected)
      throws Exception {
    ClassLoader loader = new ApplicationLoader();
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(loader);
    try {
      Class<?> type = loader.loadClass(Application.class.getName());
      assertThat(type).isNotEqualTo(Application.class);
      Object answer = ((Callable<?>) type.getDeclaredConstructor().newInstance()).call();
      assertThat(answer).isEqualTo("hello Ann");
    } finally {
      thread.setContextClassLoader(before);
    }
    return new WeakReference<>(loader, collected);
  }

  @Test
  void nothingOfAClosedApplicationStaysReachable() throws Exception {
    ReferenceQueue<ClassLoader> collected = new ReferenceQueue<>();
    WeakReference<ClassLoader> first = deployed(collected);
    WeakReference<ClassLoader> second = deployed(collected);

    int left = 2;
    for (int i = 0; i < COLLECTIONS && left > 0; i++) {
      System.gc();
      while (collected.remove(250) != null) {
        left--;
      }
    }

    assertThat(first.get()).isNull();
    assertThat(second.get()).isNull();
  }

  @Test
  void secondClassLoaderOfTheEngineIsRefusedInOneSentence() throws Exception {
    Terrarium.start(TerrariumConfig.custom().contexts(1).build()).close();
    String[] classPath = System.getProperty("java.class.path").split(File.pathSeparator, -1);
    URL[] urls = new URL[classPath.length];
    for (int i = 0; i < urls.length; i++) {
      urls[i] = new File(classPath[i]).toURI().toURL();
    }
    try (URLClassLoader second = new URLClassLoader(urls, ClassLoader.getPlatformClassLoader())) {
      Class<?> type = second.loadClass(Terrarium.class.getName());
      assertThatThrownBy(() -> type.getMethod("start").invoke(null))
          .isInstanceOf(InvocationTargetException.class)
          .cause()
          .satisfies(
              refusal ->
                  assertThat(refusal.getClass().getName())
                      .isEqualTo(ConfigurationException.class.getName()))
          .hasMessageContaining("Terrarium was started in this JVM by another class loader")
          .hasMessageContaining("lib folder of a servlet container");
    }
  }

  @Test
  void contextLoaderThatSeesNoJarDoesNotMatter() throws Exception {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    for (ClassLoader blind : new ClassLoader[] {ClassLoader.getPlatformClassLoader(), null}) {
      thread.setContextClassLoader(blind);
      try (Terrarium terrarium = Terrarium.start(TerrariumConfig.custom().contexts(1).build())) {
        terrarium.register(Framework.fromResource("/frameworks/wordcount.py"));
        assertThat(terrarium.call("wordcount", "ping", Map.of())).isNotNull();
      } finally {
        thread.setContextClassLoader(before);
      }
    }
  }
}
