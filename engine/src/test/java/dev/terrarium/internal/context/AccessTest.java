package dev.terrarium.internal.context;

import static dev.terrarium.AccessProfile.RESTRICTED;
import static dev.terrarium.AccessProfile.TRUSTED;
import static dev.terrarium.AccessProfile.TRUSTED_NATIVE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.AccessProfile;
import dev.terrarium.error.AccessException;
import dev.terrarium.error.FrameworkLoadException;
import dev.terrarium.error.PythonException;
import dev.terrarium.internal.resource.Archive;
import dev.terrarium.internal.resource.CacheFolder;
import dev.terrarium.testing.Task;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What each access profile grants and refuses, on contexts that no pool made. */
@Tag("graalpy")
class AccessTest {

  private static final String GRANTED = "granted";

  private static final Map<AccessProfile, PythonContext> CONTEXTS =
      new EnumMap<>(AccessProfile.class);

  private static Path temp;
  private static ServerSocket server;

  @BeforeAll
  static void openTheWorldOutside(@TempDir Path folder) throws IOException {
    temp = folder;
    Files.writeString(temp.resolve("secret.txt"), "secret");
    Files.createSymbolicLink(temp.resolve("link"), temp.resolve("secret.txt"));
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  @AfterAll
  static void close() throws IOException {
    server.close();
    CONTEXTS.values().forEach(context -> await(context.park()));
  }

  static PythonContext make(AccessProfile profile) {
    return make(profile, AccessTest.class.getClassLoader(), CacheFolder.ofDefaults());
  }

  private static PythonContext make(AccessProfile profile, ClassLoader loader, CacheFolder cache) {
    PythonPackages packages = PythonPackages.discover(loader, cache);
    return PolyglotRuntime.factory(packages, true, Map.of(), cache, any -> Map.of())
        .create(profile);
  }

  private static PythonContext context(AccessProfile profile) {
    return CONTEXTS.computeIfAbsent(profile, AccessTest::make);
  }

  static <T extends @Nullable Object> T await(CompletableFuture<T> future) {
    return future.orTimeout(60, TimeUnit.SECONDS).join();
  }

  static <T extends @Nullable Object> T await(Execution<T> execution) {
    return await(execution.result());
  }

  static Execution<@Nullable Object> call(
      PythonContext context, String framework, String command, Map<String, ?> arguments) {
    return context.run(
        framework, commands -> commands.call(command, arguments), UnaryOperator.identity());
  }

  private static @Nullable Object evaluate(PythonContext context, String expression) {
    return evaluateText(
        context,
        expression
            .replace("TEMP", "'" + temp + "'")
            .replace("PORT", "" + server.getLocalPort())
            .replace("os.", "__import__('os')."));
  }

  static @Nullable Object evaluateText(PythonContext context, String expression) {
    BridgeSource probe =
        new BridgeSource.Source(
            "probe", context.profile(), true, resource(), "frameworks/probe.py");
    await(context.prepare(probe, "evaluate"));
    return await(call(context, "probe", "evaluate", Map.of("expression", expression)));
  }

  private static String resource() {
    try (InputStream in = AccessTest.class.getResourceAsStream("/frameworks/probe.py")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** {@code granted}, {@code AccessException}, or the type of the Python exception. */
  private static String outcome(PythonContext context, String expression) {
    try {
      evaluate(context, expression);
      return GRANTED;
    } catch (CompletionException e) {
      if (e.getCause() instanceof PythonException python) {
        return python.type();
      }
      if (e.getCause() instanceof AccessException access) {
        assertThat(access).hasMessageContaining("profile " + context.profile().word());
        return "AccessException";
      }
      return String.valueOf(e.getCause());
    }
  }

  private static void check(
      String expression, String restricted, String trusted, String trustedNative) {
    Map<AccessProfile, String> found = new EnumMap<>(AccessProfile.class);
    for (AccessProfile profile : AccessProfile.values()) {
      found.put(profile, outcome(context(profile), expression));
      assertThat(evaluate(context(profile), "1 + 1")).as("context still answers").isEqualTo(2L);
    }
    assertThat(found)
        .as(expression)
        .containsExactly(
            Map.entry(RESTRICTED, restricted),
            Map.entry(TRUSTED, trusted),
            Map.entry(TRUSTED_NATIVE, trustedNative));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "open(TEMP + '/secret.txt').read()",
        "open(TEMP + '/link').read()",
        "open(sys.prefix + '/../../../../../../../../../../..' + TEMP + '/secret.txt').read()",
        "open(TEMP + '/written', 'w').close()",
        "os.listdir(TEMP)",
        "os.stat(TEMP + '/secret.txt').st_size",
        "os.makedirs(TEMP + '/folder', exist_ok=True)",
        "os.readlink(TEMP + '/link')",
      })
  void files(String expression) {
    check(expression, "PermissionError", GRANTED, GRANTED);
  }

  @Test
  void foldersOutsideAreNoPlaceToWorkInForTheRestricted() {
    check("os.chdir(TEMP)", "FileNotFoundError", GRANTED, GRANTED);
  }

  @Test
  void existenceOfFilesOutsideIsHiddenFromTheRestricted() {
    String exists = "os.path.exists(TEMP + '/secret.txt')";

    assertThat(evaluate(context(RESTRICTED), exists)).isEqualTo(false);
    assertThat(evaluate(context(TRUSTED), exists)).isEqualTo(true);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "open(os.__file__).read()[0]",
        "os.listdir(sys.prefix)",
        "__import__('json').loads('[]')",
        "os.getcwd()",
      })
  void ownPackages(String expression) {
    check(expression, GRANTED, GRANTED, GRANTED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "open(sys.prefix + '/written', 'w')",
        "os.remove(os.__file__)",
        "os.rename(os.__file__, os.__file__ + '.old')",
        "os.symlink('/etc', sys.prefix + '/etc')",
        "os.link(os.__file__, sys.prefix + '/other')",
        "os.chmod(os.__file__, 0o777)",
        "os.truncate(os.__file__, 0)",
      })
  void ownPackagesAreReadOnlyToTheRestricted(String expression) {
    assertThat(outcome(context(RESTRICTED), expression)).isNotEqualTo(GRANTED);
    assertThat(evaluate(context(RESTRICTED), "len(open(os.__file__).read()) > 0")).isEqualTo(true);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "__import__('socket').create_connection(('127.0.0.1', PORT), 5).close()",
        "__import__('socket').create_server(('127.0.0.1', 0)).close()",
        "__import__('socket').socket(2, 2).sendto(b'x', ('127.0.0.1', 9))",
        "__import__('socket').getaddrinfo('localhost', 80) and None",
      })
  void network(String expression) {
    check(expression, "AccessException", GRANTED, GRANTED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "(lambda t: (t.start(), t.join()))(__import__('threading').Thread(target=len, args=['']))",
        "__import__('asyncio').run(__import__('asyncio').sleep(0))",
      })
  void threadsAndEventLoops(String expression) {
    check(expression, "AccessException", GRANTED, GRANTED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "os.execv('/bin/true', ['true']) | AccessException",
        "os.popen('true').read() | AccessException",
        "__import__('subprocess').run(['/bin/true']) | AccessException",
        "__import__('multiprocessing').Process(target=len).start() | AccessException",
        "os.system('true') | AccessException",
        "os.fork() | AttributeError",
        "os.posix_spawn('/bin/true', ['true'], {}) | AttributeError",
      })
  void processes(String expression, String refusal) {
    check(expression, refusal, refusal, refusal);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "__import__('termios') and None | AccessException",
        "__import__('_sqlite3') and None | AccessException",
        "__import__('_ctypes').dlopen('libc.so.6', 2) and None | AccessException",
        "__import__('ctypes').CDLL(None) and None | AccessException",
      })
  void nativeCode(String expression, String refusal) {
    check(expression, refusal, refusal, GRANTED);
  }

  @ParameterizedTest
  @EnumSource
  void environmentOfTheHostIsInvisible(AccessProfile profile) {
    assertThat(System.getenv("PATH")).isNotEmpty();
    assertThat(evaluate(context(profile), "'PATH' in os.environ")).isEqualTo(false);
    assertThat(evaluate(context(profile), "os.getenv('PATH')")).isNull();
    assertThat(evaluate(context(profile), "len(os.environ) < 2")).isEqualTo(true);
  }

  @Test
  void environmentThatIsGivenIsSeenUntilTheContextIsParked() {
    CacheFolder cache = CacheFolder.ofDefaults();
    PythonPackages packages = PythonPackages.discover(AccessTest.class.getClassLoader(), cache);
    for (AccessProfile profile : List.of(RESTRICTED, TRUSTED_NATIVE)) {
      Map<String, String> given = Map.of("MINE", profile.word());
      PythonContext context =
          PolyglotRuntime.factory(packages, true, given, cache, any -> Map.of()).create(profile);
      assertThat(evaluate(context, "os.getenv('MINE')")).isEqualTo(profile.word());
      assertThat(await(context.check())).isEqualTo(HealthStatus.SOUND);
      assertThat(evaluate(context, "os.getenv('MINE')")).isEqualTo(profile.word());
      await(context.park());
    }
    PythonContext next = make(TRUSTED_NATIVE); // the one that was parked
    assertThat(evaluate(next, "os.getenv('MINE')")).isNull();
    await(next.park());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "__import__('java').type('java.lang.System') | NotImplementedError",
        "__import__('java').add_to_classpath('/x.jar') | NotImplementedError",
        "__import__('polyglot').eval(language='python', string='1') | RuntimeError",
        "__import__('polyglot').import_value('x') | NotImplementedError",
      })
  void javaAndOtherLanguages(String expression, String refusal) {
    check(expression, refusal, refusal, refusal);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "sys.exit(3) | SystemExit",
        "os._exit(3) | SystemExit",
        "os.kill(os.getpid(), 9) | ProcessLookupError",
        "os.kill(os.getpid(), 15) | ProcessLookupError",
        "os.kill(os.getpid(), 2) | io.UnsupportedOperation",
        "os.killpg(0, 9) | io.UnsupportedOperation",
        "os.abort() | AttributeError",
        "__import__('signal').raise_signal(2) | AccessException",
        "__import__('signal').alarm(1) | AccessException",
        "__import__('signal').setitimer(0, 0.01) | AccessException",
        "[sys.modules.pop('_signal'), __import__('_signal')][1].raise_signal(2) | AccessException",
      })
  void endOfTheJvm(String expression, String refusal) {
    check(expression, refusal, refusal, refusal);
  }

  @Test
  void attemptsAtNativeCodeDoNotSpoilThatOfOthers() {
    for (AccessProfile profile : new AccessProfile[] {RESTRICTED, TRUSTED}) {
      PythonContext other = make(profile);
      assertThat(outcome(other, "__import__('termios') and None")).isEqualTo("AccessException");
      assertThat(outcome(other, "__import__('_ctypes').dlopen('libc.so.6', 2) and None"))
          .isNotEqualTo(GRANTED);
      PythonContext nativeOne = make(TRUSTED_NATIVE);
      assertThat(outcome(nativeOne, "__import__('termios') and None")).isEqualTo(GRANTED);
      PythonContext later = make(profile);
      assertThat(evaluate(later, "1 + 1")).isEqualTo(2L);
      await(later.park());
      await(nativeOne.park());
      await(other.park());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"RESTRICTED", "TRUSTED"})
  void contextWithoutNativeCodeIsClosedWhenParked(AccessProfile profile) {
    int slots = NativeSlots.taken();
    for (int i = 0; i < 5; i++) {
      PythonContext context = make(profile);
      assertThat(context.profile()).isEqualTo(profile);
      assertThat(evaluate(context, "1 + 1")).isEqualTo(2L);
      await(context.park());
      Task.until("the carrier has ended", () -> !threads().contains(context.name()));
    }
    assertThat(NativeSlots.taken()).isEqualTo(slots);
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream().map(Thread::getName).toList();
  }

  @Test
  void forgottenContextDoesNotBlockTheNext() {
    evaluate(make(TRUSTED), "__import__('threading').main_thread().name");
    System.gc();

    PythonContext next = make(TRUSTED);
    assertThat(evaluate(next, "1 + 1")).isEqualTo(2L);
    await(next.park());
  }

  @Test
  void parkedContextIsTakenForItsOwnProfileOnly() {
    PythonContext parked = make(TRUSTED_NATIVE);
    await(parked.park());

    PythonContext trusted = make(TRUSTED);
    assertThat(trusted.name()).isNotEqualTo(parked.name());
    await(trusted.park());
    PythonContext again = make(TRUSTED_NATIVE);
    assertThat(again.profile()).isEqualTo(TRUSTED_NATIVE);
    await(again.park());
  }

  private static URLClassLoader jar(
      Path folder, String name, String more, Map<String, String> files, @Nullable ClassLoader up)
      throws IOException {
    Archive archive = Archive.of(files);
    Path descriptor = folder.resolve(PythonPackages.DESCRIPTOR);
    Files.createDirectories(descriptor.getParent());
    Files.write(folder.resolve("archive.zip"), archive.bytes());
    Files.writeString(
        descriptor,
        "name=%s\narchive=archive.zip\nsha256=%s\n%s".formatted(name, archive.sha256(), more));
    return new URLClassLoader(new URL[] {folder.toUri().toURL()}, up);
  }

  @Test
  void failedCreationOfAContextReleasesItsSlot(@TempDir Path folder) throws IOException {
    Map<String, String> empty = Map.of("site/a.py", "", "home/a", "", "prefix/a", "");
    try (URLClassLoader loader = jar(folder, "bridge", "", empty, null)) {
      int slots = NativeSlots.taken();
      CacheFolder cache = CacheFolder.at(folder.resolve("cache"));

      assertThatThrownBy(() -> make(TRUSTED_NATIVE, loader, cache))
          .isInstanceOf(RuntimeException.class);
      assertThat(NativeSlots.taken()).isEqualTo(slots);
    }
  }

  @Test
  void restrictedFrameworkReadsThePackagesOfItsOwnJar(@TempDir Path folder) throws IOException {
    String bridge =
        """
        from terrarium.bridge import BaseBridge, handler
        class Words(BaseBridge):
            framework = "words"
            def _load_framework(self):
                pass
            @handler
            def read(self, path: str | None) -> str:
                with open(path or __file__) as file:
                    return file.read()
        """;
    String declared = "framework=words\nbridge=mywords:Words\naccess=restricted\n";
    try (URLClassLoader loader =
        jar(
            folder,
            "words",
            declared,
            Map.of("site/mywords.py", bridge),
            AccessTest.class.getClassLoader())) {
      PythonPackages packages = PythonPackages.discover(loader, CacheFolder.ofDefaults());
      BridgeSource words =
          packages.frameworks().stream()
              .filter(each -> each.name().equals("words"))
              .findFirst()
              .orElseThrow();
      PythonContext context =
          PolyglotRuntime.factory(
                  packages, true, Map.of(), CacheFolder.ofDefaults(), any -> Map.of())
              .create(words.profile());
      Map<String, @Nullable Object> own = new HashMap<>();
      own.put("path", null);
      await(context.prepare(words, "read"));

      assertThat(context.profile()).isEqualTo(RESTRICTED);
      assertThat(await(call(context, "words", "read", own))).isEqualTo(bridge);
      assertThatThrownBy(
              () ->
                  await(
                      call(
                          context,
                          "words",
                          "read",
                          Map.of("path", temp.resolve("secret.txt").toString()))))
          .hasCauseInstanceOf(PythonException.class)
          .hasMessageContaining("secret.txt");
      await(context.park());
    }
  }

  @Test
  void frameworkWithNativeExtensionsCannotBeLoadedWithoutNativeCode() {
    String bridge =
        """
        from terrarium.bridge import BaseBridge, handler
        class Fast(BaseBridge):
            framework = "fast"
            def _load_framework(self):
                import termios
            @handler
            def run(self) -> int:
                return 1
        """;
    PythonContext context = make(TRUSTED);

    assertThatThrownBy(
            () ->
                await(
                    context.prepare(
                        new BridgeSource.Source("fast", TRUSTED, true, bridge, "fast.py"), "run")))
        .cause()
        .isInstanceOf(FrameworkLoadException.class)
        .hasMessageContaining("'fast'")
        .hasMessageContaining("'termios'")
        .hasMessageContaining("profile trusted")
        .hasCauseInstanceOf(AccessException.class);
    await(context.park());
  }
}
