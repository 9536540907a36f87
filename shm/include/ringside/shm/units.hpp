// Owns the units of everything in memory and the names of absent values. Plain constants.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace ringside::shm {

static_assert(std::endian::native == std::endian::little, "records are little-endian in memory");
static_assert(sizeof(void*) == 8, "x86-64 and Linux are assumed");

/// Words of different writers lie this far apart. Our own constant: the standard one may change
/// with compiler flags, and memory layout must not.
inline constexpr std::size_t cache_line_bytes = 64;
/// What one translation entry covers if the kernel grants it; a segment is mapped at such a border.
inline constexpr std::size_t huge_page_bytes = std::size_t{2} << 20;

/// Prices are integers of 1e-9 dollars.
inline constexpr int price_exponent = -9;
inline constexpr std::int64_t price_one = 1'000'000'000;

/// Sizes of trades and bar volumes are integers of 10^size_exponent; the segment header says which.
/// Quote sizes are whole shares or contracts.
inline constexpr int size_exponent_equities = -6;
inline constexpr std::int64_t size_one_equities = 1'000'000;

// An absent value has a name; it is never 0.
inline constexpr std::int64_t px_absent = std::numeric_limits<std::int64_t>::max();  // as in DBN
inline constexpr std::int64_t size_absent = std::numeric_limits<std::int64_t>::max();
inline constexpr std::uint32_t quote_size_absent = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint64_t ts_absent = std::numeric_limits<std::uint64_t>::max();
inline constexpr std::uint64_t trade_id_absent = std::numeric_limits<std::uint64_t>::max();
inline constexpr std::uint64_t count_unknown = std::numeric_limits<std::uint64_t>::max();
inline constexpr std::uint32_t sequence_absent = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint32_t trades_absent = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint32_t instrument_none = std::numeric_limits<std::uint32_t>::max();
inline constexpr std::uint8_t venue_absent = 255;
inline constexpr std::uint8_t tape_absent = 255;
inline constexpr std::uint8_t condition_absent = 255;
inline constexpr std::uint8_t indicator_absent = 255;

/// A quote indicator byte is the vendor's id less this (601..605 become 1..5).
inline constexpr std::uint32_t indicator_base = 600;

/// BarRecord::coverage of a window that saw everything.
inline constexpr std::uint32_t coverage_whole = 1'000'000;

/// Longest symbol text, in bytes ("O:SPXW260102C06840500" is 21).
inline constexpr std::size_t symbol_bytes_max = 24;

}  // namespace ringside::shm
