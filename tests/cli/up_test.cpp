// `ringside up` whole: the real program, copied beside small scripts that play the other roles, so
// that every start, end and argument can be seen.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "support/run_process.hpp"
#include "support/temp_dir.hpp"
#include "support/wait_until.hpp"

namespace ringside {
namespace {

using test::Ended;
using test::number_in;
using test::Process;
using test::wait_until;

class Up : public testing::Test {
 protected:
  static constexpr const char* roles[] = {"feedhandler", "recorder", "stats", "gateway"};

  void SetUp() override {
    std::filesystem::copy_file(RINGSIDE_BIN_DIR "/ringside", dir_.file("ringside"));
    for (const char* role : roles) play(role, "while :; do sleep 0.05; done");
  }

  // Writes the script of a role: it notes its start, arguments, key and stop, and runs `body`.
  void play(const std::string& role, const std::string& body) const {
    const std::string log = dir_.file("log");
    dir_.write("ringside-" + role,
               "#!/bin/sh\n"
               "trap 'echo stop " +
                   role + " >> " + log +
                   "; exit 0' TERM\n"
                   "echo \"$*\" > " +
                   dir_.file(role + ".args") +
                   "\n"
                   "echo \"${RINGSIDE_MASSIVE_KEY-none}\" > " +
                   dir_.file(role + ".key") +
                   "\n"
                   "echo $$ > " +
                   dir_.file(role + ".pid") +
                   "\n"
                   "echo start " +
                   role + " >> " + log + "\n" + body + "\n",
               0700);
  }

  std::vector<std::string> words(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> out = {dir_.file("ringside"), "up", "--run-dir", dir_.file("run")};
    out.insert(out.end(), more.begin(), more.end());
    return out;
  }

  // All four roles have noted their start.
  bool wait_for_all() const {
    return wait_until([&] {
      const std::string log = dir_.read("log");
      for (const char* role : roles) {
        if (log.find(std::string("start ") + role) == std::string::npos) return false;
      }
      return true;
    });
  }

  pid_t pid_of(const std::string& role) const {
    return static_cast<pid_t>(number_in(dir_.read(role + ".pid")));
  }

  static bool is_alive(pid_t pid) {
    // A zombie of ours would count as alive; the children are the supervisor's, who reaps them.
    return ::kill(pid, 0) == 0;
  }

  test::TempDir dir_;
  const Process::Environment key_ = {{"RINGSIDE_MASSIVE_KEY", "geheim"}};
};

TEST_F(Up, starts_all_with_one_configuration_and_stops_them_in_order) {
  const std::string file = dir_.write("ringside.toml", "[gateway]\nport = 1\n");
  Process up(words({"--config", file, "--set", "sim.rate=5"}), key_);
  ASSERT_TRUE(wait_for_all()) << up.err();
  for (const char* role : roles) {
    EXPECT_EQ(dir_.read(std::string(role) + ".args"),
              "--config " + file + " --set sim.rate=5 --run-dir " + dir_.file("run") + "\n");
  }
  up.signal(SIGINT);
  const Ended ended = up.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const std::string log = dir_.read("log");
  EXPECT_EQ(log.substr(log.find("stop")),
            "stop gateway\nstop stats\nstop recorder\nstop feedhandler\n");
}

TEST_F(Up, gives_the_key_to_the_feed_handler_only_and_in_no_argument) {
  Process up(words(), key_);
  ASSERT_TRUE(wait_for_all()) << up.err();
  EXPECT_EQ(dir_.read("feedhandler.key"), "geheim\n");
  for (const char* role : {"recorder", "stats", "gateway"}) {
    EXPECT_EQ(dir_.read(std::string(role) + ".key"), "none\n") << role;
  }
  for (const char* role : roles) {
    EXPECT_EQ(dir_.read(std::string(role) + ".args").find("geheim"), std::string::npos);
  }
  up.signal(SIGTERM);
  const Ended ended = up.wait();
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_EQ((ended.out + ended.err).find("geheim"), std::string::npos);
}

TEST_F(Up, starts_a_killed_child_again_and_leaves_the_others_alone) {
  Process up(words(), key_);
  ASSERT_TRUE(wait_for_all()) << up.err();
  const pid_t recorder = pid_of("recorder");
  const pid_t gateway = pid_of("gateway");
  ::kill(recorder, SIGKILL);
  ASSERT_TRUE(up.wait_for_text("was ended by signal 9 (Killed), starting it again in 1 s"));
  ASSERT_TRUE(wait_until([&] {
    const std::string text = dir_.read("recorder.pid");
    return !text.empty() && text.back() == '\n' && number_in(text) != recorder;
  }));
  EXPECT_EQ(pid_of("gateway"), gateway);
  up.signal(SIGINT);
  EXPECT_EQ(up.wait().exit_code, 0);
}

TEST_F(Up, ends_with_the_code_of_a_child_that_cannot_be_mended) {
  play("gateway", "exit 7");
  Process up(words(), key_);
  const Ended ended = up.wait();
  EXPECT_EQ(ended.exit_code, 7);
  EXPECT_NE(ended.err.find("ringside: gateway ended with exit code 7 (busy)"), std::string::npos)
      << ended.err;
  for (const char* role : {"feedhandler", "recorder", "stats"}) {
    EXPECT_FALSE(is_alive(pid_of(role))) << role;
  }
}

TEST_F(Up, leaves_nothing_behind_when_it_is_killed) {
  Process up(words(), key_);
  ASSERT_TRUE(wait_for_all()) << up.err();
  up.signal(SIGKILL);
  (void)up.wait();
  for (const char* role : roles) {
    const pid_t pid = pid_of(role);
    EXPECT_TRUE(wait_until([&] {
      // Gone, or a zombie waiting for whoever inherited it.
      std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
      std::string text;
      return !std::getline(stat, text) || text.find(") Z ") != std::string::npos;
    })) << role;
  }
}

TEST_F(Up, stops_by_itself_after_the_time_asked_for) {
  Process up(words({"--for", "1"}), key_);
  const Ended ended = up.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
}

TEST_F(Up, lets_only_one_run_in_a_folder) {
  Process up(words(), key_);
  ASSERT_TRUE(wait_for_all()) << up.err();
  Process second(words(), key_);
  const Ended refused = second.wait();
  EXPECT_EQ(refused.exit_code, 7);
  EXPECT_EQ(refused.err, "ringside: " + dir_.file("run/up.lock") + ": held by process " +
                             std::to_string(up.pid()) + "\n");
  EXPECT_TRUE(up.is_running());
  up.signal(SIGINT);
  EXPECT_EQ(up.wait().exit_code, 0);
}

TEST_F(Up, says_which_program_is_missing) {
  std::filesystem::remove(dir_.file("ringside-stats"));
  Process up(words(), key_);
  const Ended ended = up.wait();
  EXPECT_EQ(ended.exit_code, 8);
  EXPECT_NE(ended.err.find("cannot run " + dir_.file("ringside-stats")), std::string::npos)
      << ended.err;
}

TEST_F(Up, refuses_to_go_without_a_key_when_the_simulator_is_not_wanted) {
  Process up(words({"--no-sim"}));
  const Ended ended = up.wait();
  EXPECT_EQ(ended.exit_code, 8);
  EXPECT_NE(ended.err.find("RINGSIDE_MASSIVE_KEY"), std::string::npos) << ended.err;
  EXPECT_EQ(ended.err.find('\n'), ended.err.size() - 1);
}

TEST_F(Up, refuses_one_feed_with_a_key_and_one_without) {
  Process up(words(), {{"RINGSIDE_FEED_STOCKS_KEY", "geheim"}});
  const Ended ended = up.wait();
  EXPECT_EQ(ended.exit_code, 8);
  EXPECT_NE(ended.err.find("feed options has no key: set RINGSIDE_FEED_OPTIONS_KEY"),
            std::string::npos)
      << ended.err;
}

TEST_F(Up, refuses_a_folder_that_others_may_enter) {
  std::filesystem::create_directory(dir_.file("run"));
  std::filesystem::permissions(dir_.file("run"), std::filesystem::perms(0755));
  Process up(words(), key_);
  const Ended ended = up.wait();
  EXPECT_EQ(ended.exit_code, 14);
  EXPECT_NE(ended.err.find("0700"), std::string::npos) << ended.err;
}

// Without any key the real simulator is the vendor: the feed handler is aimed at it, and it keeps
// its port when it is started again.
TEST_F(Up, aims_the_feed_handler_at_the_simulator_when_there_is_no_key) {
  Process up(words({"--set", "sim.rate=10"}));
  ASSERT_TRUE(wait_for_all()) << up.err();
  EXPECT_TRUE(
      up.wait_for_text("no vendor key, so the built-in simulator is the vendor (127.0.0.1:"));
  const std::string port = std::to_string(number_in(dir_.read("run/sim/port")));
  const std::string arguments = dir_.read("feedhandler.args");
  const std::string settings[] = {"host=127.0.0.1", "port=" + port,
                                  "ca_file=" + dir_.file("run/sim/ca.pem")};
  for (const char* feed : {"options", "stocks"}) {
    for (const std::string& setting : settings) {
      const std::string flag = std::string("--set feed.") + feed + "." + setting;
      EXPECT_NE(arguments.find(flag), std::string::npos) << arguments;
    }
  }
  const std::string key = dir_.read("feedhandler.key");
  EXPECT_GE(key.size(), 32U);
  EXPECT_EQ(dir_.read("gateway.key"), "none\n");
  EXPECT_EQ(arguments.find(key.substr(0, key.size() - 1)), std::string::npos);
  const std::string started = "sim started, process ";
  const std::size_t at = up.err().find(started);
  ASSERT_NE(at, std::string::npos) << up.err();
  const auto sim = static_cast<pid_t>(number_in(up.err().substr(at + started.size())));
  ::kill(sim, SIGKILL);
  ASSERT_TRUE(up.wait_for_text("sim started again")) << up.err();
  const std::string listening = "listening on wss://localhost:" + port;
  EXPECT_TRUE(wait_until([&] {
    (void)up.wait_for_text("never printed", 10);  // reads what has come
    const std::size_t first = up.out().find(listening);
    return first != std::string::npos && up.out().find(listening, first + 1) != std::string::npos;
  })) << up.out();
  up.signal(SIGINT);
  const Ended ended = up.wait();
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ((ended.out + ended.err).find(key.substr(0, key.size() - 1)), std::string::npos);
}

// The gateway is a small HTTP server that is not ready at first.
TEST_F(Up, prints_the_dashboards_address_when_the_gateway_is_ready) {
  const std::string script =
      dir_.write("gateway.py",
                 "import http.server, os, sys\n"
                 "class Handler(http.server.BaseHTTPRequestHandler):\n"
                 "    protocol_version = 'HTTP/1.1'\n"
                 "    def do_GET(self):\n"
                 "        ready = os.path.exists(sys.argv[1] + '/go')\n"
                 "        open(sys.argv[1] + '/asked', 'w').write(self.path)\n"
                 "        body = b'ok' if ready else b'no feed is live'\n"
                 "        self.send_response(200 if ready else 503)\n"
                 "        self.send_header('Content-Length', str(len(body)))\n"
                 "        self.end_headers()\n"
                 "        self.wfile.write(body)\n"
                 "    def log_message(self, *args): pass\n"
                 "server = http.server.HTTPServer(('127.0.0.1', 0), Handler)\n"
                 "with open(sys.argv[1] + '/run/gateway.port', 'w') as file:\n"
                 "    file.write(str(server.server_address[1]) + '\\n')\n"
                 "server.serve_forever()\n");
  play("gateway", "exec /usr/bin/python3 " + script + " " + dir_.path());
  Process up(words({"--set", "gateway.port=0"}), key_);
  ASSERT_TRUE(wait_until([&] { return dir_.read("asked") == "/ready"; })) << up.err();
  EXPECT_EQ(up.out().find("dashboard"), std::string::npos);
  dir_.write("go", "");
  std::string port = dir_.read("run/gateway.port");
  port.pop_back();
  ASSERT_TRUE(up.wait_for_text("dashboard: http://127.0.0.1:" + port + "/\n")) << up.out();
  up.signal(SIGINT);
  EXPECT_EQ(up.wait().exit_code, 0);
}

}  // namespace
}  // namespace ringside
