#include "partitions/load_sources.h"

#include <tbb/parallel_for.h>
#include <tbb/task_group.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "partitions/loaders/known_ids.h"
#include "partitions/open_alike.h"
#include "partitions/piece_message.h"
#include "partitions/together.h"
#include "runtime/memory_limit.h"
#include "runtime/routing.h"

namespace gli {

namespace {

/// One partition's piece, its rows dealt out to their owners.
struct dealt_piece {
  piece_note note;
  std::vector<const column_batch*> batches;
  std::vector<column_batch> oriented;  // of edges without direction
  std::vector<rows_of_owners> owners;  // by batch, where there are several partitions
  uint64_t done = 0, total = 0;
};

/// int64, float64 and text, from narrow to wide.
void widen(std::vector<column_type>& types, const std::vector<column_type>& needed) {
  if (types.empty()) types = needed;
  for (size_t i = 0; i < std::min(types.size(), needed.size()); ++i)
    if (types[i] == column_type::int64 || needed[i] == column_type::utf8) types[i] = needed[i];
}

void add_later(text_report& to, text_report found, uint64_t lines_before) {
  for (auto& bad : found.first_skipped) bad.line += int64_t(lines_before);
  to.add(found);
}

bool brings_nodes(const row_source& s) { return s.what == "nodes" || s.what == "numbers" || s.what == "metis_nodes"; }

/// Those of one file, unless each comes with its mirror.
bool edges_in_order(const read_sources& what) {
  size_t files = 0, others = 0;
  for (auto& s : what.sources)
    if (!brings_nodes(s)) ++(s.what == "gap_edges" || (s.what == "edges" && !bool_parameter(s.format, "negated_mirrors", false)) ? files : others);
  return files == 1 && others == 0;
}

class sources_loader {
 public:
  sources_loader(const read_sources& what, communicator& all, uint64_t piece_bytes)
      : what_{what}, all_{all}, place_{all.rank(), all.size(), piece_bytes}, keys_{what.kind.keys}, types_(what.sources.size()) {}

  graph run(sources_report& report) {
    while (!take_all(report)) {
    }
    return loader_->finish(all_, report.rows);
  }

 private:
  /// False when a guess did not hold, and is a better one now.
  bool take_all(sources_report& report) {
    auto kind = what_.kind;
    kind.keys = keys_;
    loader_.emplace(load_options{kind, all_.rank(), all_.size(), what_.endpoints_must_exist, what_.origin, what_.duplicates, edges_in_order(what_)});
    known_ = std::make_shared<known_ids>();
    own_ids_.clear();
    report.lines.assign(what_.sources.size(), {});
    for (size_t i = 0; i < what_.sources.size(); ++i)
      if (!take(i, report.lines[i])) return false;
    together(all_, [&] {
      if (trouble_) throw failure{trouble_->code, trouble_->what};
    });
    return true;
  }

  bool take(size_t i, text_report& report) {
    source_ = &what_.sources[i];
    is_nodes_ = brings_nodes(*source_);
    auto share = open_alike(name(), all_, [&] { return open(i); });
    share->agree(all_);
    places_before_ = lines_before_ = uint64_t(share->lines_before());
    report = share->report_before();
    dealt_piece now, next;
    prepare(*share, now);
    for (;;) {
      tbb::task_group beside;
      beside.run([&] { prepare(*share, next); });
      auto came = outcome::more;
      try {
        came = exchange(now, report, types_[i]);
      } catch (...) {
        beside.wait();
        throw;
      }
      beside.wait();
      if (came == outcome::again) return false;
      if (came == outcome::end) break;
      std::swap(now, next);
    }
    share->check(all_);
    if (is_nodes_ && wants_known()) share_known();
    return true;
  }

  std::unique_ptr<source_share> open(size_t i) const {
    auto& f = source_->format;
    if (source_->what == "kronecker")
      return share_kronecker(int(int_parameter(f, "scale")), int(int_parameter(f, "edge_factor")), uint64_t(int_parameter(f, "seed")), place_);
    if (source_->what == "gap_kronecker" || source_->what == "gap_uniform")
      return share_gap(source_->what == "gap_uniform" ? gap_kind::uniform : gap_kind::kronecker, int(int_parameter(f, "scale")), bool_parameter(f, "weighted"), place_);
    if (source_->what == "gap_edges") return share_gap_file(source_->path, name(), bool_parameter(f, "weighted"), place_);
    if (source_->what == "numbers") return share_numbers(int_parameter(f, "first", 1), int_parameter(f, "count"), place_);
    if (source_->what == "metis_nodes" || source_->what == "metis_edges") return share_metis(text_options_of(*source_, keys_), is_nodes_, place_);
    if (source_->what != "nodes" && source_->what != "edges") throw failure{errc::value, "no source of rows is called '" + source_->what + "'"};
    auto o = text_options_of(*source_, keys_);
    if (!types_[i].empty()) o.types = types_[i], o.types_may_widen = true;
    if (wants_known(*source_)) o.known = known_;
    auto share = share_text(o, is_nodes_, place_);
    return bool_parameter(f, "negated_mirrors", false) ? with_negated_mirrors(std::move(share)) : std::move(share);
  }

  // --- one's own piece: parsed and dealt out, beside the exchange of the one before ---

  void prepare(source_share& share, dealt_piece& p) const {
    auto& note = p.note = {};
    p.batches.clear();
    p.owners.clear();
    try {
      auto& piece = share.next();
      note.lines = piece.lines;
      note.places = piece.places;
      note.report = piece.report;
      note.bad = piece.bad;
      note.ids_are_text = piece.ids_are_text;
      note.types = piece.types;
      note.last = piece.last;
      p.done = piece.done;
      p.total = piece.total;
      p.batches = piece.batches;
      if (place_.ranks > 1) deal_out(p);
    } catch (const failure& f) {
      note.failed = {f.code(), f.what()};
    } catch (const std::bad_alloc&) {
      note.failed = {errc::memory, no_memory_text()};
    } catch (const std::exception& e) {
      note.failed = {errc::internal, e.what()};
    }
  }

  void deal_out(dealt_piece& p) const {
    bool orients = !is_nodes_ && !what_.kind.directed;
    p.oriented.resize(orients ? p.batches.size() : 0);
    p.owners.resize(p.batches.size());
    tbb::parallel_for(size_t{0}, p.batches.size(), [&](size_t i) {
      if (orients) {
        p.oriented[i] = *p.batches[i];
        orient(p.oriented[i]);
        p.batches[i] = &p.oriented[i];
      }
      p.owners[i] = rows_of_owners{key_column(*p.batches[i], is_nodes_ ? "" : "source"), place_.ranks};
    });
  }

  // --- all pieces of a round ---

  enum class outcome { more, end, again };

  outcome exchange(const dealt_piece& mine, text_report& report, std::vector<column_type>& types) {
    auto note = mine.note;
    note.earlier = trouble_;
    std::vector<byte_buffer> outgoing(place_.ranks);
    tbb::parallel_for(uint32_t{0}, place_.ranks, [&](uint32_t q) { outgoing[q] = encode_piece(note, rows_of(mine, q)); });
    auto incoming = all_.all_to_all(std::move(outgoing));
    std::vector<piece_reader> pieces(incoming.begin(), incoming.end());
    throw_trouble(pieces);
    if (learn_guesses(pieces, types)) return outcome::again;
    take_rows(mine, pieces, report);
    all_.progress(source_->path.empty() ? "generate" : "read", mine.done, mine.total);
    bool last = std::all_of(pieces.begin(), pieces.end(), [](auto& m) { return m.note.last; });
    return last ? outcome::end : outcome::more;
  }

  static std::vector<chosen_rows> rows_of(const dealt_piece& p, uint32_t owner) {
    std::vector<chosen_rows> rows;
    for (size_t i = 0; i < p.owners.size(); ++i)
      if (auto some = p.owners[i].of(owner); !some.empty()) rows.push_back({p.batches[i], some});
    return rows;
  }

  /// The first in the order of the source.
  void throw_trouble(const std::vector<piece_reader>& pieces) const {
    for (auto& m : pieces)
      if (auto& t = m.note.earlier) throw failure{t->code, t->what};
    auto lines = lines_before_;
    for (auto& m : pieces) {
      auto &failed = m.note.failed;
      if (failed) throw failure{failed->code, failed->what};
      if (auto& bad = m.note.bad) throw failure{errc::value, name() + ":" + std::to_string(lines + uint64_t(bad->line)) + ": " + bad->what};
      lines += m.note.lines;
    }
  }

  std::string name() const { return text_parameter(source_->format, "name", source_->path); }

  bool learn_guesses(const std::vector<piece_reader>& pieces, std::vector<column_type>& types) {
    bool again = false;
    for (auto& m : pieces) {
      if (m.note.ids_are_text) keys_ = key_type::utf8;
      if (!m.note.types.empty()) widen(types, m.note.types);
      again = again || m.note.ids_are_text || !m.note.types.empty();
    }
    return again;
  }

  void take_rows(const dealt_piece& mine, std::vector<piece_reader>& pieces, text_report& report) {
    if (place_.ranks == 1)
      for (auto batch : mine.batches) take_in(*batch);
    for (auto& piece : pieces) {
      auto& note = piece.note;
      while (piece.next(came_, note.places > 0 ? places_before_ : 0)) take_in(came_);
      add_later(report, note.report, note.lines > 0 ? lines_before_ : 0);
      lines_before_ += note.lines;
      places_before_ += note.places;
    }
  }

  /// What goes wrong here all hear with the next piece.
  void take_in(const column_batch& rows) {
    if (trouble_) return;
    try {
      is_nodes_ ? loader_->add_nodes(rows) : loader_->add_edges(rows);
      if (is_nodes_ && wants_known()) note_ids(rows);
    } catch (const failure& f) {
      trouble_ = {f.code(), f.what()};
    } catch (const std::bad_alloc&) {
      trouble_ = {errc::memory, no_memory_text()};
    }
  }

  // --- ids that edges may name, where others are bad lines ---

  static bool wants_known(const row_source& s) { return bool_parameter(s.format, "known_ids", false); }
  bool wants_known() const {
    return std::any_of(what_.sources.begin(), what_.sources.end(), [](auto& s) { return wants_known(s); });
  }

  void note_ids(const column_batch& rows) {
    auto& ids = key_column(rows, "");
    if (ids.type != column_type::int64) throw failure{errc::type, "only int64 ids can be looked up while edges are read"};
    own_ids_.insert(own_ids_.end(), ids.values.begin(), ids.values.begin() + ptrdiff_t(rows.rows * 8));
  }

  /// Every partition gets the ids of all.
  void share_known() {
    for (auto& ids : all_.all_to_all(std::vector<byte_buffer>(place_.ranks, std::exchange(own_ids_, {})))) known_->add_bytes(ids);
    known_->settle();
  }

  const read_sources& what_;
  communicator& all_;
  const share_place place_;
  key_type keys_;
  std::vector<std::vector<column_type>> types_;  // by source: as guesses turned out; empty: none did
  std::optional<graph_loader> loader_;
  std::optional<piece_note::trouble> trouble_;
  std::shared_ptr<known_ids> known_;
  byte_buffer own_ids_;
  column_batch came_;                   // rows on their way into the loader
  const row_source* source_ = nullptr;  // that is read now
  bool is_nodes_ = false;
  uint64_t lines_before_ = 0;           // of it, taken in so far
  uint64_t places_before_ = 0;          // likewise
};

}  // namespace

graph load_sources(const read_sources& what, sources_report& report, communicator& all, uint64_t piece_bytes) {
  return sources_loader{what, all, piece_bytes}.run(report);
}

}  // namespace gli
