#include "partitions/loaders/text.h"

#include <tbb/parallel_for.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "partitions/loaders/input.h"
#include "partitions/loaders/overlap.h"
#include "partitions/loaders/text_fields.h"
#include "partitions/loaders/text_layout.h"
#include "partitions/loaders/text_parser.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr size_t bytes_per_run = size_t{256} << 10;

/// Reads, cuts and parses; each piece of the file in a slot of its own.
class text_reader {
 public:
  text_reader(const text_options& options, text_rows rows) : options_{options}, rows_{rows}, lines_{options.path} {}

  struct slot {
    std::vector<char> buffer;
    std::vector<std::string_view> runs;
    std::vector<int64_t> first_lines;
    std::vector<text_parser> parsers;
    text_report before;  // of lines that came before the first row
    uint64_t bytes_done = 0;
  };

  /// The next piece, parsed; false at the end.
  bool fill(slot& s) {
    auto piece = lines_.next(s.buffer);
    if (piece.empty()) {
      if (!layout_) throw failure{errc::value, options_.path + ": empty file"};
      return false;
    }
    s.bytes_done = lines_.file().bytes_read();
    bool first = !layout_;
    auto* begin = first ? find_layout(piece) : piece.begin;
    cut(s, begin, piece.end);
    s.before = std::exchange(before_layout_, {});
    if (!layout_) return true;
    parse(s);
    while (settle(s, first)) parse(s);
    return true;
  }

  uint64_t bytes_total() const { return lines_.file().bytes_total(); }  // safe beside fill()

 private:
  std::string where(int64_t line) const { return options_.path + ":" + std::to_string(line); }

  /// Sets the layout from the first line that counts, and returns where the rows begin.
  const char* find_layout(const text_piece& piece) {
    auto bad = text_parser::bad_text({piece.begin, size_t(piece.end - piece.begin)}, next_line_);
    if (bad && !options_.skip_bad_lines) throw failure{errc::value, where(bad->line) + ": " + bad->what};
    for (auto* p = piece.begin; p != piece.end; ++next_line_) {
      auto* end = std::find(p, piece.end, '\n');
      std::string_view line{p, size_t(end - p)};
      if (line.size() > longest_line) throw failure{errc::value, where(next_line_) + ": line over 1 MiB"};
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (next_line_ > options_.skip_lines && !is_skipped(line, options_) && takes_as_first(line)) {
        if (!options_.header) return p;
        ++next_line_;
        return end + 1;
      }
      p = end + 1;
    }
    return piece.end;
  }

  /// Sets the layout from a line. False when it is bad and bad lines are skipped; a bad header is an error all the same.
  bool takes_as_first(std::string_view line) {
    bool may_skip = options_.skip_bad_lines && !options_.header;
    if (may_skip && valid_text_prefix(line) != line.size()) {
      before_layout_.skip({next_line_, "not a text file"});
      return false;
    }
    try {
      layout_ = make_layout(options_, rows_, line, {});
    } catch (const failure& f) {
      std::string what{std::string_view{f.what()}.substr(2)};  // after the place, which is empty
      if (!may_skip) throw failure{f.code(), where(next_line_) + ": " + what};
      before_layout_.skip({next_line_, what});
    }
    return layout_.has_value();
  }

  void cut(slot& s, const char* p, const char* end) {
    s.runs.clear();
    s.first_lines.clear();
    while (p != end) {
      auto* stop = size_t(end - p) <= bytes_per_run ? end : std::find(p + bytes_per_run, end, '\n') + 1;
      s.runs.emplace_back(p, size_t(stop - p));
      s.first_lines.push_back(next_line_);
      next_line_ += std::count(p, stop, '\n');
      p = stop;
    }
    if (s.parsers.size() < s.runs.size()) s.parsers.resize(s.runs.size());
  }

  void parse(slot& s) const {
    tbb::parallel_for(size_t{0}, s.runs.size(), [&](size_t i) { s.parsers[i].parse(*layout_, s.runs[i], s.first_lines[i]); });
  }

  /// Throws what is wrong with the file or with the guesses. True when the first piece's types are known better now and it must be parsed
  /// again.
  bool settle(const slot& s, bool first) {
    bool ids_are_text = false, wider = false;
    auto columns = layout_->columns;
    for (size_t i = 0; i < s.runs.size(); ++i) {
      auto& p = s.parsers[i];
      if (p.error()) throw failure{errc::value, where(p.error()->line) + ": " + p.error()->what};
      ids_are_text |= p.ids_are_text();
      for (size_t c = 0; c < columns.size(); ++c) wider |= widen(columns[c], p.needed_types()[c]);
    }
    if (ids_are_text) throw keys_are_text{};
    if (!wider) return false;
    if (!first) throw columns_changed{attribute_types(columns)};
    layout_->columns = std::move(columns);
    return true;
  }

  static bool widen(text_column& c, column_type needed) {
    if (c.is_id || !c.guessed || needed == c.type || c.type == column_type::utf8) return false;
    if (needed == column_type::int64) return false;
    c.type = needed;
    return true;
  }

  static std::vector<column_type> attribute_types(const std::vector<text_column>& columns) {
    std::vector<column_type> types;
    for (auto& c : columns)
      if (!c.is_id) types.push_back(c.type);
    return types;
  }

  const text_options options_;
  const text_rows rows_;
  line_reader lines_;
  std::optional<text_layout> layout_;
  int64_t next_line_ = 1;
  text_report before_layout_;
};

void read_text(text_options options, text_rows rows, const std::function<void(const column_batch&)>& to,
               const std::function<void(uint64_t, uint64_t)>& progress, text_report* report) {
  if (options.delimiter == ' ') options.delimiter = 0;
  text_reader reader{options, rows};
  text_report found;
  overlap<text_reader::slot>([&](auto& slot) { return reader.fill(slot); },
                             [&](const auto& slot) {
                               found.add(slot.before);
                               for (size_t i = 0; i < slot.runs.size(); ++i) {
                                 for (auto& batch : slot.parsers[i].batches()) to(batch);
                                 found.add(slot.parsers[i].report());
                               }
                               if (progress) progress(slot.bytes_done, std::max(slot.bytes_done, reader.bytes_total()));
                             });
  if (report) *report = std::move(found);
}

}  // namespace

void read_edge_text(const text_options& options, const batch_sink& sink, const std::function<void(uint64_t, uint64_t)>& progress,
                    text_report* report) {
  read_text(options, text_rows::edges, sink.edges, progress, report);
}

void read_node_text(const text_options& options, const batch_sink& sink, const std::function<void(uint64_t, uint64_t)>& progress,
                    text_report* report) {
  read_text(options, text_rows::nodes, sink.nodes, progress, report);
}

column_batch negated_mirror(column_batch edges) {
  for (auto& c : edges.columns) {
    if (c.name == "source" || c.name == "target") {
      c.name = c.name == "source" ? "target" : "source";
    } else if (c.name != "_seq" && c.type == column_type::int64) {
      for (int64_t i = 0; i < c.length; ++i) {
        auto x = c.int64(i);
        if (__builtin_sub_overflow(int64_t{0}, x, &x)) throw failure{errc::value, c.name + ": the negative of a number is beyond int64"};
        std::memcpy(c.values.data() + i * 8, &x, 8);
      }
    } else if (c.type == column_type::float64) {
      for (int64_t i = 0; i < c.length; ++i) c.values[size_t(i) * 8 + 7] ^= 0x80;  // little endian, as every page is
    }
  }
  return edges;
}

void read_with_guesses(text_options options, const std::function<void(const text_options&)>& attempt) {
  for (;;) {
    try {
      return attempt(options);
    } catch (const keys_are_text&) {
      options.keys = key_type::utf8;
    } catch (const columns_changed& c) {
      options.types = c.types;
      options.types_may_widen = true;
    }
  }
}

text_options ldbc_nodes(std::string path) {
  text_options o;
  o.path = std::move(path);
  o.comment = 0;
  o.types = {column_type::float64};
  o.keys = key_type::int64;
  return o;
}

text_options ldbc_edges(std::string path) { return ldbc_nodes(std::move(path)); }

}  // namespace gli
