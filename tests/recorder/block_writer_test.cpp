// The block writer over real files: what is committed is a prefix on disk, what fails is counted,
// and no buffer is ever lost.
#include "block_writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <random>

#include "../support/seed.hpp"
#include "../support/temp_dir.hpp"
#include "ringside/base/unique_fd.hpp"

namespace ringside::recorder {
namespace {

using ringside::test::TempDir;

constexpr std::uint64_t wait_ns = 1'000'000'000;
constexpr int waits_max = 60;

std::unique_ptr<BlockWriter> make_writer(std::size_t count, std::size_t bytes) {
  auto writer = BlockWriter::create({.buffer_count = count, .buffer_bytes = bytes});
  EXPECT_TRUE(writer.ok()) << writer.error().message();
  return std::move(*writer);
}

int new_file(const TempDir& dir, const char* name) {
  const int fd = ::open(dir.file(name).c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  EXPECT_GE(fd, 0);
  return fd;
}

bool put(BlockWriter& writer, std::uint8_t slot, std::string_view text) {
  std::byte* const at = writer.reserve(slot, text.size());
  if (at == nullptr) return false;
  std::memcpy(at, text.data(), text.size());
  writer.commit(slot, text.size(), 1);
  return true;
}

FileDone wait_done(BlockWriter& writer) {
  FileDone done;
  for (int i = 0; !writer.take_done(done); ++i) {
    EXPECT_LT(i, waits_max) << "a file does not come to its end";
    if (i >= waits_max) break;
    writer.poll_wait(wait_ns);
  }
  return done;
}

TEST(BlockWriter, writes_what_is_committed_in_order) {
  const TempDir dir;
  auto writer = make_writer(8, 4096);
  const auto slot = writer->begin_file();
  ASSERT_TRUE(slot.has_value());
  const UniqueFd fd(new_file(dir, "a"));
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    const std::string text = "record " + std::to_string(i) + "\n";
    while (!put(*writer, *slot, text)) writer->poll_wait(wait_ns);
    expected += text;
    if (i == 100) writer->open_done(*slot, fd.get());
    if (i % 7 == 0) writer->flush(*slot);
    if (i % 50 == 0) writer->sync(*slot);
    writer->poll();
    ASSERT_TRUE(writer->invariants());
  }
  writer->end_file(*slot);
  const FileDone done = wait_done(*writer);
  EXPECT_EQ(done.fd, fd.get());
  EXPECT_EQ(done.sys_errno, 0);
  EXPECT_EQ(done.bytes, expected.size());
  EXPECT_EQ(done.records_written, 1000U);
  EXPECT_EQ(done.records_lost, 0U);
  EXPECT_EQ(dir.read("a"), expected);
  EXPECT_EQ(writer->buffers_free(), 8U);
}

TEST(BlockWriter, has_no_room_when_every_buffer_waits_for_a_descriptor) {
  auto writer = make_writer(4, 4096);
  const auto slot = writer->begin_file();
  const std::string block(4096, 'x');
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(put(*writer, *slot, block)) << i;
  EXPECT_FALSE(put(*writer, *slot, block));
  writer->poll();
  EXPECT_FALSE(put(*writer, *slot, block));
  writer->open_failed(*slot, ENOSPC);
  EXPECT_TRUE(writer->has_failed(*slot));
  EXPECT_EQ(writer->buffers_free(), 4U);
  writer->end_file(*slot);
  const FileDone done = wait_done(*writer);
  EXPECT_EQ(done.fd, -1);
  EXPECT_EQ(done.sys_errno, ENOSPC);
  EXPECT_EQ(done.records_lost, 4U);
  EXPECT_TRUE(writer->invariants());
}

TEST(BlockWriter, ends_a_file_at_the_first_write_the_disk_refuses) {
  auto writer = make_writer(4, 4096);
  const auto slot = writer->begin_file();
  const UniqueFd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_TRUE(static_cast<bool>(full));
  writer->open_done(*slot, full.get());
  ASSERT_TRUE(put(*writer, *slot, "one"));
  writer->flush(*slot);
  ASSERT_TRUE(put(*writer, *slot, "two"));
  for (int i = 0; !writer->has_failed(*slot) && i < waits_max; ++i) writer->poll_wait(wait_ns);
  EXPECT_FALSE(put(*writer, *slot, "three"));
  writer->end_file(*slot);
  const FileDone done = wait_done(*writer);
  EXPECT_EQ(done.sys_errno, ENOSPC);
  EXPECT_EQ(done.bytes, 0U);
  EXPECT_EQ(done.records_written, 0U);
  EXPECT_EQ(done.records_lost, 2U);
  EXPECT_EQ(writer->write_errors(), 1U);
  EXPECT_EQ(writer->buffers_free(), 4U);
}

TEST(BlockWriter, a_file_without_bytes_still_waits_for_its_descriptor) {
  const TempDir dir;
  auto writer = make_writer(4, 4096);
  const auto slot = writer->begin_file();
  writer->end_file(*slot);
  FileDone done;
  EXPECT_FALSE(writer->take_done(done));
  const UniqueFd fd(new_file(dir, "a"));
  writer->open_done(*slot, fd.get());
  ASSERT_TRUE(writer->take_done(done));
  EXPECT_EQ(done.bytes, 0U);
}

/// Random operations on several files against plain strings.
TEST(BlockWriter, agrees_with_a_model_over_random_operations) {
  auto random = ringside::test::seeded_random();
  const TempDir dir;
  auto writer = make_writer(12, 4096);
  struct Model {
    std::uint8_t slot = 0;
    UniqueFd fd;
    std::string name;
    std::string text;
    bool is_open = false;
  };
  std::vector<Model> live;
  std::vector<Model> ended;
  int files = 0;
  for (int step = 0; step < 5000; ++step) {
    const auto what = random() % 100;
    if (what < 3 && live.size() < 4) {
      const auto slot = writer->begin_file();
      if (!slot) continue;
      Model model;
      model.slot = *slot;
      model.name = "f" + std::to_string(files++);
      live.push_back(std::move(model));
    } else if (!live.empty()) {
      Model& model = live[random() % live.size()];
      if (!model.is_open && what < 20) {
        model.fd = UniqueFd(new_file(dir, model.name.c_str()));
        model.is_open = true;
        writer->open_done(model.slot, model.fd.get());
      } else if (what < 70) {
        const std::string text(1 + random() % 3000, static_cast<char>('a' + random() % 26));
        if (put(*writer, model.slot, text)) model.text += text;
      } else if (what < 75) {
        writer->flush(model.slot);
      } else if (what < 77) {
        writer->sync(model.slot);
      } else if (what < 79 && model.is_open) {
        writer->end_file(model.slot);
        ended.push_back(std::move(model));
        live.erase(live.begin() + (&model - live.data()));
      } else {
        writer->poll();
      }
    }
    ASSERT_TRUE(writer->invariants()) << step;
    FileDone done;
    while (writer->take_done(done)) {
      const auto found = std::find_if(ended.begin(), ended.end(), [&done](const Model& model) {
        return model.fd.get() == done.fd;
      });
      ASSERT_NE(found, ended.end());
      ASSERT_EQ(done.bytes, found->text.size());
      ASSERT_EQ(dir.read(found->name), found->text);
      ended.erase(found);
    }
  }
}

}  // namespace
}  // namespace ringside::recorder
