// Mapped memory (segment.hpp).
#include <sys/mman.h>

#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <utility>

#include "ringside/shm/segment.hpp"

namespace ringside::shm {

namespace ipc = boost::interprocess;

namespace {

// What mapped_region wants to know of a descriptor.
class MappableFd {
 public:
  MappableFd(int fd, ipc::mode_t mode) : fd_(fd), mode_(mode) {}
  [[nodiscard]] ipc::mapping_handle_t get_mapping_handle() const {
    return ipc::ipcdetail::mapping_handle_from_file_handle(fd_);
  }
  [[nodiscard]] ipc::mode_t get_mode() const { return mode_; }

 private:
  int fd_;
  ipc::mode_t mode_;
};

// An address at a huge page's border with room for `bytes`, free a moment ago; nullptr: none found.
// Only there can the kernel use one translation entry for a whole huge page.
void* free_aligned_place(std::uint64_t bytes) noexcept {
  const std::uint64_t room = bytes + huge_page_bytes;
  void* const memory =
      ::mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  const auto address = reinterpret_cast<std::uintptr_t>(memory);
  ::munmap(memory, room);
  return reinterpret_cast<void*>((address + huge_page_bytes - 1) & ~(huge_page_bytes - 1));
}

ipc::mapped_region map_region(int fd, ipc::mode_t mode, std::uint64_t bytes) {
  if (bytes >= huge_page_bytes) {
    if (void* const place = free_aligned_place(bytes); place != nullptr) {
      try {
        return ipc::mapped_region(MappableFd(fd, mode), mode, 0, bytes, place);
      } catch (const ipc::interprocess_exception&) {
        // Another thread took the place meanwhile: anywhere is as right, only slower.
      }
    }
  }
  return ipc::mapped_region(MappableFd(fd, mode), mode, 0, bytes);
}

}  // namespace

struct Mapping::State {
  ipc::mapped_region region;
};

Mapping::Mapping() noexcept = default;
Mapping::Mapping(Mapping&&) noexcept = default;
Mapping& Mapping::operator=(Mapping&&) noexcept = default;
Mapping::~Mapping() = default;

Result<Mapping> Mapping::map(int fd, std::uint64_t bytes, bool is_writable) {
  const ipc::mode_t mode = is_writable ? ipc::read_write : ipc::read_only;
  Mapping mapping;
  mapping.state_ = std::make_unique<State>();
  try {  // the one file where Boost may throw
    ipc::mapped_region region = map_region(fd, mode, bytes);
    mapping.state_->region.swap(region);
  } catch (const ipc::interprocess_exception& error) {
    return Error{ErrorCode::memory, error.get_native_error(),
                 "cannot map " + std::to_string(bytes) + " bytes of shared memory"};
  }
  return mapping;
}

char* Mapping::data() const noexcept {
  return state_ == nullptr ? nullptr : static_cast<char*>(state_->region.get_address());
}

std::uint64_t Mapping::bytes() const noexcept {
  return state_ == nullptr ? 0 : state_->region.get_size();
}

}  // namespace ringside::shm
