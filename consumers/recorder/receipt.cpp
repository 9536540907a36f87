#include "receipt.hpp"

#include "ringside/base/json_writer.hpp"

namespace ringside::recorder {
namespace {

void put_tape(JsonWriter& json, std::string_view name, const TapeReceipt& tape) {
  json.key(name).begin_object();
  json.member("start", tape.start).member("published", tape.published);
  json.member("received", tape.received).member("lost", tape.lost);
  json.member("unread", tape.unread);
  json.member("written", tape.written).member("dropped", tape.dropped);
  json.member("disk", tape.disk).member("ignored", tape.ignored);
  json.member("marks", tape.marks).member("already_recorded", tape.already_recorded);
  json.end_object();
}

void put_file(JsonWriter& json, const ReceiptFile& file) {
  json.begin_object();
  json.member("path", file.path).member("schema", file.schema);
  json.member("records", file.facts.records).member("bytes", file.facts.bytes);
  json.member("records_lost", file.facts.records_lost);
  json.member("ts_first", file.facts.ts_first).member("ts_last", file.facts.ts_last);
  json.member("sequence_first", file.sequence_first);
  json.member("sequence_last", file.facts.sequence_last);
  json.end_object();
}

}  // namespace

std::string receipt_text(std::string_view feed, std::string_view dataset,
                         const ReceiptOrder& receipt, const std::vector<ReceiptFile>& files) {
  JsonWriter json;
  json.begin_object();
  json.member("feed", feed).member("dataset", dataset).member("epoch", receipt.epoch);
  json.member("reason", to_string(receipt.reason));
  json.member("ts_begin", receipt.ts_begin).member("ts_end", receipt.ts_end);
  put_tape(json, "ticks", receipt.ticks);
  put_tape(json, "bars", receipt.bars);
  json.member("bytes_written", receipt.bytes_written);
  json.member("size_cut", receipt.size_cut).member("size_clipped", receipt.size_clipped);
  json.member("publisher_unknown", receipt.publisher_unknown);
  json.member("delta_clipped", receipt.delta_clipped).member("ts_clamped", receipt.ts_clamped);
  json.member("bars_out_of_order", receipt.bars_out_of_order);
  json.member("unmapped", receipt.unmapped).member("catalog_dropped", receipt.catalog_dropped);
  json.key("files").begin_array();
  for (const ReceiptFile& file : files) put_file(json, file);
  json.end_array().end_object();
  return json.take() + "\n";
}

}  // namespace ringside::recorder
