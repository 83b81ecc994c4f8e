#include "partitions/loaders/text_reader.h"

#include "runtime/error.h"

namespace gli {

text_reader::text_reader(const text_options& options, text_rows rows) : options_{options}, lines_{options.path, longest_line, options.name}, head_{options_, rows} {}

bool text_reader::fill(slot& s) {
  auto piece = lines_.next(s.buffer);
  auto& layout = head_.layout();
  if (piece.empty()) {
    if (!layout) throw failure{errc::value, shown_name(options_) + ": empty file"};
    return false;
  }
  s.bytes_done = lines_.file().bytes_read();
  s.before = {};
  bool first = !layout;
  auto* begin = first ? head_.find(piece) : piece.begin;
  if (first) next_line_ = head_.next_line();
  if (!layout) return true;
  if (first) s.before = head_.passed_over();
  s.runs.parse(*layout, begin, piece.end, next_line_);
  next_line_ += s.runs.lines();
  while (settle(s, first)) s.runs.parse_again(*layout);
  return true;
}

/// Throws what is wrong with the file or with the guesses. True when the first piece's types are known better now and it must be parsed
/// again.
bool text_reader::settle(const slot& s, bool first) {
  if (auto bad = s.runs.error()) throw failure{errc::value, shown_name(options_) + ":" + std::to_string(bad->line) + ": " + bad->what};
  if (s.runs.ids_are_text()) throw keys_are_text{};
  auto columns = head_.layout()->columns;
  if (!s.runs.widen(columns)) return false;
  if (!first) throw columns_changed{attribute_types(columns)};
  head_.layout()->columns = std::move(columns);
  return true;
}

}  // namespace gli
