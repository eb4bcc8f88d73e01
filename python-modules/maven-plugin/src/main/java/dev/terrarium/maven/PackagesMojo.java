package dev.terrarium.maven;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import javax.inject.Inject;
import org.apache.maven.artifact.Artifact;
import org.apache.maven.execution.MavenSession;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Parameter;
import org.apache.maven.toolchain.Toolchain;
import org.apache.maven.toolchain.ToolchainManager;
import org.jspecify.annotations.Nullable;

/**
 * What the goals have in common: they write down what the user wants, and have terrarium-packaging
 * do the work, in a JVM of a JDK 25 with this plugin's dependencies as its class path.
 */
abstract class PackagesMojo extends AbstractMojo {

  /** The exit code of work that has said what is wrong. */
  private static final int FAILED = 3;

  private static final int OLDEST_JDK = 25;
  private static final String TOOL = "dev.terrarium.packaging.PackagePython";
  private static final List<String> JVM =
      List.of(
          "-Xss64m",
          "-Xmx4g",
          "-XX:TieredStopAtLevel=1",
          "-XX:+UseSerialGC",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow");

  /** The name of the packages, which a framework says in {@code withPackages}. */
  @Parameter(property = "terrarium.packages.name", defaultValue = "${project.artifactId}")
  private String name = "";

  /** The packages as pip reads them, such as {@code humanize==4.*}. */
  @Parameter private List<String> packages = List.of();

  /** A file of packages, one a line, beside those that are named here. */
  @Parameter private @Nullable File requirementsFile;

  /**
   * How packages without a wheel for GraalPy are built: by the package's name {@code
   * python=FOLDER}, the folders of its source distribution that are carried, and {@code
   * extension=NAME sources=FILE,FILE} for an extension module that the C compiler makes.
   */
  @Parameter private Map<String, String> recipes = Map.of();

  /** Names of packages that are left out, whoever requires them. */
  @Parameter private List<String> excludes = List.of();

  /** The lock file, which belongs to the sources of the project. */
  @Parameter(
      property = "terrarium.packages.lockFile",
      defaultValue = "${project.basedir}/python-packages.lock")
  private File lockFile = new File("python-packages.lock");

  /** Does nothing. */
  @Parameter(property = "terrarium.packages.skip", defaultValue = "false")
  private boolean skip;

  /** The cache folder, if it is not the usual one of Terrarium. */
  @Parameter(property = "terrarium.cache")
  private @Nullable String cache;

  @Parameter(defaultValue = "${project.basedir}", readonly = true)
  private File folder = new File("");

  @Parameter(defaultValue = "${project.build.directory}", readonly = true)
  private File buildFolder = new File("");

  @Parameter(defaultValue = "${project.build.outputDirectory}", readonly = true)
  private File output = new File("");

  @Parameter(defaultValue = "${plugin.artifacts}", readonly = true)
  private List<Artifact> artifacts = List.of();

  @Parameter(defaultValue = "${session}", readonly = true)
  private @Nullable MavenSession session;

  @Inject private @Nullable ToolchainManager toolchains;

  /** Returns the options of the work, beside those that all goals have. */
  abstract List<String> options();

  @Override
  public final void execute() throws MojoExecutionException, MojoFailureException {
    if (skip) {
      getLog().info("The Python packages are skipped.");
      return;
    }
    if (!name.matches("[a-z][a-z0-9_-]*")
        || List.of("bridge", "dspy", "langchain").contains(name)) {
      throw new MojoFailureException(
          "'"
              + name
              + "' cannot name Python packages: <name> takes lower-case letters, digits, - and _,"
              + " and not the names of Terrarium's own (bridge, dspy, langchain).");
    }
    try {
      Path work = Files.createDirectories(buildFolder.toPath().resolve("terrarium"));
      Path wants = work.resolve(name + ".wants");
      Files.write(wants, Wants.lines(packages, requirementsFile, recipes, excludes));
      Path failure = work.resolve(name + ".failure");
      Files.deleteIfExists(failure);
      int exit = run(command(wants, failure));
      if (exit == FAILED && Files.exists(failure)) {
        throw new MojoFailureException(Files.readString(failure));
      }
      if (exit != 0) {
        throw new MojoExecutionException("The tool ended with exit code " + exit + ".");
      }
    } catch (IOException e) {
      throw new MojoExecutionException("The Python packages could not be worked on: " + e, e);
    }
  }

  private List<String> command(Path wants, Path failure) throws MojoExecutionException {
    List<String> command = new ArrayList<>(List.of(java()));
    command.addAll(JVM);
    command.add("-Dterrarium.failure=" + failure);
    command.add("-Dterrarium.debug=" + getLog().isDebugEnabled());
    if (cache != null) {
      command.add("-Dterrarium.cache=" + cache);
    }
    command.add("-cp");
    command.add(
        artifacts.stream()
            .filter(each -> !each.getGroupId().startsWith("org.apache.maven"))
            .map(each -> each.getFile().getPath())
            .collect(Collectors.joining(File.pathSeparator)));
    command.add(TOOL);
    command.addAll(List.of("--name", name, "--wants", wants.toString()));
    command.addAll(List.of("--lock-file", lockFile.getAbsolutePath(), "--graalpy", graalPy()));
    command.addAll(List.of("--module", folder.getAbsolutePath()));
    command.addAll(List.of("--output", output.getAbsolutePath()));
    command.addAll(options());
    if (session != null && session.isOffline()) {
      command.add("--offline");
    }
    return command;
  }

  /** Returns the version of the GraalPy that this plugin packs for. */
  private String graalPy() throws MojoExecutionException {
    return artifacts.stream()
        .filter(each -> each.getArtifactId().equals("python-language"))
        .map(Artifact::getVersion)
        .findFirst()
        .orElseThrow(() -> new MojoExecutionException("The plugin has no GraalPy in " + artifacts));
  }

  /** Returns the java of the toolchain, else of this Maven if that is new enough. */
  private String java() throws MojoExecutionException {
    if (toolchains != null && session != null) {
      Toolchain chosen = toolchains.getToolchainFromBuildContext("jdk", session);
      if (chosen == null) {
        String range = "[" + OLDEST_JDK + ",)";
        chosen =
            toolchains.getToolchains(session, "jdk", Map.of("version", range)).stream()
                .findFirst()
                .orElse(null);
      }
      String java = chosen == null ? null : chosen.findTool("java");
      if (java != null) {
        return java;
      }
    }
    if (Runtime.version().feature() < OLDEST_JDK) {
      throw new MojoExecutionException(
          "Packing Python packages needs a JDK "
              + OLDEST_JDK
              + ", and Maven runs on "
              + Runtime.version()
              + ": run Maven on a newer one, or select one by maven-toolchains-plugin.");
    }
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** Runs a command to its end, and logs what it prints. */
  private int run(List<String> command) throws IOException, MojoExecutionException {
    getLog().debug(String.join(" ", command));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      process.getOutputStream().close();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        getLog().info(line);
      }
      return process.waitFor();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MojoExecutionException("Interrupted while packing Python packages.", e);
    } finally {
      process.destroy();
    }
  }
}
