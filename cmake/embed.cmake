# Turns files into one .cpp of string literals: cmake -DOUT=x.cpp "-DFILES=a;b" -P embed.cmake.
# The table is ringside::gateway::web_files() of consumers/gateway/web_files.hpp.
set(types_html "text/html; charset=utf-8")
set(types_js "text/javascript; charset=utf-8")
set(types_css "text/css; charset=utf-8")
set(types_svg "image/svg+xml")

set(rows "")
foreach(path IN LISTS FILES)
  get_filename_component(name "${path}" NAME)
  string(REGEX REPLACE ".*\\." "" ending "${name}")
  file(SHA256 "${path}" hash)
  string(SUBSTRING "${hash}" 0 16 tag)
  # As bytes: CMake reads brackets and semicolons of a text in its own way.
  file(READ "${path}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${hex}")
  # 100 bytes a literal; neighbours are joined by the compiler.
  string(LENGTH "${bytes}" length)
  set(body "")
  set(at 0)
  while(at LESS length)
    string(SUBSTRING "${bytes}" ${at} 400 part)
    string(APPEND body "     \"${part}\"\n")
    math(EXPR at "${at} + 400")
  endwhile()
  math(EXPR size "${length} / 4")
  string(APPEND rows "    {\"/${name}\", \"${types_${ending}}\", \"\\\"${tag}\\\"\",\n"
                     "     {\n${body}     , ${size}}},\n")
endforeach()

file(WRITE "${OUT}" "// Made by cmake/embed.cmake from consumers/gateway/web.
#include \"web_files.hpp\"

namespace ringside::gateway {

namespace {

constexpr WebFile files[] = {
${rows}};

}  // namespace

std::span<const WebFile> web_files() noexcept {
  return files;
}

}  // namespace ringside::gateway
")
