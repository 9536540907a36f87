// Any bytes as a vendor frame: never a crash, never more than one outcome an event, and never an
// event from bytes that simdjson's DOM, which checks everything, refuses. One function over bytes.
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "vendor/massive/decode.hpp"

namespace ringside::feed {
namespace {

using massive::Decoder;

#define FUZZ_CHECK(condition)                                                        \
  do {                                                                               \
    if (!(condition)) {                                                              \
      std::fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                  \
    }                                                                                \
  } while (false)

struct Outcome {
  std::vector<Decoded> events;
  DecodeCounts counts;

  [[nodiscard]] std::uint64_t rejected(RejectReason reason) const {
    return counts.rejects[static_cast<std::size_t>(reason)];
  }
};

Outcome run(Market market, const std::string& padded, std::size_t size) {
  Decoder::Options options;
  options.event.market = market;
  options.frame_bytes_max = 1 << 16;
  Result<Decoder> decoder = Decoder::make(options);
  decoder->begin(std::as_bytes(std::span(padded.data(), size)), 1);
  Outcome outcome;
  Decoded out[3];
  while (const std::size_t count = decoder->read(out)) {
    outcome.events.insert(outcome.events.end(), out, out + count);
  }
  outcome.counts = decoder->counts();
  return outcome;
}

int depth_of(simdjson::dom::element element) {
  int deepest = 0;
  if (element.is_array()) {
    const simdjson::dom::array array = element.get_array().value_unsafe();
    for (const auto child : array) {
      deepest = std::max(deepest, depth_of(child));
    }
    return deepest + 1;
  }
  if (element.is_object()) {
    const simdjson::dom::object object = element.get_object().value_unsafe();
    for (const auto field : object) {
      deepest = std::max(deepest, depth_of(field.value));
    }
    return deepest + 1;
  }
  return 0;
}

// The record's price against the DOM's reading of the same text.
void check_price(simdjson::dom::element number, std::int64_t nanos) {
  double value = 0;
  if (number.get_double().get(value) != simdjson::SUCCESS || std::abs(value) > 9e9) return;
  const double tolerance = 2.0 + std::abs(value) * 1e9 * 4e-16;
  FUZZ_CHECK(std::abs(static_cast<double>(nanos) - value * 1e9) <= tolerance);
}

void check_event(simdjson::dom::element element, const Decoded& event) {
  if (event.item == Item::status) return;
  std::string_view symbol;
  FUZZ_CHECK(element["sym"].get_string().get(symbol) == simdjson::SUCCESS);
  FUZZ_CHECK(event.symbol.view() == symbol);
  simdjson::dom::element price;
  if (event.item == Item::tick && event.tick.kind == shm::Kind::trade &&
      element["p"].get(price) == simdjson::SUCCESS) {
    check_price(price, event.tick.trade.price);
  }
  if (event.item == Item::bar && element["o"].get(price) == simdjson::SUCCESS) {
    check_price(price, event.bar.open);
  }
}

// Every element of a frame that the DOM takes has exactly one outcome, in the frame's order.
void check_valid_frame(simdjson::dom::element root, const Outcome& outcome) {
  std::vector<simdjson::dom::element> elements;
  if (root.is_array()) {
    const simdjson::dom::array array = root.get_array().value_unsafe();
    for (const auto element : array) elements.push_back(element);
  } else if (root.is_object()) {
    elements.push_back(root);
  } else {
    FUZZ_CHECK(outcome.rejected(RejectReason::bad_frame) > 0);
    return;
  }
  std::size_t objects = 0;
  for (const auto element : elements) objects += element.is_object() ? 1 : 0;
  if (objects != elements.size()) return;  // pieces: what is no object may cost more than one
  FUZZ_CHECK(outcome.rejected(RejectReason::bad_frame) == 0);
  FUZZ_CHECK(outcome.rejected(RejectReason::truncated) == 0);
  FUZZ_CHECK(outcome.rejected(RejectReason::bad_json) == 0);
  FUZZ_CHECK(outcome.rejected(RejectReason::bad_encoding) == 0);
  FUZZ_CHECK(outcome.events.size() + outcome.counts.events_unknown +
                 outcome.counts.rejects_total() ==
             elements.size());
  std::size_t next = 0;
  for (const Decoded& event : outcome.events) {
    if (outcome.counts.rejects_total() == 0 && outcome.counts.events_unknown == 0) {
      check_event(elements[next], event);
    }
    ++next;
  }
}

void check(Market market, const std::string& padded, std::size_t size) {
  const Outcome outcome = run(market, padded, size);
  static simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::error_code error = parser.parse(padded.data(), size, false).get(root);
  if (error == simdjson::SUCCESS) {
    if (depth_of(root) < 30) check_valid_frame(root, outcome);
  } else if (error != simdjson::NUMBER_ERROR && error != simdjson::DEPTH_ERROR) {
    // NUMBER_ERROR: also numbers that are JSON but fit no 64 bits, which we do read.
    FUZZ_CHECK(outcome.counts.rejects_total() > 0);
  }
  for (const Decoded& event : outcome.events) {
    if (event.item == Item::status) continue;
    FUZZ_CHECK(event.symbol.length > 0 && event.symbol.length <= shm::symbol_bytes_max);
  }
}

}  // namespace
}  // namespace ringside::feed

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringside::feed;
  if (size > (1 << 16)) return 0;
  std::string padded(size, '\0');
  if (size != 0) std::memcpy(padded.data(), data, size);
  padded.resize(size + massive::frame_padding_bytes, size % 2 == 0 ? ' ' : ']');
  check(Market::stocks, padded, size);
  check(Market::options, padded, size);
  return 0;
}
