#include "publishers.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace ringside::recorder {
namespace {

constexpr std::size_t dataset_chars_max = 15;
constexpr std::uint32_t options_id_first = 300;

// Index: the vendor's exchange id. 4 stands for all four FINRA facilities and the tick does not say
// which, so it carries Nasdaq's Carteret one; 5 and 13 are the SIPs themselves.
constexpr std::array<std::uint16_t, 22> stocks{
    0,   // none
    78,  // 1 XASE
    75,  // 2 XBOS
    63,  // 3 XCIS
    68,  // 4 FINRA: FINN
    94,  // 5 UTP SIP: EQUS
    0,   // 6 XISE, gone
    73,  // 7 EDGA
    74,  // 8 EDGX
    62,  // 9 XCHI
    67,  // 10 XNYS
    79,  // 11 ARCX
    66,  // 12 XNAS
    94,  // 13 CTA SIP: EQUS
    80,  // 14 LTSE
    64,  // 15 IEXG
    0,   // 16 CBSX, gone
    76,  // 17 XPSX
    72,  // 18 BATY
    71,  // 19 BATS
    65,  // 20 EPRL
    77,  // 21 MEMX
};

// Index: the vendor's exchange id less 300, which is the OPRA letter less 'A'.
constexpr std::array<std::uint16_t, 26> options{
    20,  // A AMXO
    21,  // B XBOX
    22,  // C XCBO
    23,  // D EMLD
    24,  // E EDGO
    0,   // F
    0,   // G
    25,  // H GMNI
    26,  // I XISX
    27,  // J MCRY
    0,   // K
    0,   // L
    28,  // M XMIO
    29,  // N ARCO
    30,  // O OPRA
    31,  // P MPRL
    32,  // Q XNDQ
    0,   // R
    61,  // S SPHR
    33,  // T XBXO
    37,  // U MXOP
    0,   // V
    34,  // W C2OX
    35,  // X XPHL
    0,   // Y
    36,  // Z BATO
};

}  // namespace

std::uint16_t publisher_of(Market market, std::uint32_t vendor_exchange) noexcept {
  if (market == Market::stocks && vendor_exchange < stocks.size()) return stocks[vendor_exchange];
  if (market == Market::options && vendor_exchange >= options_id_first &&
      vendor_exchange - options_id_first < options.size()) {
    return options[vendor_exchange - options_id_first];
  }
  return publisher_none;
}

std::string dataset_of(Market market, std::string_view feed) {
  if (market == Market::stocks) return "MASSIVE.STOCKS";
  if (market == Market::options) return "MASSIVE.OPTIONS";
  std::string dataset = "RINGSIDE.";
  for (const char c : feed) {
    dataset += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  dataset.resize(std::min(dataset.size(), dataset_chars_max));
  return dataset;
}

}  // namespace ringside::recorder
