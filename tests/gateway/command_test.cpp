// What clients may say, as a table; and that nothing they say is taken for what it is not.
#include "command.hpp"

#include <gtest/gtest.h>

#include <random>

#include "../support/seed.hpp"

namespace ringside::gateway {
namespace {

class Parsed {
 public:
  explicit Parsed(std::string_view text) {
    std::string padded(text);
    padded.append(64, '\0');
    is_good = parser_.parse({padded.data(), text.size()}, command, error);
  }
  bool is_good = false;
  Command command;
  CommandError error;

 private:
  CommandParser parser_{16'384};
};

TEST(CommandParser, reads_every_message_of_the_protocol) {
  const Parsed subscribe(R"({"type":"subscribe","channel":"trades","symbols":["AAPL","TSLA"]})");
  ASSERT_TRUE(subscribe.is_good) << subscribe.error.message;
  EXPECT_EQ(subscribe.command.type, CommandType::subscribe);
  EXPECT_EQ(subscribe.command.channels, bit_of(Channel::trades));
  EXPECT_EQ(subscribe.command.symbols, (std::vector<std::string>{"AAPL", "TSLA"}));

  const Parsed several(
      R"({"type":"subscribe","channels":["trades","quotes","aggregates","bars","status"],)"
      R"("symbols":["*"],"policy":"all","id":3})");
  ASSERT_TRUE(several.is_good) << several.error.message;
  EXPECT_EQ(several.command.channels, bit_of(Channel::trades) | bit_of(Channel::quotes) |
                                          bit_of(Channel::aggregates) | bit_of(Channel::bars) |
                                          status_channel);
  EXPECT_TRUE(several.command.is_wildcard);
  EXPECT_EQ(several.command.policy, Policy::all);
  EXPECT_EQ(several.command.id, "3");

  const Parsed plain(R"({"type":"unsubscribe","symbols":["AAPL","AAPL"]})");
  ASSERT_TRUE(plain.is_good);
  EXPECT_EQ(plain.command.type, CommandType::unsubscribe);
  EXPECT_EQ(plain.command.channels, bit_of(Channel::quote));
  EXPECT_EQ(plain.command.symbols, std::vector<std::string>{"AAPL"});

  const Parsed options(R"({"type":"subscribe_options","contractIds":["O:SPY251219C00650000"]})");
  ASSERT_TRUE(options.is_good) << options.error.message;
  EXPECT_EQ(options.command.channels, bit_of(Channel::option));
  EXPECT_TRUE(options.command.is_options);

  const Parsed gone(R"({"type":"unsubscribe_options","contractIds":["O:SPY251219C00650000"]})");
  ASSERT_TRUE(gone.is_good);
  EXPECT_EQ(gone.command.type, CommandType::unsubscribe);

  const Parsed ping(R"({"type":"ping","id":7,"t":1698345678123.25})");
  ASSERT_TRUE(ping.is_good);
  EXPECT_EQ(ping.command.type, CommandType::ping);
  EXPECT_EQ(ping.command.id, "7");
  EXPECT_EQ(ping.command.t, "1698345678123.25");

  const Parsed auth(R"({"type":"auth","token":"s3cret"})");
  ASSERT_TRUE(auth.is_good);
  EXPECT_EQ(auth.command.token, "s3cret");
}

struct BadMessage {
  std::string_view text;
  std::string_view code;
  std::string_view field;
};

const BadMessage bad_messages[] = {
    {"", "bad_json", ""},
    {"{", "bad_json", ""},
    {R"({"type":"ping"}x)", "bad_json", ""},
    {"[]", "bad_message", ""},
    {"7", "bad_message", ""},
    {"{}", "missing_field", "type"},
    {R"({"type":7})", "bad_field", "type"},
    {R"({"type":"dance"})", "unknown_type", "type"},
    {R"({"type":"_options"})", "unknown_type", "type"},
    {R"({"type":"subscribe"})", "missing_field", "symbols"},
    {R"({"type":"subscribe","symbols":[]})", "bad_field", "symbols"},
    {R"({"type":"subscribe","symbols":7})", "bad_field", "symbols"},
    {R"({"type":"subscribe","symbols":[7]})", "bad_symbol", "symbols"},
    {R"({"type":"subscribe","symbols":[""]})", "bad_symbol", "symbols"},
    {R"({"type":"subscribe","symbols":["A B"]})", "bad_symbol", "symbols"},
    {R"({"type":"subscribe","symbols":["A\u0000"]})", "bad_symbol", "symbols"},
    {R"({"type":"subscribe","symbols":["ABCDEFGHIJKLMNOPQRSTUVWXY"]})", "bad_symbol", "symbols"},
    {R"({"type":"subscribe","symbols":["A"],"channel":"prices"})", "unknown_channel", "channel"},
    {R"({"type":"subscribe","symbols":["A"],"channel":7})", "bad_field", "channel"},
    {R"({"type":"subscribe","symbols":["A"],"channels":"trades"})", "bad_field", "channels"},
    {R"({"type":"subscribe","symbols":["A"],"channels":["x"]})", "unknown_channel", "channels"},
    {R"({"type":"subscribe","symbols":["A"],"channel":"greeks"})", "unsupported_channel",
     "channel"},
    {R"({"type":"subscribe","symbols":["A"],"policy":"some"})", "bad_field", "policy"},
    {R"({"type":"subscribe","symbols":["A"],"policy":1})", "bad_field", "policy"},
    {R"({"type":"subscribe_options","symbols":["O:A"]})", "missing_field", "contractIds"},
    {R"({"type":"subscribe_options","contractIds":["AAPL"]})", "bad_symbol", "contractIds"},
    {R"({"type":"auth"})", "missing_field", "token"},
    {R"({"type":"auth","token":{}})", "bad_field", "token"},
};

TEST(CommandParser, names_the_code_and_the_field_of_every_mistake) {
  for (const BadMessage& each : bad_messages) {
    const Parsed parsed(each.text);
    EXPECT_FALSE(parsed.is_good) << each.text;
    EXPECT_EQ(parsed.error.code, each.code) << each.text;
    EXPECT_EQ(parsed.error.field, each.field) << each.text;
    EXPECT_FALSE(parsed.error.message.empty()) << each.text;
  }
}

TEST(CommandParser, refuses_more_symbols_than_one_message_may_name) {
  std::string text = R"({"type":"subscribe","symbols":["S0")";
  for (std::size_t i = 1; i <= command_symbols_max; ++i) text += ",\"S" + std::to_string(i) + '"';
  const Parsed parsed(text + "]}");
  EXPECT_FALSE(parsed.is_good);
  EXPECT_EQ(parsed.error.code, "too_many_symbols");
}

TEST(CommandParser, echoes_an_id_with_its_error_and_only_short_scalars) {
  EXPECT_EQ(Parsed(R"({"type":"x","id":"a\"b"})").error.id, R"("a\"b")");
  EXPECT_EQ(Parsed(R"({"type":"ping","id":[1]})").command.id, "");
  EXPECT_EQ(Parsed(R"({"type":"ping","id":")" + std::string(100, 'a') + R"("})").command.id, "");
}

// Any bytes: an answer, never a crash (the address sanitizer looks on).
TEST(CommandParser, survives_changed_messages) {
  auto random = ringside::test::seeded_random();
  const std::string good =
      R"({"type":"subscribe","channels":["trades","quotes"],"symbols":["AAPL"],"id":1})";
  CommandParser parser(16'384);
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    text.resize(random() % (text.size() + 1));
    const std::size_t bytes = text.size();
    text.append(64, '\0');
    Command command;
    CommandError error;
    const bool is_good = parser.parse({text.data(), bytes}, command, error);
    EXPECT_EQ(is_good, error.code.empty());
  }
}

}  // namespace
}  // namespace ringside::gateway
