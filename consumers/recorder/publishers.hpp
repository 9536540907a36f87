// Owns the mapping from the vendor's exchange ids to DBN publisher ids, and the data set names of
// our files. Constant tables: no thread, no allocation.
// Source: docs/recorder.md, "Publishers".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside::recorder {

/// Which venue table a feed's ids belong to. `derived` is for feeds of our own making (stats).
enum class Market : std::uint8_t { stocks, options, derived };

inline constexpr std::uint16_t publisher_none = 0;
inline constexpr std::uint16_t publisher_equs = 94;  // consolidated stocks
inline constexpr std::uint16_t publisher_opra = 30;  // consolidated options

/// The publisher id of a venue: EQUS.ALL's ids for stocks, OPRA.PILLAR's for options;
/// publisher_none for a venue the tables do not have.
[[nodiscard]] std::uint16_t publisher_of(Market market, std::uint32_t vendor_exchange) noexcept;

/// The publisher of a record that stands for the whole market: a best bid and offer, a bar.
[[nodiscard]] constexpr std::uint16_t publisher_consolidated(Market market) noexcept {
  switch (market) {
    case Market::stocks:
      return publisher_equs;
    case Market::options:
      return publisher_opra;
    case Market::derived:
      return publisher_none;
  }
  return publisher_none;
}

/// The dataset text of a feed's files, at most 15 characters: MASSIVE.STOCKS, MASSIVE.OPTIONS, and
/// RINGSIDE.<FEED> for what we derive. Names of our own, so that nobody takes the files for
/// another publisher's.
[[nodiscard]] std::string dataset_of(Market market, std::string_view feed);

}  // namespace ringside::recorder
