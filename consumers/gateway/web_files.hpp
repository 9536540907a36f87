// Owns the page's files, compiled into the program. Constant data, made from web/ by
// cmake/embed.cmake.
#pragma once

#include <span>
#include <string_view>

namespace ringside::gateway {

struct WebFile {
  std::string_view path = {};  // "/app.js"
  std::string_view content_type = {};
  std::string_view etag = {};  // quoted
  std::string_view body = {};
};

[[nodiscard]] std::span<const WebFile> web_files() noexcept;

/// The file at that path, "/" being "/index.html"; nullptr: none.
[[nodiscard]] inline const WebFile* find_web_file(std::string_view path) noexcept {
  if (path == "/") path = "/index.html";
  for (const WebFile& file : web_files()) {
    if (file.path == path) return &file;
  }
  return nullptr;
}

}  // namespace ringside::gateway
