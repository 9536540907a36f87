// What the reference decoder costs: ns per event and GB/s over frames of 1, 16 and 256 events in
// the vendor's live key order, trades and quotes and bars mixed. Prints a hash of the records.
#include <cstdio>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "harness.hpp"
#include "ringside/base/clock.hpp"
#include "vendor/massive/decode.hpp"

namespace {

using ringside::monotonic_ns;
using ringside::feed::Decoded;
using ringside::feed::massive::Decoder;

// A price between 1 and 1000 dollars with two to four decimals, without trailing zeros.
std::string price(std::mt19937_64& random) {
  std::string text = std::to_string(1 + random() % 1000) + "." + std::to_string(1 + random() % 99);
  if (random() % 10 == 0) text += std::to_string(1 + random() % 9);
  return text;
}

std::string event(std::mt19937_64& random) {
  const std::string symbol = "S" + std::to_string(random() % 4000);
  const std::string time = std::to_string(1'767'366'000'000 + random() % 23'400'000);
  const std::string sequence = std::to_string(random() % 9'000'000);
  const std::uint64_t kind = random() % 100;
  if (kind < 30) {
    return R"({"ev":"T","sym":")" + symbol + R"(","i":")" + std::to_string(random() % 90'000'000) +
           R"(","x":)" + std::to_string(1 + random() % 21) + R"(,"p":)" + price(random) +
           R"(,"s":)" + std::to_string(1 + random() % 500) +
           (random() % 4 != 0 ? R"(,"c":[14,37])" : "") + R"(,"t":)" + time + R"(,"pt":)" + time +
           R"(,"q":)" + sequence + R"(,"z":3,"ds":")" + std::to_string(1 + random() % 500) +
           ".0\"}";
  }
  if (kind < 85) {
    return R"({"ev":"Q","sym":")" + symbol + R"(","i":[604],"bx":19,"ax":12,"bp":)" +
           price(random) + R"(,"ap":)" + price(random) + R"(,"bs":)" +
           std::to_string(100 * (1 + random() % 40)) + R"(,"as":)" +
           std::to_string(100 * (1 + random() % 40)) + R"(,"t":)" + time + R"(,"pt":)" + time +
           R"(,"q":)" + sequence + R"(,"z":3})";
  }
  return R"({"ev":"A","sym":")" + symbol + R"(","v":1250,"av":90210,"op":)" + price(random) +
         R"(,"vw":10.0123,"o":)" + price(random) + R"(,"c":)" + price(random) + R"(,"h":)" +
         price(random) + R"(,"l":)" + price(random) + R"(,"a":10.0088,"z":41,"s":)" + time +
         R"(,"e":)" + time + R"(,"dv":"1250.5","dav":"90210.75"})";
}

struct Input {
  std::vector<std::string> frames;  // each with its padding
  std::size_t bytes = 0;
};

Input make_input(std::size_t events, std::size_t per_frame) {
  std::mt19937_64 random(17);
  Input input;
  for (std::size_t at = 0; at < events; at += per_frame) {
    std::string frame = "[";
    for (std::size_t i = 0; i < per_frame; ++i) frame += (i == 0 ? "" : ",") + event(random);
    frame += "]";
    input.bytes += frame.size();
    frame.append(ringside::feed::massive::frame_padding_bytes, ' ');
    input.frames.push_back(std::move(frame));
  }
  return input;
}

std::uint64_t hash_of(const Decoded& event, std::uint64_t hash) {
  std::uint64_t words[8];
  std::memcpy(words, &event.tick, sizeof words);
  for (const std::uint64_t word : words) hash = (hash ^ word) * 1'099'511'628'211U;
  return hash;
}

void run(Decoder& decoder, std::size_t events, std::size_t per_frame, int rounds) {
  const Input input = make_input(events, per_frame);
  const std::size_t count = input.frames.size() * per_frame;
  std::vector<Decoded> out(16);
  std::vector<double> ns_per_event;
  std::uint64_t hash = 14'695'981'039'346'656'037U;
  std::size_t decoded = 0;
  for (int round = 0; round <= rounds; ++round) {
    const bool is_check = round == 0;  // hashes, and warms the caches
    const std::uint64_t begin = monotonic_ns();
    for (const std::string& frame : input.frames) {
      const std::size_t size = frame.size() - ringside::feed::massive::frame_padding_bytes;
      decoder.begin(std::as_bytes(std::span(frame.data(), size)), 1);
      while (const std::size_t n = decoder.read(out)) {
        if (!is_check) continue;
        decoded += n;
        for (std::size_t i = 0; i < n; ++i) hash = hash_of(out[i], hash);
      }
    }
    const auto passed = static_cast<double>(monotonic_ns() - begin);
    if (!is_check) ns_per_event.push_back(passed / static_cast<double>(count));
  }
  std::sort(ns_per_event.begin(), ns_per_event.end());
  const double median = ns_per_event[ns_per_event.size() / 2];
  std::printf(
      "%4zu events a frame: %6.1f ns an event (%.1f .. %.1f), %.2f GB/s, %zu records, hash "
      "%016llx\n",
      per_frame, median, ns_per_event.front(), ns_per_event.back(),
      static_cast<double>(input.bytes) / static_cast<double>(count) / median, decoded,
      static_cast<unsigned long long>(hash));
}

}  // namespace

int main(int argc, char** argv) {
  const bool is_small = ringside::bench::is_small(argc, argv);
  ringside::bench::print_place("decode_bench: JSON frames to records, simdjson On-Demand");
  (void)ringside::bench::pin_to(0);
  ringside::Result<Decoder> decoder = Decoder::make({});
  if (!decoder) return 1;
  const std::size_t events = is_small ? 2'560 : 65'536;
  for (const std::size_t per_frame : {1U, 16U, 256U}) {
    run(*decoder, events, per_frame, is_small ? 3 : 25);
  }
  return decoder->counts().rejects_total() == 0 ? 0 : 1;
}
