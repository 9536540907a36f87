#include "ringside/shm/doorbell.hpp"

#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <climits>
#include <ctime>
#include <utility>

namespace ringside::shm {

namespace {

void membarrier(int command) noexcept {
  (void)::syscall(SYS_membarrier, command, 0, 0);
}

DoorbellPage* map_page(int fd) noexcept {
  void* memory = ::mmap(nullptr, doorbell_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<DoorbellPage*>(memory);
}

}  // namespace

DoorbellWriter::~DoorbellWriter() {
  if (page_ != nullptr) ::munmap(page_, doorbell_bytes);
  if (fd_ >= 0) ::close(fd_);
}

Status DoorbellWriter::open() {
  fd_ = ::memfd_create("ringside-doorbell", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (fd_ < 0) return sys_error(ErrorCode::memory, "cannot create the doorbell page");
  if (::posix_fallocate(fd_, 0, doorbell_bytes) != 0) {
    return sys_error(ErrorCode::memory, "cannot allocate the doorbell page");
  }
  if (::fcntl(fd_, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
    return sys_error(ErrorCode::internal, "cannot seal the doorbell page");
  }
  page_ = map_page(fd_);
  if (page_ == nullptr) return sys_error(ErrorCode::memory, "cannot map the doorbell page");
  membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED);
  return {};
}

void DoorbellWriter::wake(std::atomic<std::uint32_t>& wake_word) noexcept {
  // acquire: pairs with the release of announce(); a bit set after this exchange is seen next time.
  (void)page_->sleepers.exchange(0, std::memory_order_acquire);
  // relaxed twice: one writer; the kernel compares the word under its own lock.
  wake_word.store(wake_word.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  (void)::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&wake_word), FUTEX_WAKE, INT_MAX,
                  nullptr, nullptr, 0);
}

void DoorbellWriter::forget(std::uint32_t cell) noexcept {
  // relaxed: clearing a dead reader's bit orders nothing.
  (void)page_->sleepers.fetch_and(~(std::uint64_t{1} << (cell % doorbell_cells)),
                                  std::memory_order_relaxed);
}

DoorbellReader::DoorbellReader(DoorbellReader&& other) noexcept
    : page_(std::exchange(other.page_, nullptr)), bit_(other.bit_) {}

DoorbellReader& DoorbellReader::operator=(DoorbellReader&& other) noexcept {
  if (this != &other) {
    if (page_ != nullptr) ::munmap(page_, doorbell_bytes);
    page_ = std::exchange(other.page_, nullptr);
    bit_ = other.bit_;
  }
  return *this;
}

DoorbellReader::~DoorbellReader() {
  if (page_ != nullptr) ::munmap(page_, doorbell_bytes);
}

Status DoorbellReader::open(int fd, std::uint32_t cell) {
  page_ = map_page(fd);
  if (page_ == nullptr) return sys_error(ErrorCode::memory, "cannot map the doorbell page");
  bit_ = std::uint64_t{1} << (cell % doorbell_cells);
  return {};
}

void DoorbellReader::announce() noexcept {
  // release: pairs with the writer's exchange in wake().
  (void)page_->sleepers.fetch_or(bit_, std::memory_order_release);
  // Makes every running thread of registered processes pass a full barrier: either the writer's
  // next relaxed load sees our bit, or our next look sees what it published before.
  membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED);
}

void DoorbellReader::wait(const std::atomic<std::uint32_t>& wake_word, std::uint32_t before,
                          std::uint64_t timeout_ns) noexcept {
  timespec timeout{};
  timeout.tv_sec = static_cast<time_t>(timeout_ns / 1'000'000'000U);
  timeout.tv_nsec = static_cast<long>(timeout_ns % 1'000'000'000U);
  (void)::syscall(SYS_futex, reinterpret_cast<const std::uint32_t*>(&wake_word), FUTEX_WAIT, before,
                  &timeout, nullptr, 0);
}

}  // namespace ringside::shm
