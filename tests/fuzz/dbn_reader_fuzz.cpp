// Any bytes as a DBN file: the head and every record are taken or refused, within them and to an
// end. A record that is taken is at least a header long, or the loop would never end.
#include <cstddef>
#include <cstdint>
#include <span>

#include "dbn_metadata.hpp"
#include "dbn_reader.hpp"
#include "ringside/base/assert.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ringside::recorder::dbn;
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto prelude = decode_prelude(bytes);
  if (!prelude) return 0;
  if (bytes.size() - prelude_bytes < prelude->metadata_bytes) return 0;
  const auto metadata =
      decode_metadata(*prelude, bytes.subspan(prelude_bytes, prelude->metadata_bytes));
  if (!metadata) return 0;
  if (metadata->version == version_written) {
    // What we understood can be written again.
    RINGSIDE_ASSERT(!encode_metadata(*metadata) ||
                    encode_metadata(*metadata)->size() % sizeof(std::uint64_t) == 0);
  }
  auto rest = bytes.subspan(prelude_bytes + prelude->metadata_bytes);
  RecordView view;
  std::size_t consumed = 0;
  while (take_record(rest, metadata->version, metadata->ts_out, view, consumed) ==
         NextRecord::record) {
    RINGSIDE_ASSERT(consumed >= sizeof(RecordHeader) && consumed <= rest.size());
    RINGSIDE_ASSERT(view.bytes.size() >= record_bytes(view.header.rtype, metadata->version));
    rest = rest.subspan(consumed);
  }
  return 0;
}
