// Owns the tapes: everything a segment publishes, in publish order over all symbols. A tape is a
// ring of whole records (docs/decisions/0002): a reader of everything follows one stream and its
// losses are one number. Ticks and bars have a tape each.
#pragma once

#include "ringside/shm/ring.hpp"

namespace ringside::shm {

using TickTapeWriter = RingWriter<TickRecord>;
using BarTapeWriter = RingWriter<BarRecord>;
using TapeReader = RingReader<TickRecord>;
using BarTapeReader = RingReader<BarRecord>;

}  // namespace ringside::shm
