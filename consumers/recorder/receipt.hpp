// Owns the text of a receipt: what became of every record of one epoch of one feed. Off the path.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orders.hpp"

namespace ringside::recorder {

/// One file of the receipt.
struct ReceiptFile {
  std::string path;
  std::string schema;
  std::uint64_t sequence_first = 0;
  CloseOrder facts;
};

/// JSON, one object, ended by a line end. docs/recorder.md says what each number is.
[[nodiscard]] std::string receipt_text(std::string_view feed, std::string_view dataset,
                                       const ReceiptOrder& receipt,
                                       const std::vector<ReceiptFile>& files);

}  // namespace ringside::recorder
