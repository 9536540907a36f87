// Every knob is read by somebody, for a setting without effect is a promise not kept, and
// everything that is read is a knob. Reads the sources.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "ringside/base/config.hpp"

namespace ringside {
namespace {

// Every .cpp and .hpp that could read a configuration, but for the table itself.
std::string sources() {
  std::string out;
  for (const char* room : {"base", "feedhandler", "consumers", "tools"}) {
    const std::string root = std::string(RINGSIDE_SOURCE_DIR) + "/" + room;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      const std::string name = entry.path().filename().string();
      const bool is_source = name.ends_with(".cpp") || name.ends_with(".hpp");
      if (!is_source || name == "knobs.cpp") continue;
      std::ifstream file(entry.path());
      out.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
  }
  return out;
}

TEST(Knobs, are_all_read_by_somebody) {
  const std::string text = sources();
  ASSERT_FALSE(text.empty());
  for (const Knob& knob : knobs()) {
    // Read whole ("gateway.port"), or behind a section that is put in front (".port", "port").
    const std::string leaf(knob.key.substr(knob.key.rfind('.') + 1));
    const bool is_read = text.find("\"" + std::string(knob.key) + "\"") != std::string::npos ||
                         text.find("." + leaf + "\"") != std::string::npos ||
                         text.find("\"" + leaf + "\"") != std::string::npos;
    EXPECT_TRUE(is_read) << knob.key;
  }
}

// The other way round, so that a row lost in a merge fails here and not in a running process: a
// literal like "gateway.port" that stands as an argument is a knob's key.
TEST(Knobs, are_there_for_every_key_that_is_read) {
  const std::string text = sources();
  std::size_t count = 0;
  for (const std::string_view section :
       {"feed.", "gateway.", "log.", "recorder.", "sim.", "stats."}) {
    const std::string begin = "(\"" + std::string(section);
    for (std::size_t at = 0; (at = text.find(begin, at)) != std::string::npos; ++at) {
      const std::string key = text.substr(at + 2, text.find('"', at + 2) - at - 2);
      const bool is_key =
          key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.") == std::string::npos;
      if (!is_key || key.back() == '.') continue;  // a message; a prefix
      EXPECT_NE(find_knob(key), nullptr) << key;
      ++count;
    }
  }
  EXPECT_GT(count, 20U);
}

}  // namespace
}  // namespace ringside
