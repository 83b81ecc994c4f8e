#include <algorithm>
#include <array>
#include <utility>

#include "partitions/loaders/byte_ranges.h"
#include "partitions/loaders/source_share.h"
#include "partitions/loaders/text_reader.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr uint64_t fewest_bytes = 64 << 10;  // of a piece, where a file is small
constexpr uint64_t head_bytes = 64 << 10;    // looked at at once for where the rows begin

/// Byte ranges in turn, each of as many bytes.
class text_ranges final : public source_share {
 public:
  text_ranges(const text_options& options, text_rows rows, const input_file& file, share_place at)
      : options_{options}, file_{file}, head_{options_, rows}, at_{at} {
    find_rows();
    auto even = (file_.size() - rows_at_ + at.ranks - 1) / at.ranks;
    if (at_.bytes == 0) at_.bytes = std::clamp<uint64_t>(even, fewest_bytes, bytes_per_piece);
    next_line_ = head_.next_line();
  }

  const source_piece& next() override {
    auto& s = slots_[round_ % 2];
    auto first = rows_at_ + (round_++ * at_.ranks + at_.rank) * at_.bytes;
    auto text = file_.lines(first, first + at_.bytes, s.buffer, first == rows_at_).text;
    bool alone = at_.ranks == 1;  // then the number of the first line is known
    s.runs.parse(*head_.layout(), text.begin, text.end, alone ? next_line_ : 1);
    next_line_ += s.runs.lines();
    auto& p = s.piece = {};
    p.places = p.lines = alone ? 0 : uint64_t(s.runs.lines());
    p.last = first - at_.rank * at_.bytes + at_.ranks * at_.bytes >= file_.size();
    p.total = file_.size();
    p.done = std::min(p.total, first + at_.bytes);
    p.bad = s.runs.error();
    if (p.bad) return p;
    p.ids_are_text = s.runs.ids_are_text();
    auto columns = head_.layout()->columns;
    if (s.runs.widen(columns)) p.types = attribute_types(columns);
    s.runs.for_each_batch([&](const column_batch& batch) { p.batches.push_back(&batch); });
    s.runs.add_report(p.report);
    return p;
  }

  int64_t lines_before() const override { return at_.ranks == 1 ? 0 : head_.next_line() - 1; }
  text_report report_before() const override { return head_.passed_over(); }
  uint64_t size() const override { return file_.size(); }

 private:
  struct slot {
    std::vector<char> buffer;
    text_runs runs;
    source_piece piece;
  };

  void find_rows() {
    auto& buffer = slots_[0].buffer;
    for (uint64_t at = 0; at < file_.size() && !head_.layout(); at += head_bytes) {
      auto lines = file_.lines(at, at + head_bytes, buffer);
      if (lines.text.empty()) continue;
      auto* rows = head_.find(lines.text);
      rows_at_ = std::min(file_.size(), lines.offset + uint64_t(rows - lines.text.begin));
    }
    if (!head_.layout()) throw failure{errc::value, file_.name() + ": empty file"};
  }

  const text_options options_;
  const ranged_file file_;
  text_head head_;
  share_place at_;
  uint64_t rows_at_ = 0, round_ = 0;
  int64_t next_line_ = 1;
  std::array<slot, 2> slots_;
};

/// All of a file that only reads from its beginning to its end.
class text_stream final : public source_share {
 public:
  text_stream(const text_options& options, text_rows rows) : reader_{options, rows} {}

  const source_piece& next() override {
    auto& s = slots_[round_++ % 2];
    auto& p = s.piece = {};
    try {
      p.last = !reader_.fill(s.text);
    } catch (const keys_are_text&) {
      p.ids_are_text = true;
    } catch (const columns_changed& c) {
      p.types = c.types;
    }
    if (p.last) return p;
    s.text.runs.for_each_batch([&](const column_batch& batch) { p.batches.push_back(&batch); });
    p.report = s.text.before;
    s.text.runs.add_report(p.report);
    p.done = s.text.bytes_done;
    p.total = std::max(p.done, reader_.bytes_total());
    return p;
  }
  uint64_t size() const override { return reader_.bytes_total(); }

 private:
  struct slot {
    text_reader::slot text;
    source_piece piece;
  };
  text_reader reader_;
  uint64_t round_ = 0;
  std::array<slot, 2> slots_;
};

}  // namespace

std::unique_ptr<source_share> share_text(const text_options& options, bool nodes, share_place at) {
  auto o = options;
  if (o.delimiter == ' ') o.delimiter = 0;
  check_regular(o);
  auto rows = nodes ? text_rows::nodes : text_rows::edges;
  input_file file{o.path, o.name};
  if (file.is_plain()) return std::make_unique<text_ranges>(o, rows, file, at);
  if (at.rank == 0) return std::make_unique<text_stream>(o, rows);
  return share_nothing(file.bytes_total());
}

}  // namespace gli
