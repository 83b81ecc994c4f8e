#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "partitions/array_message.h"
#include "partitions/loaders/byte_ranges.h"
#include "partitions/loaders/metis_lines.h"
#include "partitions/loaders/source_share.h"
#include "partitions/together.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr uint64_t fewest_bytes = 64 << 10;  // of a piece, where a file is small
constexpr uint64_t head_bytes = 64 << 10;

/// Calls f(line) for each, without its end.
template <class F>
void for_each_line(const text_piece& text, F&& f) {
  for (auto* p = text.begin; p != text.end;) {
    auto* end = static_cast<const char*>(std::memchr(p, '\n', size_t(text.end - p)));
    f(std::string_view{p, size_t(end - p)});
    p = end + 1;
  }
}

/// The batches of one sort that came of a piece.
struct metis_slot {
  std::vector<char> buffer;
  std::vector<column_batch> rows;
  source_piece piece;
};

/// Keeps batches of nodes, or of edges, with their places counted from `first`.
class kept_rows {
 public:
  kept_rows(bool nodes, std::vector<column_batch>& to, int64_t first) : nodes_{nodes}, to_{to}, next_{first} {}
  batch_sink sink() {
    return {[this](const column_batch& b) { take(b, nodes_); }, [this](const column_batch& b) { take(b, !nodes_); }};
  }
  int64_t next() const { return next_; }

 private:
  void take(const column_batch& b, bool wanted) {
    if (!wanted) return;
    column_builder places{"_seq", column_type::int64};
    places.reserve(b.rows);
    for (int64_t i = 0; i < b.rows; ++i) places.append_int64(next_++);
    to_.push_back(b);
    to_.back().columns.push_back(places.finish());
  }
  const bool nodes_;
  std::vector<column_batch>& to_;
  int64_t next_;
};

/// The source of nodes tells of lines, that of edges how many there are.
text_report reported(bool nodes, text_report found) {
  if (nodes) found.rows = 0;
  else found = {.rows = found.rows};
  return found;
}

/// Byte ranges in turn. Before the first is parsed all have counted the lines of theirs, so that each knows the numbers of its lines and nodes.
class metis_ranges final : public source_share {
 public:
  metis_ranges(const text_options& options, bool nodes, const input_file& file, share_place at)
      : file_{file, longest_metis_line}, skip_{options.skip_bad_lines}, nodes_{nodes}, at_{at} {
    find_header();
    auto even = (file_.size() - rows_at_ + at.ranks - 1) / at.ranks;
    if (at_.bytes == 0) at_.bytes = std::clamp<uint64_t>(even, fewest_bytes, bytes_per_piece);
  }

  void agree(communicator& all) override {
    counts own;
    together(all, [&] {
      for (uint64_t r = 0; range_begin(r) < file_.size(); ++r) own.add(count(r));
    });
    byte_buffer mine;
    put_array(mine, own.lines);
    put_array(mine, own.nodes);
    std::vector<counts> of;
    for (auto& bytes : all.all_to_all(std::vector<byte_buffer>(all.size(), mine))) {
      array_reader from{bytes};
      of.push_back({from.get<uint64_t>(), from.get<uint64_t>()});
    }
    for (uint64_t r = 0, q = 0, lines = 0; r < of[q].lines.size(); q = (q + 1) % all.size(), r += q == 0) {
      if (q == at_.rank) before_.add({lines, all_nodes_});
      lines += of[q].lines[r];
      all_nodes_ += of[q].nodes.at(r);
    }
  }

  const source_piece& next() override {
    auto& s = slots_[round_ % 2];
    s.rows.clear();
    auto& p = s.piece = {};
    auto first = range_begin(round_);
    if (first < file_.size()) parse(s, first);
    ++round_;
    p.last = range_begin(round_) - at_.rank * at_.bytes >= file_.size();
    p.total = file_.size();
    p.done = std::min(p.total, first + at_.bytes);
    for (auto& batch : s.rows) p.batches.push_back(&batch);
    return p;
  }

  void check(communicator& all) override {
    if (nodes_) return check_metis_nodes(header_, int64_t(all_nodes_), file_.name());
    std::array<uint64_t, 4> sums{totals_.from_smaller, totals_.from_larger, totals_.mark_smaller, totals_.mark_larger};
    all.all_reduce(sums, reduction::sum);
    if (!skip_) check_metis_edges(header_, {sums[0], sums[1], sums[2], sums[3]}, file_.name());
  }

  uint64_t size() const override { return file_.size(); }

 private:
  /// Of own ranges: lines, and those of them that may be of nodes.
  struct counts {
    std::vector<uint64_t> lines, nodes;
    void add(std::pair<uint64_t, uint64_t> c) { lines.push_back(c.first), nodes.push_back(c.second); }
  };

  uint64_t range_begin(uint64_t round) const { return rows_at_ + (round * at_.ranks + at_.rank) * at_.bytes; }
  text_piece lines_of(uint64_t begin, std::vector<char>& buffer) const { return file_.lines(begin, begin + at_.bytes, buffer, begin == rows_at_).text; }

  std::pair<uint64_t, uint64_t> count(uint64_t round) {
    uint64_t lines = 0, nodes = 0;
    for_each_line(lines_of(range_begin(round), slots_[0].buffer), [&](std::string_view line) { ++lines, nodes += !is_metis_comment(line); });
    return {lines, nodes};
  }

  void parse(metis_slot& s, uint64_t first) {
    auto nodes_before = int64_t(before_.nodes[round_]);
    bool alone = at_.ranks == 1;  // then the rows before are known
    kept_rows kept{nodes_, s.rows, nodes_ ? std::min(nodes_before, header_.nodes) : alone ? rows_ : 0};
    text_report found;
    metis_lines lines{file_.name(), header_, skip_, kept.sink(), found};
    lines.begin(head_lines_ + 1 + int64_t(before_.lines[round_]), nodes_before);
    for_each_line(lines_of(first, s.buffer), [&](std::string_view line) { lines.take(line); });
    lines.flush_nodes();
    lines.flush_edges();
    if (alone && !nodes_) rows_ = kept.next();
    s.piece.places = nodes_ || alone ? 0 : uint64_t(kept.next());
    s.piece.report = reported(nodes_, std::move(found));
    totals_.from_smaller += lines.totals().from_smaller;
    totals_.from_larger += lines.totals().from_larger;
    totals_.mark_smaller += lines.totals().mark_smaller;
    totals_.mark_larger += lines.totals().mark_larger;
  }

  void find_header() {
    auto& buffer = slots_[0].buffer;
    bool found = false;
    for (uint64_t at = 0; at < file_.size() && !found; at += head_bytes) {
      auto lines = file_.lines(at, at + head_bytes, buffer);
      for_each_line(lines.text, [&](std::string_view line) {
        if (found) return;
        ++head_lines_;
        if (is_metis_comment(line) || is_blank(line)) return;
        header_ = parse_metis_header(line, file_.name(), head_lines_);
        rows_at_ = std::min(file_.size(), lines.offset + uint64_t(line.data() + line.size() + 1 - lines.text.begin));
        found = true;
      });
    }
    if (!found) throw failure{errc::value, file_.name() + ": empty file"};
  }

  const ranged_file file_;
  const bool skip_, nodes_;
  share_place at_;
  metis_header header_;
  int64_t head_lines_ = 0;   // the header's number
  uint64_t rows_at_ = 0, round_ = 0, all_nodes_ = 0;
  int64_t rows_ = 0;         // that came
  counts before_;            // lines and nodes before own ranges
  metis_totals totals_;
  std::array<metis_slot, 2> slots_;
};

/// All of a file that only reads from its beginning to its end, by one partition.
class metis_stream final : public source_share {
 public:
  metis_stream(const text_options& options, bool nodes) : lines_{options.path, longest_metis_line, options.name}, skip_{options.skip_bad_lines}, nodes_{nodes} {}

  const source_piece& next() override {
    auto& s = slots_[round_++ % 2];
    s.rows.clear();
    auto& p = s.piece = {};
    auto text = lines_.next(s.buffer);
    report_ = {};
    kept_.emplace(nodes_, s.rows, rows_);
    for_each_line(text, [&](std::string_view line) { take(line); });
    if (body_) body_->flush_nodes(), body_->flush_edges();
    if (text.empty() && !body_) throw failure{errc::value, name() + ": empty file"};
    rows_ = kept_->next();
    p.report = reported(nodes_, report_);
    p.last = text.empty();
    p.done = lines_.file().bytes_read();
    p.total = std::max(p.done, lines_.file().bytes_total());
    for (auto& batch : s.rows) p.batches.push_back(&batch);
    return p;
  }

  void check(communicator&) override {
    if (nodes_) return check_metis_nodes(header_, body_->nodes(), name());
    if (!skip_) check_metis_edges(header_, body_->totals(), name());
  }
  uint64_t size() const override { return lines_.file().bytes_total(); }

 private:
  const std::string& name() const { return lines_.file().name(); }

  void take(std::string_view line) {
    if (body_) return body_->take(line);
    ++head_lines_;
    if (is_metis_comment(line) || is_blank(line)) return;
    header_ = parse_metis_header(line, name(), head_lines_);
    batch_sink sink{[this](const column_batch& b) { kept_->sink().nodes(b); }, [this](const column_batch& b) { kept_->sink().edges(b); }};
    body_.emplace(name(), header_, skip_, std::move(sink), report_);
    body_->begin(head_lines_ + 1, 0);
  }

  line_reader lines_;
  const bool skip_, nodes_;
  metis_header header_;
  int64_t head_lines_ = 0, rows_ = 0;
  uint64_t round_ = 0;
  text_report report_;
  std::optional<kept_rows> kept_;   // of the piece in hand
  std::optional<metis_lines> body_;
  std::array<metis_slot, 2> slots_;
};

/// The check of what partition 0 read, heard by all.
class heard_from_first final : public source_share {
 public:
  explicit heard_from_first(std::unique_ptr<source_share> share) : share_{std::move(share)} {}
  const source_piece& next() override { return share_->next(); }
  uint64_t size() const override { return share_->size(); }
  void check(communicator& all) override {
    together(all, [&] {
      solo alone;
      share_->check(alone);
    });
  }

 private:
  std::unique_ptr<source_share> share_;
};

}  // namespace

std::unique_ptr<source_share> share_metis(const text_options& options, bool nodes, share_place at) {
  check_regular(options);
  input_file file{options.path, options.name};
  if (file.is_plain()) return std::make_unique<metis_ranges>(options, nodes, file, at);
  if (at.rank == 0) return std::make_unique<heard_from_first>(std::make_unique<metis_stream>(options, nodes));
  return std::make_unique<heard_from_first>(share_nothing(file.bytes_total()));
}

}  // namespace gli
