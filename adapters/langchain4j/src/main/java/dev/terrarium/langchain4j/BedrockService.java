package dev.terrarium.langchain4j;

import dev.terrarium.error.ModelException;
import dev.terrarium.error.ModelException.Kind;
import java.net.URI;
import java.util.Objects;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.client.config.SdkAdvancedAsyncClientOption;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeAsyncClient;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeBaseClientBuilder;
import software.amazon.awssdk.services.bedrockruntime.BedrockRuntimeClient;
import software.amazon.awssdk.services.bedrockruntime.auth.scheme.BedrockRuntimeAuthSchemeProvider;

/**
 * The AWS SDK's clients of one connection, which send by its {@link HttpCalls} and repeat no
 * request. Thread-safe; a request runs on the thread that makes it.
 *
 * <p>A key is a header of {@link HttpCalls}, so that the SDK never has it. Without a key the SDK
 * signs each request by the credentials of its default chain.
 *
 * @param client for whole answers
 * @param streaming for streamed answers
 * @param credentials closes what found the credentials
 */
record BedrockService(
    BedrockRuntimeClient client, BedrockRuntimeAsyncClient streaming, AutoCloseable credentials)
    implements AutoCloseable {

  static BedrockService of(Connection connection) {
    if (connection.key() != null) {
      return of(connection, AnonymousCredentialsProvider.create(), () -> {});
    }
    DefaultCredentialsProvider chain = DefaultCredentialsProvider.builder().build();
    return of(connection, named(connection.name(), chain), chain);
  }

  private static BedrockService of(
      Connection connection, AwsCredentialsProvider provider, AutoCloseable credentials) {
    BedrockHttp http = new BedrockHttp(connection);
    return new BedrockService(
        configured(BedrockRuntimeClient.builder().httpClient(http), connection, provider).build(),
        configured(
                BedrockRuntimeAsyncClient.builder()
                    .httpClient(http)
                    .asyncConfiguration(
                        options ->
                            options.advancedOption(
                                SdkAdvancedAsyncClientOption.FUTURE_COMPLETION_EXECUTOR,
                                Runnable::run)),
                connection,
                provider)
            .build(),
        credentials);
  }

  private static <B extends BedrockRuntimeBaseClientBuilder<B, C>, C> B configured(
      B builder, Connection connection, AwsCredentialsProvider provider) {
    builder
        .region(Region.of(Objects.requireNonNull(connection.region())))
        .credentialsProvider(provider)
        // Otherwise the SDK looks for a key in the environment itself, for any URL.
        .authSchemeProvider(BedrockRuntimeAuthSchemeProvider.defaultProvider())
        .overrideConfiguration(options -> options.retryStrategy(AwsRetryStrategy.doNotRetry()));
    if (!connection.isProvidersOwn()) {
      builder.endpointOverride(URI.create(connection.url()));
    }
    return builder;
  }

  /** Returns credentials whose absence is a failure with a name. */
  private static AwsCredentialsProvider named(String name, AwsCredentialsProvider chain) {
    return new AwsCredentialsProvider() {
      @Override
      public AwsCredentials resolveCredentials() {
        try {
          return chain.resolveCredentials();
        } catch (SdkClientException e) {
          throw new ModelException(
              Kind.AUTHENTICATION,
              name
                  + " needs a key or credentials: set the environment variable"
                  + " AWS_BEARER_TOKEN_BEDROCK, give a key by"
                  + " LangChain4jModels.custom(spec).apiKey(key), or provide what the AWS SDK looks"
                  + " for: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile or a role.",
              e);
        }
      }
    };
  }

  @Override
  public void close() {
    client.close();
    streaming.close();
    try {
      credentials.close();
    } catch (Exception e) {
      throw new IllegalStateException("The AWS SDK's credentials cannot be closed.", e);
    }
  }
}
