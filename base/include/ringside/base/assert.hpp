// Owns the project's assertions. RINGSIDE_ASSERT is our own bug, checked in every build;
// RINGSIDE_DASSERT is for checks that cost on the path and goes away with NDEBUG.
#pragma once

namespace ringside {

/// Writes "file:line: assertion failed: text" to standard error and aborts.
[[noreturn]] void assert_failed(const char* text, const char* file, int line) noexcept;

}  // namespace ringside

#define RINGSIDE_ASSERT(condition)                     \
  (static_cast<bool>(condition) ? static_cast<void>(0) \
                                : ::ringside::assert_failed(#condition, __FILE__, __LINE__))

#ifdef NDEBUG
#define RINGSIDE_DASSERT(condition) static_cast<void>(sizeof(static_cast<bool>(condition)))
#else
#define RINGSIDE_DASSERT(condition) RINGSIDE_ASSERT(condition)
#endif
