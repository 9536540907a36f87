// Owns a folder that lives as long as the test, and small helpers to fill and read its files. Test
// threads only.
#pragma once

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "ringside/base/assert.hpp"

namespace ringside::test {

class TempDir {
 public:
  TempDir() {
    std::string name = (std::filesystem::temp_directory_path() / "ringside-test-XXXXXX").string();
    RINGSIDE_ASSERT(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir() {
    std::error_code ignored;  // a folder that stays behind is no reason to fail a test
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] std::string file(std::string_view name) const {
    return path_ + "/" + std::string(name);
  }

  /// Writes a file with mode 0600 and returns its path.
  std::string write(std::string_view name, std::string_view text, mode_t mode = 0600) const {
    const std::string path = file(name);
    std::ofstream(path, std::ios::binary) << text;
    RINGSIDE_ASSERT(::chmod(path.c_str(), mode) == 0);
    return path;
  }

  [[nodiscard]] std::string read(std::string_view name) const {
    std::ifstream in(file(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  }

 private:
  std::string path_;
};

}  // namespace ringside::test
