// Owns main() of a fuzz target outside a fuzzing build: replays each corpus file, whole, cut short
// and with bytes changed, so that every build runs the target. One thread; deterministic.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr int mutations_per_file = 300;

void replay(std::vector<std::uint8_t> bytes) {
  (void)LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  std::mt19937_64 random(bytes.size());
  for (int i = 0; i < mutations_per_file && !bytes.empty(); ++i) {
    std::vector<std::uint8_t> changed = bytes;
    for (std::uint64_t n = 1 + random() % 3; n > 0; --n) {
      changed[random() % changed.size()] = static_cast<std::uint8_t>(random());
    }
    if (i % 3 == 0) changed.resize(random() % changed.size());
    (void)LLVMFuzzerTestOneInput(changed.data(), changed.size());
  }
}

}  // namespace

int main(int argc, char** argv) {
  int files = 0;
  (void)LLVMFuzzerTestOneInput(nullptr, 0);
  for (int i = 1; i < argc; ++i) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i])) {
      if (!entry.is_regular_file()) continue;
      std::ifstream file(entry.path(), std::ios::binary);
      replay({std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()});
      ++files;
    }
  }
  std::printf("%d corpus files replayed\n", files);
  return argc > 1 && files == 0 ? 1 : 0;
}
