// The configuration: what wins, what is refused and with which words, and that its own texts load.
#include "ringside/base/config.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

#include "support/temp_dir.hpp"

namespace ringside {
namespace {

using Overrides = std::vector<std::pair<std::string, std::string>>;

// A variable that is gone again when the test ends.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    ::setenv(name, value.c_str(), 1);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

Result<Config> load_text(std::string_view toml, const Overrides& flags = {}) {
  const test::TempDir dir;
  return Config::load({.file = dir.write("ringside.toml", toml), .overrides = flags});
}

TEST(Config, works_with_no_file_at_all) {
  const Result<Config> config = Config::load({});
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->instances("feed"), (std::vector<std::string>{"options", "stocks"}));
  EXPECT_EQ(config->enabled_feeds(), (std::vector<std::string>{"options", "stocks"}));
  EXPECT_EQ(config->list("feed.stocks.symbols"),
            (std::vector<std::string>{"SPY", "QQQ", "DIA", "AAPL", "TSLA", "NVDA"}));
  EXPECT_TRUE(config->list("feed.options.symbols").empty());
  EXPECT_EQ(config->text("feed.stocks.path"), "/stocks");
  EXPECT_EQ(config->text("feed.options.path"), "/options");
  EXPECT_EQ(config->text("feed.options.market"), "options");
  EXPECT_EQ(config->integer("gateway.port"), 8080);
  EXPECT_EQ(config->source("gateway.port"), ConfigSource::default_value);
  EXPECT_EQ(config->feeds("recorder.feeds"), config->enabled_feeds());
}

TEST(Config, reads_every_type_from_a_file) {
  const Result<Config> config = load_text(
      "[feed.stocks]\n"
      "enabled = false\n"
      "port = 8443\n"
      "host = \"localhost\"\n"
      "symbols = [\"AAPL\", \"BRK.B\"]\n"
      "slots_for = [\"AAPL=65536\", \"BRK*=256:64\"]\n"
      "[feed.mine]\n"
      "market = \"options\"\n");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_FALSE(config->boolean("feed.stocks.enabled"));
  EXPECT_EQ(config->integer("feed.stocks.port"), 8443);
  EXPECT_EQ(config->text("feed.stocks.host"), "localhost");
  EXPECT_EQ(config->list("feed.stocks.symbols"), (std::vector<std::string>{"AAPL", "BRK.B"}));
  EXPECT_EQ(config->list("feed.stocks.slots_for"),
            (std::vector<std::string>{"AAPL=65536", "BRK*=256:64"}));
  EXPECT_EQ(config->source("feed.stocks.port"), ConfigSource::file);
  EXPECT_EQ(config->enabled_feeds(), (std::vector<std::string>{"mine", "options"}));
  EXPECT_EQ(config->text("feed.mine.market"), "options");
}

TEST(Config, takes_flag_before_environment_before_file_before_default) {
  const std::string file =
      "[gateway]\nport = 1001\nclient_count_max = 11\naddress = \"127.0.0.2\"\n";
  const Variable port("RINGSIDE_GATEWAY_PORT", "1002");
  const Variable count("RINGSIDE_GATEWAY_CLIENT_COUNT_MAX", "12");
  const Result<Config> config = load_text(file, {{"gateway.port", "1003"}});
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->integer("gateway.port"), 1003);
  EXPECT_EQ(config->source("gateway.port"), ConfigSource::flag);
  EXPECT_EQ(config->integer("gateway.client_count_max"), 12);
  EXPECT_EQ(config->source("gateway.client_count_max"), ConfigSource::environment);
  EXPECT_EQ(config->text("gateway.address"), "127.0.0.2");
  EXPECT_EQ(config->source("gateway.address"), ConfigSource::file);
  EXPECT_EQ(config->integer("gateway.backlog_bytes_max"), 262144);
}

TEST(Config, takes_the_last_of_two_flags) {
  const Result<Config> config =
      Config::load({.overrides = {{"gateway.port", "1"}, {"gateway.port", "2"}}});
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->integer("gateway.port"), 2);
}

TEST(Config, reads_the_environment_of_a_feed_that_only_a_flag_names) {
  const Variable host("RINGSIDE_FEED_MY_FEED_HOST", "example.test");
  const Variable symbols("RINGSIDE_FEED_STOCKS_SYMBOLS", " AAPL , MSFT ");
  const Result<Config> config = Config::load({.overrides = {{"feed.my-feed.port", "1"}}});
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->text("feed.my-feed.host"), "example.test");
  EXPECT_EQ(config->list("feed.stocks.symbols"), (std::vector<std::string>{"AAPL", "MSFT"}));
}

TEST(Config, makes_an_empty_feed_section_a_feed) {
  const Result<Config> config = load_text("[feed.second]\n");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->instances("feed"), (std::vector<std::string>{"options", "second", "stocks"}));
}

TEST(Config, puts_the_run_dir_where_the_session_keeps_such_things) {
  {
    const Variable runtime("XDG_RUNTIME_DIR", "/run/user/7");
    EXPECT_EQ(Config::load({})->run_dir(), "/run/user/7/ringside");
    EXPECT_EQ(Config::load({.overrides = {{"run_dir", "/run/x/"}}})->run_dir(), "/run/x");
  }
  EXPECT_EQ(Config::load({})->run_dir().rfind("/tmp/ringside-", 0), 0U);
}

struct BadCase {
  const char* name;
  const char* toml;
  Overrides flags;
  ErrorCode code;
  std::vector<std::string> said;  // every one stands in the message; "FILE" is the file's path
};

class BadConfig : public testing::TestWithParam<BadCase> {};

TEST_P(BadConfig, is_refused_with_place_key_value_and_what_is_allowed) {
  const BadCase& bad = GetParam();
  const test::TempDir dir;
  const std::string file = dir.write("ringside.toml", bad.toml);
  const Result<Config> config = Config::load({.file = file, .overrides = bad.flags});
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().code, bad.code);
  const std::string message = config.error().message();
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  for (std::string said : bad.said) {
    if (said.rfind("FILE", 0) == 0) said.replace(0, 4, file);
    EXPECT_NE(message.find(said), std::string::npos) << message << "\nlacks: " << said;
  }
}

const BadCase bad_cases[] = {
    {"unknown_key",
     "\n[gateway]\nprot = 1\n",
     {},
     ErrorCode::config,
     {"FILE:3", "gateway.prot", "unknown key", "did you mean gateway.port?"}},
    {"unknown_key_of_a_feed",
     "[feed.stocks]\nsymbol = []\n",
     {},
     ErrorCode::config,
     {"FILE:2", "did you mean feed.stocks.symbols?"}},
    {"unknown_section",
     "[gatewy]\nport = 1\n",
     {},
     ErrorCode::config,
     {"FILE:2", "gatewy.port", "did you mean gateway.port?"}},
    {"unknown_empty_section",
     "[gatewy]\n",
     {},
     ErrorCode::config,
     {"FILE:1", "[gatewy]", "unknown section"}},
    {"unknown_key_near_nothing",
     "zzzzzzzzzzzzzzzzzzzzz = 1\n",
     {},
     ErrorCode::config,
     {"FILE:1", "unknown key", "ringside config generate"}},
    {"key_instead_of_section", "feed = 3\n", {}, ErrorCode::config, {"FILE:1", "feed"}},
    {"section_instead_of_key",
     "[gateway.port]\nx = 1\n",
     {},
     ErrorCode::config,
     {"FILE:1", "gateway.port", "is a table", "an integer 0..65535"}},
    {"text_for_integer",
     "[gateway]\nport = \"80\"\n",
     {},
     ErrorCode::config,
     {"FILE:2", "gateway.port", "is a text", "an integer 0..65535"}},
    {"float_for_integer",
     "[gateway]\nport = 80.0\n",
     {},
     ErrorCode::config,
     {"FILE:2", "is a floating-point number"}},
    {"integer_for_boolean",
     "[feed.stocks]\nenabled = 1\n",
     {},
     ErrorCode::config,
     {"FILE:2", "feed.stocks.enabled", "is an integer", "true or false"}},
    {"text_for_list",
     "[feed.stocks]\nsymbols = \"AAPL\"\n",
     {},
     ErrorCode::config,
     {"FILE:2", "is a text", "a list of texts"}},
    {"integer_in_list",
     "[feed.stocks]\nsymbols = [\n \"A\",\n 5]\n",
     {},
     ErrorCode::config,
     {"FILE:2", "feed.stocks.symbols", "is an integer"}},
    {"comma_in_list",
     "[feed.stocks]\nsymbols = [\"A,B\"]\n",
     {},
     ErrorCode::config,
     {"FILE:2", "\"A,B\""}},
    {"date_for_text",
     "[gateway]\naddress = 2024-01-01\n",
     {},
     ErrorCode::config,
     {"FILE:2", "is a date or time"}},
    {"above_the_range",
     "[gateway]\nport = 65536\n",
     {},
     ErrorCode::config,
     {"FILE:2", "gateway.port = 65536", "out of range", "0..65535"}},
    {"below_the_range",
     "[feed.stocks]\nlinger_ms = -1\n",
     {},
     ErrorCode::config,
     {"FILE:2", "= -1", "0..3600000 ms"}},
    {"not_a_power_of_two",
     "[feed.options]\ndefault_slots = 100\n",
     {},
     ErrorCode::config,
     {"FILE:2", "= 100", "a power of two 16..1048576 records"}},
    {"bad_choice",
     "[feed.stocks]\nwait = \"sleep\"\n",
     {},
     ErrorCode::config,
     {"FILE:2", "\"sleep\"", "spin|adaptive|block"}},
    {"bad_choice_in_list",
     "[feed.stocks]\nchannels = [\"T\", \"X\"]\n",
     {},
     ErrorCode::config,
     {"FILE:2", "\"X\"", "T|Q|A|AM"}},
    {"bad_slots_for",
     "[feed.stocks]\nslots_for = [\"AAPL=100\"]\n",
     {},
     ErrorCode::config,
     {"FILE:2", "\"AAPL=100\"", "SYMBOL=ticks"}},
    {"bad_bar_slots_for",
     "[feed.stocks]\nslots_for = [\"AAPL=128:3\"]\n",
     {},
     ErrorCode::config,
     {"FILE:2", "\"AAPL=128:3\"", "SYMBOL=ticks:bars"}},
    {"star_inside_slots_for",
     "[feed.stocks]\nslots_for = [\"A*L=128\"]\n",
     {},
     ErrorCode::config,
     {"FILE:2", "\"A*L=128\"", "may end with *"}},
    {"control_character",
     "[gateway]\naddress = \"a\\nb\"\n",
     {},
     ErrorCode::config,
     {"FILE:2", "gateway.address", "\"a?b\"", "control character"}},
    {"feed_name",
     "[feed.\"My Feed\"]\nport = 1\n",
     {},
     ErrorCode::config,
     {"FILE:2", "\"My Feed\"", "lower-case"}},
    {"feed_called_stats", "[feed.stats]\nport = 1\n", {}, ErrorCode::config, {"FILE:2", "stats"}},
    {"secret_in_file",
     "[sim]\nkey = \"geheim\"\n",
     {},
     ErrorCode::config,
     {"FILE:2", "sim.key", "RINGSIDE_SIM_KEY"}},
    {"secret_in_flag",
     "",
     {{"sim.key", "geheim"}},
     ErrorCode::config,
     {"--set sim.key", "RINGSIDE_SIM_KEY"}},
    {"duplicate_key",
     "[gateway]\nport = 1\nport = 2\n",
     {},
     ErrorCode::config,
     {"FILE:3", "not valid TOML", "port"}},
    {"duplicate_section",
     "[gateway]\nport = 1\n[gateway]\n",
     {},
     ErrorCode::config,
     {"FILE:3", "not valid TOML"}},
    {"syntax_error",
     "[gateway]\n\nport = = 1\n",
     {},
     ErrorCode::config,
     {"FILE:3", "not valid TOML"}},
    {"open_string", "run_dir = \"abc\n", {}, ErrorCode::config, {"FILE:1", "not valid TOML"}},
    {"three_brackets", "[[[gateway]]]\n", {}, ErrorCode::config, {"FILE:1", "not valid TOML"}},
    {"integer_too_long",
     "[gateway]\nport = 99999999999999999999\n",
     {},
     ErrorCode::config,
     {"FILE:2"}},
    {"flag_out_of_range",
     "",
     {{"gateway.port", "65536"}},
     ErrorCode::config,
     {"--set", "gateway.port = 65536", "0..65535"}},
    {"flag_not_integer",
     "",
     {{"gateway.port", "8o8o"}},
     ErrorCode::config,
     {"--set", "gateway.port = 8o8o", "not an integer"}},
    {"flag_unknown",
     "",
     {{"gateway.potr", "1"}},
     ErrorCode::config,
     {"--set", "did you mean gateway.port?"}},
    {"flag_empty_element",
     "",
     {{"feed.stocks.symbols", "A,,B"}},
     ErrorCode::config,
     {"--set", "empty element"}},
    {"backoff_upside_down",
     "[feed.stocks]\nbackoff_ms_min = 5000\nbackoff_ms_max = 100\n",
     {},
     ErrorCode::config,
     {"FILE:2", "backoff_ms_min = 5000", "backoff_ms_max = 100"}},
    {"certificate_without_key",
     "[gateway]\ntls_cert = \"a.pem\"\n",
     {},
     ErrorCode::config,
     {"FILE:2", "gateway.tls_key"}},
    {"consumer_of_no_feed",
     "[recorder]\nfeeds = [\"stock\"]\n",
     {},
     ErrorCode::config,
     {"FILE:2", "recorder.feeds", "\"stock\"", "options, stocks"}},
    {"run_dir_too_long_for_a_socket",
     "",
     {{"run_dir",
       "/run/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}},
     ErrorCode::config,
     {"--set", "run_dir", "allowed up to 72"}},
};

INSTANTIATE_TEST_SUITE_P(Table, BadConfig, testing::ValuesIn(bad_cases),
                         [](const auto& bad) { return std::string(bad.param.name); });

TEST(Config, never_repeats_a_secret_it_refuses) {
  const std::string in_file = load_text("[sim]\nkey = \"geheim\"\n").error().message();
  const std::string in_flag =
      Config::load({.overrides = {{"sim.key", "geheim"}}}).error().message();
  EXPECT_EQ((in_file + in_flag).find("geheim"), std::string::npos);
}

TEST(Config, says_that_a_file_is_missing) {
  const Result<Config> config = Config::load({.file = "/no/such/ringside.toml"});
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().code, ErrorCode::not_found);
  EXPECT_NE(config.error().message().find("/no/such/ringside.toml"), std::string::npos);
}

TEST(Config, refuses_a_folder_and_a_file_of_unreasonable_size) {
  const test::TempDir dir;
  EXPECT_FALSE(Config::load({.file = dir.path()}).ok());
  const std::string large = dir.write("large.toml", std::string((4U << 20) + 1, '#'));
  const Result<Config> config = Config::load({.file = large});
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().code, ErrorCode::config);
}

TEST(Config, refuses_a_bad_value_from_the_environment_by_the_variables_name) {
  const Variable port("RINGSIDE_GATEWAY_PORT", "many");
  const Result<Config> config = Config::load({});
  ASSERT_FALSE(config.ok());
  EXPECT_NE(config.error().message().find("RINGSIDE_GATEWAY_PORT: gateway.port = many"),
            std::string::npos)
      << config.error().message();
}

TEST(Config, generates_a_file_that_loads_and_changes_nothing) {
  const std::string text = Config::generate();
  const Result<Config> config = load_text(text);
  ASSERT_TRUE(config.ok()) << config.error().message();
  const Result<Config> defaults = Config::load({});
  for (const Knob& knob : knobs()) {
    if (knob.key.find('*') != std::string_view::npos || knob.type != KnobType::integer) continue;
    EXPECT_EQ(config->integer(knob.key), defaults->integer(knob.key)) << knob.key;
  }
  EXPECT_EQ(config->list("feed.stocks.symbols"), defaults->list("feed.stocks.symbols"));
  EXPECT_EQ(config->run_dir(), defaults->run_dir());
  for (std::size_t start = 0; start < text.size();) {
    const std::size_t end = text.find('\n', start);
    EXPECT_LE(end - start, 100U) << text.substr(start, end - start);
    start = end + 1;
  }
}

TEST(Config, shows_what_is_in_force_where_from_and_no_secret) {
  const Variable secret("RINGSIDE_SIM_KEY", "geheim");
  const Variable port("RINGSIDE_GATEWAY_PORT", "1002");
  const Result<Config> config =
      load_text("[recorder]\nroll_s = 60\n", {{"feed.stocks.symbols", "A,B\"C"}});
  ASSERT_TRUE(config.ok()) << config.error().message();
  const std::string text = config->show();
  EXPECT_EQ(text.find("geheim"), std::string::npos);
  EXPECT_NE(text.find("port = 1002  # RINGSIDE_GATEWAY_PORT\n"), std::string::npos) << text;
  EXPECT_NE(text.find("symbols = [\"A\", \"B\\\"C\"]  # --set\n"), std::string::npos) << text;
  EXPECT_NE(text.find("roll_s = 60  # "), std::string::npos) << text;
  EXPECT_NE(text.find("ringside.toml:2\n"), std::string::npos) << text;
  const Result<Config> again = load_text(text);
  ASSERT_TRUE(again.ok()) << again.error().message();
  EXPECT_EQ(again->list("feed.stocks.symbols"), config->list("feed.stocks.symbols"));
  EXPECT_EQ(again->integer("recorder.roll_s"), 60);
}

// Every row of the table: its default passes its own rule, its doc is one sentence, its key once.
TEST(Knobs, are_in_order) {
  for (const Knob& knob : knobs()) {
    std::size_t copies = 0;
    for (const Knob& other : knobs()) copies += other.key == knob.key ? 1 : 0;
    EXPECT_EQ(copies, 1U) << knob.key;
    EXPECT_TRUE(!knob.doc.empty() && knob.doc.back() == '.') << knob.key;
    EXPECT_TRUE(knob.type != KnobType::integer || knob.value_min < knob.value_max) << knob.key;
    if (knob.is_secret) continue;
    std::string key(knob.key);
    if (const std::size_t star = key.find('*'); star != std::string::npos)
      key.replace(star, 1, "x");
    const Result<Config> config =
        Config::load({.overrides = {{key, std::string(knob.value_default)}}});
    EXPECT_TRUE(config.ok()) << config.error().message();
  }
  for (const BuiltInValue& built_in : built_in_values()) {
    EXPECT_TRUE(
        Config::load({.overrides = {{std::string(built_in.key), std::string(built_in.value)}}})
            .ok())
        << built_in.key;
  }
}

TEST(ConfigDeathTest, asserts_on_a_key_that_is_no_knob_or_of_another_type) {
  const Result<Config> config = Config::load({});
  EXPECT_DEATH((void)config->integer("gateway.prot"), "assertion failed");
  EXPECT_DEATH((void)config->text("gateway.port"), "assertion failed");
}

}  // namespace
}  // namespace ringside
