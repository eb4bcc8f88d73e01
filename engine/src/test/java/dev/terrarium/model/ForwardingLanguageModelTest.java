package dev.terrarium.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ForwardingLanguageModelTest {

  @Test
  void everyMethodIsForwarded() throws ReflectiveOperationException {
    List<String> called = new ArrayList<>();
    LanguageModel model =
        (LanguageModel)
            Proxy.newProxyInstance(
                LanguageModel.class.getClassLoader(),
                new Class<?>[] {LanguageModel.class},
                (proxy, method, arguments) -> {
                  called.add(method.getName());
                  return method.getReturnType() == boolean.class
                      ? (Object) true
                      : method.getReturnType() == long.class
                          ? (Object) 5L
                          : method.getReturnType() == Optional.class ? Optional.empty() : null;
                });
    LanguageModel forwarding = new ForwardingLanguageModel(model) {};

    for (Method method : LanguageModel.class.getMethods()) {
      Object[] none = new Object[method.getParameterCount()];
      method.invoke(forwarding, none);

      assertThat(called).as("methods of LanguageModel").contains(method.getName());
    }
  }
}
