// A user's program in C++: a ring of its own, and what attaching to nobody answers.
#include <cstdio>
#include <vector>

#include <ringside/shm/feed_client.hpp>

using namespace ringside::shm;

int main() {
  std::vector<Slot<TickRecord>> slots(16);
  TickRingWriter writer(slots.data(), 16);
  TickRingReader reader(RingView<TickRecord>{slots.data(), 16});
  TickRecord record{};
  record.trade.price = price_one;
  writer.publish(record);
  if (reader.poll(record) != ReadStatus::ok || record.trade.price != price_one) return 1;
  FeedClient feed({.path = "nobody.sock"});
  const auto status = feed.attach();
  const int code = status ? 0 : ringside::exit_code(status.error().code);
  std::printf("cpp layout %u attach %d\n", layout_version, code);
  return 0;
}
