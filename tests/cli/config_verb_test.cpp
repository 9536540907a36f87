// `ringside config ...`, `version` and wrong usage: the real program, its words and exit codes.
#include <gtest/gtest.h>

#include "support/run_process.hpp"
#include "support/temp_dir.hpp"

namespace ringside {
namespace {

using test::Ended;
using test::run;

TEST(ConfigVerb, checks_what_is_right) {
  const test::TempDir dir;
  const std::string file = dir.write("ringside.toml", "[feed.options]\nenabled = false\n");
  const Ended ended = run({"ringside", "config", "check", "--config", file, "--run-dir", "/run/x"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(ended.out, "ok: " + file + ", feeds stocks, run_dir /run/x\n");
}

TEST(ConfigVerb, refuses_what_is_wrong_on_one_line_with_exit_code_3) {
  const test::TempDir dir;
  const std::string file = dir.write("ringside.toml", "[gateway]\nport = 70000\n");
  const Ended ended = run({"ringside", "config", "check", "--config", file});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_EQ(ended.out, "");
  EXPECT_EQ(ended.err, "ringside: " + file +
                           ":2: gateway.port = 70000: out of range, allowed an integer 0..65535\n");
}

TEST(ConfigVerb, refuses_a_missing_file_with_exit_code_8) {
  const Ended ended = run({"ringside", "config", "check", "--config", "nowhere.toml"});
  EXPECT_EQ(ended.exit_code, 8);
  EXPECT_EQ(ended.err,
            "ringside: configuration file \"nowhere.toml\": No such file or directory (errno 2)\n");
}

TEST(ConfigVerb, refuses_to_serve_everybody_without_tokens) {
  const Ended ended = run({"ringside", "config", "check", "--set", "gateway.address=0.0.0.0"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_NE(ended.err.find("gateway.tokens_file"), std::string::npos) << ended.err;
}

TEST(ConfigVerb, warns_about_a_misspelt_variable_without_its_value) {
  const Ended ended = run({"ringside", "config", "check"},
                          {{"RINGSIDE_GATEWAY_PROT", "geheim"}, {"RINGSIDE_MASSIVE_KEY", "k"}});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("warning: environment variable RINGSIDE_GATEWAY_PROT"),
            std::string::npos);
  EXPECT_EQ(ended.out.find("geheim"), std::string::npos);
  EXPECT_EQ(ended.out.find("MASSIVE"), std::string::npos);
}

TEST(ConfigVerb, generates_what_check_accepts) {
  const test::TempDir dir;
  const Ended generated = run({"ringside", "config", "generate"});
  ASSERT_EQ(generated.exit_code, 0);
  const std::string file = dir.write("ringside.toml", generated.out);
  const Ended checked = run({"ringside", "config", "check", "--config", file});
  EXPECT_EQ(checked.exit_code, 0) << checked.err;
}

TEST(ConfigVerb, shows_values_with_their_sources_and_no_secret) {
  const Ended ended = run({"ringside", "config", "show", "--set", "sim.rate=5"},
                          {{"RINGSIDE_SIM_KEY", "geheim"}, {"RINGSIDE_RECORDER_ROLL_S", "60"}});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("rate = 5  # --set\n"), std::string::npos);
  EXPECT_NE(ended.out.find("roll_s = 60  # RINGSIDE_RECORDER_ROLL_S\n"), std::string::npos);
  EXPECT_NE(ended.out.find("# key is a secret: set by RINGSIDE_SIM_KEY\n"), std::string::npos);
  EXPECT_EQ(ended.out.find("geheim"), std::string::npos);
}

TEST(Usage, is_refused_on_one_line_with_exit_code_2) {
  const std::vector<std::vector<std::string>> bad = {
      {"ringside"},
      {"ringside", "tpo"},
      {"ringside", "top", "--fast"},
      {"ringside", "top", "--interval", "soon"},
      {"ringside", "ls", "--format", "xml"},
      {"ringside", "tail"},
      {"ringside", "tail", "AAPL", "--kind", "trades"},
      {"ringside", "config"},
      {"ringside", "up", "--for", "0"},
      {"ringside", "up", "--sim", "--no-sim"},
      {"ringside", "ls", "--set", "novalue"},
  };
  for (const std::vector<std::string>& words : bad) {
    const Ended ended = run(words);
    EXPECT_EQ(ended.exit_code, 2) << words.back() << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(ended.err.rfind("ringside: ", 0), 0U) << ended.err;
    EXPECT_EQ(ended.err.find('\n'), ended.err.size() - 1) << ended.err;
  }
  EXPECT_NE(run({"ringside", "tpo"}).err.find("there are up, top"), std::string::npos);
}

TEST(Usage, every_verb_has_help_with_an_example) {
  const std::vector<std::vector<std::string>> verbs = {{"up"},
                                                       {"top"},
                                                       {"tail"},
                                                       {"ls"},
                                                       {"config"},
                                                       {"config", "check"},
                                                       {"config", "show"},
                                                       {"config", "generate"},
                                                       {"version"},
                                                       {}};
  for (std::vector<std::string> words : verbs) {
    words.insert(words.begin(), "ringside");
    words.push_back("--help");
    const Ended ended = run(words);
    EXPECT_EQ(ended.exit_code, 0) << words[1];
    EXPECT_NE(ended.out.find("Example:\n  ringside "), std::string::npos) << ended.out;
  }
  const Ended sim = run({"ringside", "sim", "--help"});
  EXPECT_EQ(sim.exit_code, 0);
  EXPECT_NE(sim.out.find("\n  ringside sim "), std::string::npos) << sim.out;
}

TEST(Version, names_the_build_and_its_libraries) {
  const Ended text = run({"ringside", "version"});
  EXPECT_EQ(text.exit_code, 0);
  for (const char* part : {"ringside 0.", "compiler ", "layout ", "wolfssl ", "simdjson "}) {
    EXPECT_NE(text.out.find(part), std::string::npos) << part << " in " << text.out;
  }
  const Ended json = run({"ringside", "version", "--format", "json"});
  EXPECT_EQ(json.out.rfind("{\"version\":\"0.", 0), 0U) << json.out;
  EXPECT_EQ(run({"ringside", "--version"}).out.rfind("ringside 0.", 0), 0U);
}

}  // namespace
}  // namespace ringside
