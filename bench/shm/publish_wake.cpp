// The part of publish_bench that needs the kernel: attaching to a control server in another
// process, and waking a reader that sleeps, in turns with a bare futex of the same two processes.
#include <linux/futex.h>
#include <sys/syscall.h>

#include "../../tests/support/temp_dir.hpp"
#include "publish_parts.hpp"
#include "ringside/shm/control_server.hpp"
#include "ringside/shm/feed_client.hpp"

namespace ringside::bench {
namespace {

struct WakeShare {
  Meeting meeting;
  alignas(128) std::atomic<std::uint32_t> futex{0};
  LineWord about_to_sleep;  // which wake-up the reader waits for, plus 1
  LineWord sent_ticks;
  LineWord latency_ticks;
  LineWord answered;  // wake-ups so far
};

void futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t before) {
  constexpr timespec timeout{1, 0};
  (void)::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAIT, before, &timeout,
                  nullptr, 0);
}

void futex_wake(std::atomic<std::uint32_t>& word) {
  (void)::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), FUTEX_WAKE, 1, nullptr,
                  nullptr, 0);
}

// Sleeps `count` times on the bare futex; the writer looks at its clock before it stores.
void sleep_on_futex(WakeShare& share, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    // acquire: pairs with the release of the writer, who stored sent_ticks before.
    const std::uint32_t before = share.futex.load(std::memory_order_acquire);
    share.about_to_sleep.set(share.answered.get() + 1);
    while (share.futex.load(std::memory_order_acquire) == before) {
      futex_wait(share.futex, before);
    }
    share.latency_ticks.set(tsc_end() - share.sent_ticks.get());
    share.answered.set(share.answered.get() + 1);
  }
}

void sleep_on_doorbell(WakeShare& share, const shm::SegmentView& view, shm::DoorbellReader& bell,
                       shm::TickRingReader& reader, std::uint64_t count) {
  shm::TickRecord record;
  for (std::uint64_t i = 0; i < count; ++i) {
    share.about_to_sleep.set(share.answered.get() + 1);
    while (reader.poll(record) != shm::ReadStatus::ok) {
      bell.sleep(view.wake_word(), 1'000'000'000, [&] { return reader.has_news(); });
    }
    share.latency_ticks.set(tsc_end() - record.ts_event);
    share.answered.set(share.answered.get() + 1);
  }
}

// Wakes the sleeper `count` times, each time after it has had time to fall asleep.
template <class Send>
void wake(WakeShare& share, std::vector<std::uint64_t>& ticks, const Tsc& tsc, std::uint64_t count,
          Send&& send) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t turn = share.answered.get() + 1;
    share.about_to_sleep.wait_for(turn);
    const std::uint64_t asleep = tsc_begin() + tsc.ticks(60'000);
    while (tsc_begin() < asleep) _mm_pause();
    send();
    share.answered.wait_for(turn);
    ticks.push_back(share.latency_ticks.get());
  }
}

}  // namespace

void bench_wake(const Options& options, const Tsc& tsc) {
  const Watchdog watchdog;
  const std::uint64_t count = options.is_small ? 20 : 2000;
  auto segment = make_segment({.tape_slots = 1024});
  const Shared<WakeShare> share;
  Peer peer(options.reader_cpu, [&] {
    const Watchdog own_watchdog;
    const shm::SegmentView view = map_segment(*segment);
    shm::DoorbellReader bell;
    RINGSIDE_ASSERT(bell.open(segment->doorbell_fd(), 0).ok());
    shm::TickRingReader reader(view.tick_ring(0), shm::StartAt::oldest);
    for (int round = 0; round <= options.rounds; ++round) {
      share->meeting.arrive(1);
      sleep_on_futex(*share, count);
      share->meeting.arrive(1);
      sleep_on_doorbell(*share, view, bell, reader, count);
    }
  });
  PercentileRounds bare, ours;
  Rounds ratio;
  shm::TickRecord record = test::numbered_trade(1);
  for (int round = 0; round <= options.rounds; ++round) {
    std::vector<std::uint64_t> bare_ticks, our_ticks;
    share->meeting.arrive(0);
    wake(*share, bare_ticks, tsc, count, [&] {
      share->sent_ticks.set(tsc_begin());
      // relaxed: the only writer's own word; release: sent_ticks comes first.
      const std::uint32_t next = share->futex.load(std::memory_order_relaxed) + 1;
      share->futex.store(next, std::memory_order_release);
      futex_wake(share->futex);
    });
    share->meeting.arrive(0);
    wake(*share, our_ticks, tsc, count, [&] {
      record.ts_event = tsc_begin();
      segment->publish(record);
      segment->ring_doorbell();
    });
    const Percentiles of_bare = percentiles_of(bare_ticks, tsc);
    const Percentiles of_ours = percentiles_of(our_ticks, tsc);
    if (round == 0) continue;  // warming up
    bare.add(of_bare);
    ours.add(of_ours);
    ratio.add(of_ours.p50 / of_bare.p50);
  }
  peer.join();
  Table table("a sleeping reader woken, from the write to the reader's return; ns",
              {"how", "p50", "p99", "p99.9", "max", "to the bare futex"});
  const auto row = [&](const char* name, const PercentileRounds& of, const std::string& times) {
    table.row(
        {name, of.p50.text(0), of.p99.text(0), of.p999.short_text(0), of.max.short_text(0), times});
  };
  row("bare futex", bare, "1");
  row("publish() and ring_doorbell()", ours, ratio.text(2));
  table.print();
}

void bench_attach(const Options& options, const Tsc& tsc) {
  const Watchdog watchdog;
  const int count = options.is_small ? 5 : 200;
  const test::TempDir folder;
  const std::string path = folder.file("bench.sock");
  struct Share {
    Meeting meeting;
  };
  const Shared<Share> share;
  Table table("FeedClient::attach to a control server in another process; us",
              {"segment", "p50", "p99", "max"});
  for (const std::uint32_t symbols : {100U, options.is_small ? 200U : 12'000U}) {
    // The peer's control thread answers while its first thread waits without spinning.
    Peer peer(options.reader_cpu, [&] {
      const Watchdog own_watchdog;
      auto segment = make_segment({.symbols = symbols});
      auto server = shm::ControlServer::start(
          *segment, {.path = path},
          {.want = [](std::string_view, std::uint32_t) { return shm::SymbolAnswer{}; },
           .unwant = [](std::string_view, std::uint32_t) {},
           .idle = {}});
      RINGSIDE_ASSERT(server.ok());
      share->meeting.arrive(0);
      ::pause();
    });
    share->meeting.arrive(1);
    std::vector<std::uint64_t> ticks;
    std::uint64_t slots = 0;
    PercentileRounds rounds;
    for (int round = 0; round < options.rounds; ++round) {
      ticks.clear();
      for (int i = 0; i < count; ++i) {
        const std::uint64_t begin = tsc_end();
        shm::FeedClient client({.path = path, .name = "bench"});
        RINGSIDE_ASSERT(client.attach().ok());
        ticks.push_back(tsc_end() - begin);
        slots += client.segment()->facts().symbol_capacity;
      }
      RINGSIDE_ASSERT(slots == std::uint64_t{symbols} * count * (round + 1));
      rounds.add(percentiles_of(ticks, tsc));
    }
    const auto us = [](const Rounds& ns) { return number(ns.median() / 1e3); };
    table.row(
        {std::to_string(symbols) + " symbols", us(rounds.p50), us(rounds.p99), us(rounds.max)});
  }
  table.print();
}

}  // namespace ringside::bench
