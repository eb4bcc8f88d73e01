package dev.terrarium.internal.context;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PythonErrorsTest {

  @ParameterizedTest
  @CsvSource({
    "/cache/python/bridge-12/site/terrarium/bridge/base.py, terrarium.bridge.base",
    "/cache/python/some-12/site/some/__init__.py, some",
    "/cache/python/some-12/site/some/sub/__init__.py, some.sub",
    "/cache/python/bridge-12/home/lib/python3.12/json/decoder.py, json.decoder",
    "/cache/python/bridge-12/home/lib/python3.12/random.py, random",
    "/home/user/site/cache/site/some/module.py, some.module",
    "/home/user/mine.py, mine",
    "wordcount.py, wordcount",
    "folder/wordcount.py, folder.wordcount",
    "<string>, <string>",
    "<frozen importlib._bootstrap>, <frozen importlib._bootstrap>"
  })
  void moduleNameFollowsFromItsFilesPath(String file, String module) {
    assertThat(PythonErrors.moduleOf(file)).isEqualTo(module);
  }
}
