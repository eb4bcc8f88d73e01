package dev.terrarium.internal.context;

import dev.terrarium.AccessProfile;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.PackageException;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.spi.HostFunction;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.Engine;
import org.graalvm.polyglot.EnvironmentAccess;
import org.graalvm.polyglot.HostAccess;
import org.graalvm.polyglot.PolyglotAccess;
import org.graalvm.polyglot.Source;
import org.graalvm.polyglot.io.IOAccess;
import org.jspecify.annotations.Nullable;

/**
 * The state that all contexts of the process share: the polyglot engine, and the parked contexts.
 * There is one instance for each Python home on disk, which is one for nearly every process; it is
 * never closed (docs/decisions/002). Thread-safe.
 */
public final class PolyglotRuntime {

  private static final Map<Path, PolyglotRuntime> BY_HOME = new ConcurrentHashMap<>();

  /** The name of the engine without a compiler. */
  private static final String INTERPRETED = "Interpreted";

  /** The name of the JVM's property that holds the class loader which started the engine. */
  private static final String OWNER = "dev.terrarium.engine.loader";

  private static final CompilationHold HOLD = new CompilationHold(CompilationHold.LIMIT);
  private static final AtomicInteger CONTEXTS = new AtomicInteger();

  /**
   * The owners of all contexts that are not closed. A context that the garbage collector finds
   * would be closed by the next thread that creates one, and that thread can then wait for ever for
   * the other's threads.
   */
  private static final Set<Object> OPEN = ConcurrentHashMap.newKeySet();

  private static @Nullable Engine engine;
  private static volatile HeapMeter heapMeter = HeapMeter.none();
  private static volatile SharedCode sharedCode = SharedCode.none();

  private final Path home;
  private final Path prefix;
  private final Path site;
  private final Source bootstrap =
      Source.newBuilder("python", "import terrarium.bridge.embed as embed\nembed", "<terrarium>")
          .cached(true)
          .internal(true)
          .buildLiteral();
  private final Deque<GraalPyContext> parked = new ArrayDeque<>();

  private PolyglotRuntime(Path bridge) {
    home = bridge.resolve("home");
    prefix = bridge.resolve("prefix");
    site = bridge.resolve("site");
  }

  /**
   * Returns a factory of contexts that use these packages, and services by their access profile.
   *
   * @param environment the variables that Python code sees
   * @throws dev.terrarium.error.UnsupportedPlatformException on any platform but Linux x86_64
   * @throws PackageException when the Python home cannot be unpacked, or lies in a folder from
   *     which native code that the access profile grants cannot be loaded
   */
  public static ContextFactory factory(
      PythonPackages packages,
      boolean lazyImports,
      Map<String, String> environment,
      CacheFolder cache,
      Function<AccessProfile, Map<String, HostFunction>> services) {
    Platform.check();
    return new ContextFactory() {
      @Override
      public PythonContext create(AccessProfile profile) {
        return create(profile, null);
      }

      @Override
      public PythonContext create(AccessProfile profile, @Nullable PackageSet set) {
        if (profile.nativeCode()) {
          cache.requireCode("Native Python extensions");
        }
        return of(packages, cache)
            .acquire(
                profile,
                set,
                packages.folder("bridge"),
                packages,
                lazyImports,
                environment,
                services.apply(profile));
      }
    };
  }

  /** Returns the runtime for these packages, after starting the engine. */
  static PolyglotRuntime of(PythonPackages packages, CacheFolder cache) {
    Path bridge = packages.folder("bridge");
    startEngine(cache);
    return BY_HOME.computeIfAbsent(bridge, PolyglotRuntime::new);
  }

  /**
   * Claims the JVM for the class loader of this class: GraalPy's native libraries, and the numbers
   * of their copies, belong to the first class loader that loads them. The JVM's properties are
   * shared by all class loaders.
   *
   * @throws ConfigurationException when another class loader has claimed the JVM
   */
  public static void requireOneClassLoader() {
    ClassLoader loader = PolyglotRuntime.class.getClassLoader();
    String own = loader + " (" + Integer.toHexString(System.identityHashCode(loader)) + ")";
    Object first = System.getProperties().putIfAbsent(OWNER, own);
    if (first != null && !first.equals(own)) {
      throw new ConfigurationException(
          "Terrarium was started in this JVM by another class loader, "
              + first
              + ", and native Python code can be loaded by one only. Put the Terrarium jars and"
              + " what they depend on into a class loader that all applications share, such as the"
              + " lib folder of a servlet container, and out of the applications themselves.");
    }
  }

  /**
   * Returns whether hot Python code is compiled to machine code, or all code is interpreted. Starts
   * the engine if it has not been started yet.
   *
   * @throws dev.terrarium.error.UnsupportedPlatformException on any platform but Linux x86_64
   */
  public static boolean compiles(CacheFolder cache) {
    Platform.check();
    return !startEngine(cache).getImplementationName().equals(INTERPRETED);
  }

  /** Returns the number of native slots of the process that contexts have taken. */
  public static int nativeSlotsTaken() {
    return NativeSlots.taken();
  }

  public static int nativeSlotLimit() {
    return NativeSlots.LIMIT;
  }

  private GraalPyContext acquire(
      AccessProfile profile,
      @Nullable PackageSet set,
      Path bridge,
      PythonPackages packages,
      boolean lazyImports,
      Map<String, String> environment,
      Map<String, HostFunction> services) {
    GraalPyContext context =
        profile.nativeCode() ? nativeContext(set, bridge, packages) : create(profile, packages);
    try {
      join(context.open(packages, lazyImports, environment, services));
    } catch (RuntimeException | Error e) {
      context.retire();
      throw e;
    }
    return context;
  }

  /** Returns a parked context, or a new context with a native slot of its own. */
  private GraalPyContext nativeContext(
      @Nullable PackageSet set, Path bridge, PythonPackages packages) {
    GraalPyContext parkedBefore = unparked(set);
    if (parkedBefore != null) {
      return parkedBefore;
    }
    NativeSlots.take();
    boolean made = false;
    try {
      NativeSlots.prepare(bridge);
      GraalPyContext context = create(AccessProfile.TRUSTED_NATIVE, packages);
      made = true;
      return context;
    } finally {
      if (!made) {
        NativeSlots.giveBack();
      }
    }
  }

  /**
   * Takes a parked context that can have these packages, preferably one that has them. Where the
   * packages are not known yet any will do, since a slot that is taken is worth using.
   */
  private @Nullable GraalPyContext unparked(@Nullable PackageSet set) {
    synchronized (parked) {
      List<@Nullable PackageSet> wishes = new ArrayList<>();
      wishes.add(set == null ? PackageSet.SHARED : set);
      wishes.add(null);
      for (PackageSet wish : wishes) {
        for (GraalPyContext context : parked) {
          if (Objects.equals(context.packageSet(), wish)) {
            parked.remove(context);
            return context;
          }
        }
      }
      return set == null ? parked.poll() : null;
    }
  }

  private GraalPyContext create(AccessProfile profile, PythonPackages packages) {
    String name = "terrarium-context-" + CONTEXTS.incrementAndGet();
    GraalPyContext context = join(GraalPyContext.create(name, profile, this, packages));
    opened(context);
    return context;
  }

  /** Ends the hold of compilation, after a framework has loaded or failed to load. */
  void loadEnded() {
    HOLD.end();
  }

  /** Keeps the owner of a context reachable, until the context is closed. */
  void opened(Object owner) {
    OPEN.add(owner);
  }

  void closed(Object owner) {
    OPEN.remove(owner);
  }

  static <T extends @Nullable Object> T join(CompletableFuture<T> future) {
    try {
      return future.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /** Keeps a parked context with native code for its next user. */
  void parked(GraalPyContext context) {
    synchronized (parked) {
      parked.add(context);
    }
  }

  SharedCode sharedCode() {
    return sharedCode;
  }

  HeapMeter heapMeter() {
    return heapMeter;
  }

  Source bootstrap() {
    return bootstrap;
  }

  static synchronized Engine startEngine(CacheFolder cache) {
    if (engine == null) {
      // Truffle's own native libraries go to Terrarium's folder, not to a second folder in the
      // user's home.
      System.getProperties()
          .putIfAbsent(
              "polyglot.engine.userResourceCache", cache.root().resolve("graal").toString());
      HOLD.begin();
      engine = withOwnClassLoader(PolyglotRuntime::newEngine);
      heapMeter = EngineInstrument.heapMeter(engine);
      sharedCode = EngineInstrument.sharedCode(engine);
    }
    return engine;
  }

  private static Engine newEngine() {
    return Engine.newBuilder("python")
        .option("engine.WarnInterpreterOnly", "false")
        .logHandler(new LineLog(() -> System.getLogger("terrarium.polyglot"), Level.DEBUG))
        .build();
  }

  /**
   * Runs work with this class's class loader as the context class loader. The engine's shutdown
   * hook would otherwise inherit and keep the first user's class loader.
   */
  private static <T> T withOwnClassLoader(Supplier<T> work) {
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    thread.setContextClassLoader(PolyglotRuntime.class.getClassLoader());
    try {
      return work.get();
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** Returns the file system of a restricted context, which can read Python's own files. */
  PackageFiles files() throws IOException {
    return new PackageFiles(home).allow(home).allow(prefix).allow(site);
  }

  /**
   * Creates a context of this access profile. No context has processes, environment variables, Java
   * classes or other languages.
   *
   * @param files the file system of a restricted context
   * @param in the stream through which values are passed; empty otherwise
   */
  Context newContext(
      AccessProfile profile,
      PackageFiles files,
      InputStream in,
      OutputStream out,
      OutputStream err) {
    Engine shared = engine;
    if (shared == null) {
      throw new IllegalStateException("the engine is started before any context is made");
    }
    boolean trusted = profile.grants(AccessProfile.TRUSTED);
    Context.Builder builder =
        Context.newBuilder("python")
            .engine(shared)
            .allowExperimentalOptions(true)
            .allowNativeAccess(profile.nativeCode())
            .allowCreateThread(trusted)
            .allowCreateProcess(false)
            .allowEnvironmentAccess(EnvironmentAccess.NONE)
            .allowIO(trusted ? IOAccess.ALL : IOAccess.newBuilder().fileSystem(files).build())
            .allowHostAccess(HostAccess.NONE)
            .allowPolyglotAccess(PolyglotAccess.NONE)
            .in(in)
            .out(out)
            .err(err)
            .option("python.PythonHome", home.toString())
            .option("python.SysBasePrefix", home.toString())
            .option("python.SysPrefix", prefix.toString())
            .option("python.PythonPath", site.toString())
            .option("python.IgnoreEnvironmentFlag", "true")
            .option("python.NoUserSiteFlag", "true")
            .option("python.WarnExperimentalFeatures", "false")
            // Java exceptions inside GraalPy become SystemErrors, which `finally` sees.
            .option("python.CatchAllExceptions", "true")
            // Set for all contexts: a context without this option that tries native code breaks
            // that of the process.
            .option("python.IsolateNativeModules", "true");
    if (!profile.nativeCode()) {
      // An attempt to load the C API takes a native slot, even where native code is not allowed.
      builder.option("python.CAPI", prefix.resolve("no-native-code").toString());
    }
    return builder.build();
  }
}
