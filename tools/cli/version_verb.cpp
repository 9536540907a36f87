// Owns `ringside version`: this build, its compiler, and the libraries it was built with. Main
// thread; allocates.
#include <fmt/core.h>
#include <hwy/highway.h>
#include <simdjson.h>
#include <spdlog/version.h>
#include <sqlite3.h>
#include <toml++/impl/version.h>
#include <wolfssl/version.h>
#include <CLI/Version.hpp>
#include <boost/version.hpp>

#include <string>
#include <utility>
#include <vector>

#include "output.hpp"
#include "ringside/base/json_writer.hpp"
#include "ringside/base/version.hpp"
#include "ringside/shm/layout.hpp"
#include "verbs.hpp"

namespace ringside::cli {

namespace {

std::vector<std::pair<std::string, std::string>> libraries() {
  const auto dotted = [](int major, int minor, int patch) {
    return fmt::format("{}.{}.{}", major, minor, patch);
  };
  return {
      {"boost", dotted(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
      {"cli11", CLI11_VERSION},
      {"fmt", dotted(FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
      {"highway", dotted(HWY_MAJOR, HWY_MINOR, HWY_PATCH)},
      {"liburing", RINGSIDE_LIBURING_VERSION},
      {"simdjson", dotted(simdjson::SIMDJSON_VERSION_MAJOR, simdjson::SIMDJSON_VERSION_MINOR,
                          simdjson::SIMDJSON_VERSION_REVISION)},
      {"spdlog", dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH)},
      {"sqlite", SQLITE_VERSION},
      {"toml++", dotted(TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH)},
      {"wolfssl", LIBWOLFSSL_VERSION_STRING},
  };
}

}  // namespace

Status run_version(bool is_json) {
  if (is_json) {
    JsonWriter json;
    json.begin_object().member("version", version_text()).member("commit", commit_text());
    json.member("compiler", compiler_text()).member("build_type", build_type_text());
    json.member("layout_version", shm::layout_version);
    json.key("libraries").begin_object();
    for (const auto& [name, version] : libraries()) json.member(name, version);
    json.end_object().end_object();
    put_line(json.text());
    return {};
  }
  put_line(fmt::format("ringside {} ({})", version_text(), commit_text()));
  put_line(fmt::format("compiler {}, {}", compiler_text(), build_type_text()));
  put_line(fmt::format("layout   {}", shm::layout_version));
  for (const auto& [name, version] : libraries()) put_line(fmt::format("{:<8} {}", name, version));
  return {};
}

}  // namespace ringside::cli
