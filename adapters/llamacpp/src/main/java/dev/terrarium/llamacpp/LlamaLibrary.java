package dev.terrarium.llamacpp;

import dev.terrarium.error.ModelException;
import dev.terrarium.error.PackageException;
import dev.terrarium.internal.resource.CacheFolder;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The loader of llama.cpp's shared library, which comes from the artifact {@code de.kherud:llama},
 * is unpacked once to the cache folder, and is opened once in a process. Thread-safe.
 *
 * <p>Terrarium calls the library through its C interface and not through that artifact's own
 * classes. Those run a server with threads that keep the JVM alive, never free a model, print to
 * the standard output, and end the process when they refuse a schema or a template.
 */
final class LlamaLibrary {

  /** The version of the library whose structures {@link Llama} declares. */
  static final String VERSION = "4.2.0";

  static final long SIZE = 5_622_712;
  static final String SHA_256 = "93276c536d00f037c37ed6ec1e55be9c828940f4a0af59af10a8f638a31bbc3c";

  /** The number of times that a thread checks for the other threads before it sleeps. */
  private static final String SPIN_COUNT = "1000";

  static final String RESOURCE = "de/kherud/llama/Linux/x86_64/libjllama.so";

  /**
   * The CPU features that the library was compiled for: the function that reports each, and the
   * kernel's name for it.
   */
  private static final Map<String, String> CPU_FEATURES =
      Map.of("ggml_cpu_has_avx2", "avx2", "ggml_cpu_has_fma", "fma", "ggml_cpu_has_f16c", "f16c");

  private static @Nullable SymbolLookup opened;

  private LlamaLibrary() {}

  /**
   * Returns the library's functions.
   *
   * @throws ModelException when there is no library for this platform or CPU, or when the library
   *     cannot be opened
   */
  static synchronized SymbolLookup open() {
    if (opened == null) {
      checkPlatform(System.getProperty("os.name"), System.getProperty("os.arch"));
      Path file = unpacked();
      spinBriefly();
      SymbolLookup symbols = open(file);
      checkCpu(symbols, cpuInfo());
      opened = symbols;
    }
    return opened;
  }

  /**
   * Makes the library's threads spin only briefly. The threads wait for each other several hundred
   * times a token. libgomp, unless the environment says otherwise before it is loaded, spins so
   * long that answers take more than ten times as long beside other work on the same processors;
   * threads that sleep at once take four times as long on idle processors. So the threads spin for
   * some microseconds (decision 015). A value that the user has set stays.
   */
  @SuppressWarnings("restricted")
  private static void spinBriefly() {
    if (System.getenv("OMP_WAIT_POLICY") != null) {
      return;
    }
    Linker linker = Linker.nativeLinker();
    try (Arena arena = Arena.ofConfined()) {
      var setenv =
          linker.downcallHandle(
              linker.defaultLookup().findOrThrow("setenv"),
              FunctionDescriptor.of(
                  ValueLayout.JAVA_INT,
                  ValueLayout.ADDRESS,
                  ValueLayout.ADDRESS,
                  ValueLayout.JAVA_INT));
      int status =
          (int)
              setenv.invokeExact(
                  arena.allocateFrom("GOMP_SPINCOUNT"), arena.allocateFrom(SPIN_COUNT), 0);
      if (status != 0) {
        throw new ModelException("setenv of GOMP_SPINCOUNT failed.");
      }
    } catch (IllegalCallerException e) {
      throw noNativeAccess(e);
    } catch (Throwable e) {
      throw new ModelException("Cannot set up llama.cpp's threads: " + e, e);
    }
  }

  @SuppressWarnings("restricted")
  static SymbolLookup open(Path file) {
    try {
      return SymbolLookup.libraryLookup(file, Arena.global());
    } catch (IllegalArgumentException e) {
      throw new ModelException(
          "Cannot open llama.cpp's library "
              + file
              + " ("
              + e.getMessage()
              + "). It needs glibc, libstdc++ and libgomp (Debian and Ubuntu: apt-get install"
              + " libgomp1).",
          e);
    } catch (IllegalCallerException e) {
      throw noNativeAccess(e);
    }
  }

  private static ModelException noNativeAccess(IllegalCallerException e) {
    return new ModelException(
        "llama.cpp needs native access: start the JVM with --enable-native-access=ALL-UNNAMED ("
            + e.getMessage()
            + ").",
        e);
  }

  static void checkPlatform(String os, String arch) {
    if (!os.startsWith("Linux") || !(arch.equals("amd64") || arch.equals("x86_64"))) {
      throw new ModelException(
          "Language models in GGUF files run on Linux x86_64 only; this is "
              + os
              + " on "
              + arch
              + ". Give Terrarium a LanguageModel of another kind.");
    }
  }

  /**
   * Checks that the CPU has the features that the library uses. The library has one build for all
   * machines, and a missing feature would end the JVM.
   */
  static void checkCpu(SymbolLookup symbols, String cpuInfo) {
    List<String> flags =
        cpuInfo
            .lines()
            .filter(line -> line.startsWith("flags"))
            .findFirst()
            .map(line -> List.of(line.split("\\s+")))
            .orElse(List.of());
    if (flags.isEmpty()) {
      return;
    }
    List<String> lacking = new ArrayList<>();
    CPU_FEATURES.forEach(
        (function, flag) -> {
          if (compiledFor(symbols, function) && !flags.contains(flag)) {
            lacking.add(flag);
          }
        });
    if (!lacking.isEmpty()) {
      throw new ModelException(
          "llama.cpp's library needs a CPU with AVX2, FMA and F16C; this one lacks "
              + lacking
              + ". Give Terrarium a LanguageModel of another kind.");
    }
  }

  @SuppressWarnings("restricted")
  private static boolean compiledFor(SymbolLookup symbols, String function) {
    try {
      var handle =
          Linker.nativeLinker()
              .downcallHandle(
                  symbols.findOrThrow(function), FunctionDescriptor.of(ValueLayout.JAVA_INT));
      return (int) handle.invokeExact() != 0;
    } catch (Throwable e) {
      throw new ModelException("llama.cpp's library does not answer: " + e, e);
    }
  }

  private static String cpuInfo() {
    try {
      return Files.readString(Path.of("/proc/cpuinfo"));
    } catch (IOException e) {
      return "";
    }
  }

  /** Returns the library's resource on the class path. */
  static URL resource() {
    URL resource = LlamaLibrary.class.getClassLoader().getResource(RESOURCE);
    if (resource == null) {
      throw new ModelException(
          "llama.cpp's library is not on the class path: add de.kherud:llama:" + VERSION + ".");
    }
    return resource;
  }

  private static Path unpacked() {
    URL resource = resource();
    CacheFolder cache = CacheFolder.ofDefaults();
    try {
      cache.requireCode("llama.cpp's library");
      return cache.file(
          "native/llama-" + VERSION + "/libjllama.so", SIZE, SHA_256, resource::openStream);
    } catch (PackageException e) {
      throw new ModelException(
          "Cannot lay out llama.cpp's library of de.kherud:llama:"
              + VERSION
              + ", found at "
              + resource
              + ". "
              + e.getMessage(),
          e);
    }
  }
}
