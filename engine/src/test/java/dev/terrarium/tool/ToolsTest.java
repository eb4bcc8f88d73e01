package dev.terrarium.tool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.terrarium.Describe;
import dev.terrarium.MessageFormat;
import dev.terrarium.error.CallInterruptedException;
import dev.terrarium.error.ConfigurationException;
import dev.terrarium.error.ConversionException;
import dev.terrarium.error.ToolException;
import dev.terrarium.tool.Tool.OnFailure;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ToolsTest {

  enum Size {
    SMALL,
    LARGE
  }

  record Item(String product, @Describe("at least 1") int count) {}

  @Describe("an order of the shop")
  record Order(List<Item> items, Optional<LocalDate> wanted) {}

  @SuppressWarnings("unused") // called by reflection
  static class Shop {
    @ToolMethod("Returns the price of a product in euros.")
    BigDecimal price(@Describe("the product's name") String product, Size size, OptionalInt count) {
      if (product.equals("?")) {
        throw new IllegalArgumentException("no product " + product);
      }
      return new BigDecimal(size == Size.SMALL ? "1.50" : "2.50")
          .multiply(new BigDecimal(count.orElse(1)));
    }

    @ToolMethod(value = "Places an order.", name = "place_order", onFailure = OnFailure.END_CALL)
    Map<String, Integer> order(Order order) throws IOException {
      if (order.items().isEmpty()) {
        throw new IOException("the warehouse is closed");
      }
      return Map.of("items", order.items().size());
    }

    @ToolMethod("Lists the sums by name.")
    Map<String, Double> sums(Map<String, List<Double>> numbers) {
      Map<String, Double> sums = new HashMap<>();
      numbers.forEach((name, each) -> sums.put(name, each.stream().mapToDouble(n -> n).sum()));
      return sums;
    }

    void notATool() {}
  }

  private static Tool tool(Tools tools, String name) {
    return tools.list().stream().filter(tool -> tool.name().equals(name)).findAny().orElseThrow();
  }

  private static @Nullable Object answer(Tool tool, Map<String, ?> arguments) {
    return tool.function().call(List.of(arguments));
  }

  private static Map<String, @Nullable Object> schema(Tool tool) {
    return MessageFormat.JSON.read(tool.parameters().getBytes(StandardCharsets.UTF_8), 10_000);
  }

  @Test
  void methodsBecomeToolsWithTheSchemaOfTheirParameters() {
    Tools tools = Tools.of(new Shop());

    assertThat(tools.list()).extracting(Tool::name).containsExactly("place_order", "price", "sums");
    Tool price = tool(tools, "price");
    assertThat(price.description()).isEqualTo("Returns the price of a product in euros.");
    assertThat(schema(price))
        .isEqualTo(
            Map.of(
                "type",
                "object",
                "properties",
                Map.of(
                    "product",
                    Map.of("type", "string", "description", "the product's name"),
                    "size",
                    Map.of("type", "string", "enum", List.of("SMALL", "LARGE")),
                    "count",
                    Map.of(
                        "anyOf",
                        List.of(
                            Map.of(
                                "type",
                                "integer",
                                "minimum",
                                (long) Integer.MIN_VALUE,
                                "maximum",
                                (long) Integer.MAX_VALUE),
                            Map.of("type", "null")))),
                "required",
                List.of("product", "size"),
                "additionalProperties",
                false));
    assertThat(tools.definitions())
        .contains(
            Map.of(
                "name",
                "price",
                "description",
                "Returns the price of a product in euros.",
                "parameters",
                price.parameters()));
  }

  @Test
  void onlyParameterThatIsARecordIsTakenApart() {
    Tool order = tool(Tools.of(new Shop()), "place_order");

    assertThat(order.parameters())
        .contains("\"required\":[\"items\"]")
        .contains("\"description\":\"at least 1\"")
        .contains("\"pattern\":\"^[0-9]{4}-");
    Map<String, ?> item = Map.of("product", "tea", "count", 2L);
    assertThat(order.call(Map.of("items", List.of(item, item), "wanted", "2026-12-24")))
        .isEqualTo(Map.of("items", 2));
  }

  @Test
  void argumentsAreReadAsTheTypesOfTheParameters() {
    Tools tools = Tools.of(new Shop());

    assertThat(tool(tools, "price").call(Map.of("product", "tea", "size", "LARGE")))
        .isEqualTo(new BigDecimal("2.50"));
    assertThat(tool(tools, "price").call(Map.of("product", "tea", "size", "SMALL", "count", 2L)))
        .isEqualTo(new BigDecimal("3.00"));
    assertThat(tool(tools, "sums").call(Map.of("numbers", Map.of("a", List.of(1L, 2.5)))))
        .isEqualTo(Map.of("a", 3.5));
  }

  @Test
  void argumentsThatDoNotFitAreReportedToTheLanguageModel() {
    Tool order = tool(Tools.of(new Shop()), "place_order");

    assertThat(answer(order, Map.of()))
        .isEqualTo(Map.of("error", "At arguments: no value for 'items'; there are []"));
    assertThat(answer(order, Map.of("items", List.of(Map.of("product", "tea", "count", "two")))))
        .isEqualTo(Map.of("error", "At arguments.items[0].count: expected int, found a String"));
    assertThat(answer(order, Map.of("items", List.of(), "colour", "red")))
        .isEqualTo(
            Map.of(
                "error",
                "At arguments: there is no parameter 'colour'; the parameters are [items,"
                    + " wanted]"));
    assertThatThrownBy(() -> order.call(Map.of())).isInstanceOf(ConversionException.class);
  }

  @Test
  void exceptionOfAToolIsReadByTheLanguageModelOrEndsTheCall() {
    Tools tools = Tools.of(new Shop());
    Tool price = tool(tools, "price");
    Map<String, String> unknown = Map.of("product", "?", "size", "SMALL");

    assertThat(answer(price, unknown)).isEqualTo(Map.of("error", "no product ?"));
    assertThatThrownBy(() -> answer(price.onFailure(OnFailure.END_CALL), unknown))
        .isInstanceOf(ToolException.class)
        .hasMessageContaining("'price'")
        .hasCauseInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> answer(tool(tools, "place_order"), Map.of("items", List.of())))
        .isInstanceOf(ToolException.class)
        .hasRootCauseMessage("the warehouse is closed");
  }

  @Test
  void interruptedToolEndsTheCall() {
    Tool slow =
        Tool.of(
            "slow",
            "Waits.",
            "{\"type\":\"object\"}",
            arguments -> {
              throw new InterruptedException();
            });

    assertThatThrownBy(() -> answer(slow, Map.of()))
        .isInstanceOf(CallInterruptedException.class)
        .hasMessageContaining("'slow'");
  }

  @Test
  void errorOfAToolIsNotCaught() {
    Tool broken =
        Tool.of(
            "broken",
            "Fails.",
            Item.class,
            item -> {
              throw new StackOverflowError();
            });

    assertThatThrownBy(() -> answer(broken, Map.of("product", "tea", "count", 1L)))
        .isInstanceOf(StackOverflowError.class);
  }

  @Test
  void functionOfARecordIsATool() {
    Tool total = Tool.of("total", "Returns the total.", Item.class, item -> item.count() * 3);

    assertThat(answer(total, Map.of("product", "tea", "count", 2L))).isEqualTo(Map.of("value", 6));
    assertThat(schema(total)).containsEntry("required", List.of("product", "count"));
  }

  @Test
  void functionWithASchemaGetsTheArgumentsAsTheyAre() {
    String schema = "{\"type\":\"object\",\"properties\":{\"a\":{\"$ref\":\"#/$defs/A\"}}}";
    Tool raw = Tool.of("raw", "", schema, arguments -> arguments.get("a"));

    assertThat(raw.parameters()).isEqualTo(schema);
    assertThat(answer(raw, Map.of("a", List.of(1L)))).isEqualTo(Map.of("value", List.of(1L)));
    assertThatThrownBy(() -> Tool.of("raw", "", "object", arguments -> null))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("'raw' are not a JSON schema");
  }

  @Test
  void toolsOfSeveralSourcesKeepTheirOrder() {
    Tool total = Tool.of("total", "Returns the total.", Item.class, Item::count);

    assertThat(Tools.of(total, Tools.of(new Shop()), List.of(total.named("sum"))).list())
        .extracting(Tool::name)
        .containsExactly("total", "place_order", "price", "sums", "sum");
  }

  @Test
  void namesThatClashAreRefused() {
    Tool price = Tool.of("price", "Returns a price.", Item.class, Item::count);

    assertThatThrownBy(() -> Tools.of(new Shop(), price))
        .isInstanceOf(ConfigurationException.class)
        .hasMessage(
            "Two tools have the name 'price': Shop.price and a Tool. Give one another name by"
                + " @ToolMethod(name = ...) or Tool.named(...).");
  }

  static class Overloaded {
    @ToolMethod("Adds.")
    int add(Item item) {
      return item.count();
    }

    @ToolMethod("Adds.")
    int add(Order order) {
      return order.items().size();
    }
  }

  @Test
  void overloadedMethodsClash() {
    assertThatThrownBy(() -> Tools.of(new Overloaded()))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("Overloaded.add and Overloaded.add");
  }

  static class Unsupported {
    @ToolMethod("Reads.")
    int read(String name, List<InputStream> from) {
      return from.size() + name.length();
    }
  }

  record Holder(Thread thread) {}

  @Test
  void parametersOfUnsupportedTypesAreRefused() {
    assertThatThrownBy(() -> Tools.of(new Unsupported()))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At Unsupported.read.from[]: the type java.io.InputStream");
    assertThatThrownBy(() -> Tool.of("hold", "Holds.", Holder.class, Holder::thread))
        .isInstanceOf(ConversionException.class)
        .hasMessageContaining("At Holder.thread: the type java.lang.Thread");
  }

  @Test
  void objectWithoutAToolAndNamesThatAreNoneAreRefused() {
    assertThatThrownBy(() -> Tools.of("text"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("java.lang.String has no method with @ToolMethod");
    assertThatThrownBy(() -> Tool.of("total price", "", Item.class, Item::count))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("'total price'");
  }

  interface Greeter {
    @ToolMethod("Greets.")
    String greet(String name);
  }

  @Test
  void markOfAnInterfaceCounts() {
    Greeter greeter =
        new Greeter() {
          @Override
          public String greet(String name) {
            return "Hello " + name;
          }
        };

    assertThat(Tools.of(greeter).list().getFirst().call(Map.of("name", "Ann")))
        .isEqualTo("Hello Ann");
  }
}
