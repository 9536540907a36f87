# Writes OUT with the version, the commit and the compiler, only when they changed. Run at build
# time: cmake -DOUT=... -DSOURCE=... -DVERSION=... -DCOMPILER=... -DTYPE=... -P version.cmake
execute_process(COMMAND git -C "${SOURCE}" describe --always --dirty --abbrev=12 --exclude=*
                OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT commit)
  set(commit unknown)
endif()
set(text "// Written by cmake/version.cmake.
#include \"ringside/base/version.hpp\"

namespace ringside {

std::string_view version_text() noexcept { return \"${VERSION}\"; }
std::string_view commit_text() noexcept { return \"${commit}\"; }
std::string_view compiler_text() noexcept { return \"${COMPILER}\"; }
std::string_view build_type_text() noexcept { return \"${TYPE}\"; }

}  // namespace ringside
")
set(old "")
if(EXISTS "${OUT}")
  file(READ "${OUT}" old)
endif()
if(NOT old STREQUAL text)
  file(WRITE "${OUT}" "${text}")
endif()
