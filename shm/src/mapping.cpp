// Mapped memory (segment.hpp).
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
  try {  // the one place where Boost may throw
    ipc::mapped_region region(MappableFd(fd, mode), mode, 0, bytes);
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
