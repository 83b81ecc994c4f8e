#include "partitions/loaders/text_head.h"

#include <algorithm>

#include "partitions/loaders/text_fields.h"
#include "runtime/error.h"

namespace gli {

const char* text_head::find(const text_piece& lines) {
  for (auto* p = lines.begin; p != lines.end; ++next_line_) {
    auto* end = std::find(p, lines.end, '\n');
    std::string_view line{p, size_t(end - p)};
    bool is_text = valid_text_prefix(line) == line.size();
    if (!is_text && !options_.skip_bad_lines) throw failure{errc::value, where() + ": not a text file"};
    if (line.size() > longest_line) throw failure{errc::value, where() + ": line over 1 MiB"};
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (next_line_ > options_.skip_lines && !is_skipped(line, options_) && takes(line)) {
      if (!options_.header) return p;
      ++next_line_;
      return end + 1;
    }
    p = end + 1;
  }
  return lines.end;
}

/// Sets the layout from a line. False when it is bad and passed over.
bool text_head::takes(std::string_view line) {
  bool may_skip = options_.skip_bad_lines && !options_.header;
  if (may_skip && valid_text_prefix(line) != line.size()) {
    passed_over_.skip({next_line_, "not a text file"});
    return false;
  }
  try {
    layout_ = make_layout(options_, rows_, line, {});
  } catch (const failure& f) {
    std::string what{std::string_view{f.what()}.substr(2)};  // after the place, which is empty
    if (!may_skip) throw failure{f.code(), where() + ": " + what};
    passed_over_.skip({next_line_, what});
  }
  return layout_.has_value();
}

}  // namespace gli
