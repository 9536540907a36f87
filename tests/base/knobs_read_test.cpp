// Every knob is read by somebody, for a setting without effect is a promise not kept, and
// everything that is read is a knob. Reads the sources.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

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

// The other way round, so that a row lost in a merge fails here and not in a running process.
TEST(Knobs, are_there_for_every_key_that_is_read) {
  const std::string text = sources();
  const std::regex read(R"((?:text|integer|boolean|list|feeds)\(\s*"([a-z_]+(?:\.[a-z0-9_]+)*)\")");
  std::size_t count = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), read), end; at != end; ++at) {
    EXPECT_NE(find_knob((*at)[1].str()), nullptr) << (*at)[1].str();
    ++count;
  }
  EXPECT_GT(count, 20U);
}

}  // namespace
}  // namespace ringside
