import dev.terrarium.Describe;
import dev.terrarium.Terrarium;
import dev.terrarium.dspy.Dspy;
import dev.terrarium.dspy.ReActProgram;
import dev.terrarium.dspy.ReActTrace;
import dev.terrarium.tool.ToolMethod;
import dev.terrarium.tool.Tools;
import java.math.BigDecimal;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An agent that answers customers of a shop: the model looks orders and parcels up by Java methods,
 * and may ask for a refund, which Java grants or refuses by the rules of the shop. Thread-safe.
 *
 * <p>The first {@code ./terrarium ask} builds the jars that this needs, beside a JDK 25:
 *
 * <pre>{@code
 * java -cp 'adapters/cli/target/dist/lib/*' docs/examples/OrderDesk.java ann@example.com "Where is my kettle?"
 * }</pre>
 *
 * <p>The embedded model is too small for such work. Name another one in front of {@code -cp}:
 * {@code -Dterrarium.language-model=openai:gpt-5-mini}, with its key in {@code OPENAI_API_KEY}.
 */
public final class OrderDesk {

  public record Letter(String customer, LocalDate today, String message) {}

  @Describe(
      "Answer the customer's message. Look up what you need, and promise nothing that no tool"
          + " says.")
  public record Reply(
      @Describe("two or three sentences to the customer") String text,
      @Describe("the order that the message is about") Optional<String> order,
      @Describe("whether a colleague has to read the message") boolean forward) {}

  public record Customer(@Describe("the address that the message came from") String address) {}

  public record Order(String number, LocalDate placed, List<Item> items, Status status) {}

  public record Item(String product, int pieces, BigDecimal price) {}

  public enum Status {
    PACKED,
    SENT,
    DELIVERED
  }

  public record OrderNumber(@Describe("as the tool orders returned it") String number) {}

  public record Parcel(String carrier, String place, LocalDate expected) {}

  public record Claim(String number, @Describe("in the customer's words") String reason) {}

  public record Refund(boolean granted, BigDecimal amount, String because) {}

  /** What the model may call; arguments that do not fit are an answer that it reads. */
  public static final class Shop {

    private static final int DAYS_TO_RETURN = 30;

    private final LocalDate today;
    private final Map<String, List<Order>> orders; // by the customer's address
    private final Map<String, Parcel> parcels; // by the order's number

    public Shop(LocalDate today, Map<String, List<Order>> orders, Map<String, Parcel> parcels) {
      this.today = today;
      this.orders = orders;
      this.parcels = parcels;
    }

    @ToolMethod("Returns the orders of a customer, the newest first.")
    public List<Order> orders(Customer customer) {
      return orders.getOrDefault(customer.address(), List.of());
    }

    @ToolMethod("Returns where the parcel of an order is, and when it is expected.")
    public Parcel parcel(OrderNumber order) {
      Parcel parcel = parcels.get(order.number());
      if (parcel == null) {
        throw new IllegalArgumentException("order " + order.number() + " has no parcel yet");
      }
      return parcel;
    }

    @ToolMethod("Grants or refuses a refund by the rules of the shop.")
    public Refund refund(Claim claim) {
      Order order =
          orders.values().stream()
              .flatMap(List::stream)
              .filter(each -> each.number().equals(claim.number()))
              .findFirst()
              .orElseThrow(
                  () -> new IllegalArgumentException("there is no order " + claim.number()));
      if (order.placed().plusDays(DAYS_TO_RETURN).isBefore(today)) {
        return new Refund(false, BigDecimal.ZERO, "the order is older than 30 days");
      }
      BigDecimal amount =
          order.items().stream()
              .map(item -> item.price().multiply(BigDecimal.valueOf(item.pieces())))
              .reduce(BigDecimal.ZERO, BigDecimal::add);
      return new Refund(true, amount, "the order is not older than 30 days");
    }
  }

  private final ReActProgram<Letter, Reply> program;

  /** Creates the agent. */
  public OrderDesk(Dspy dspy, Shop shop) {
    program = dspy.react(Letter.class, Reply.class, Tools.of(shop)).withMaxSteps(6);
  }

  /** Answers a letter, and returns with the reply each call of a tool that led to it. */
  public ReActTrace<Reply> answer(Letter letter) {
    return program.trace(letter);
  }

  /** Returns a shop with two orders of one customer. */
  public static Shop sample(LocalDate today) {
    Order kettle =
        new Order(
            "A-1042",
            today.minusDays(3),
            List.of(new Item("kettle", 1, new BigDecimal("34.90"))),
            Status.SENT);
    Order cups =
        new Order(
            "A-0977",
            today.minusDays(50),
            List.of(new Item("cup", 6, new BigDecimal("4.50"))),
            Status.DELIVERED);
    return new Shop(
        today,
        Map.of("ann@example.com", List.of(kettle, cups)),
        Map.of("A-1042", new Parcel("North Post", "Leeds", today.plusDays(1))));
  }

  /** Answers a message; the arguments are the customer's address and the message. */
  public static void main(String[] arguments) {
    LocalDate today = LocalDate.now();
    try (var terrarium = Terrarium.start()) {
      OrderDesk desk = new OrderDesk(terrarium.adapter(Dspy.class), sample(today));
      ReActTrace<Reply> trace = desk.answer(new Letter(arguments[0], today, arguments[1]));
      for (ReActTrace.Step step : trace.steps()) {
        System.err.println(step.tool() + step.arguments() + " -> " + step.observation());
      }
      System.out.println(trace.outputs());
    }
  }
}
