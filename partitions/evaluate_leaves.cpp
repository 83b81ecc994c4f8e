#include <cstring>

#include "partitions/algorithms/degree.h"
#include "partitions/column_page.h"
#include "partitions/dictionary.h"
#include "partitions/evaluate_lanes.h"
#include "runtime/json_text.h"

namespace gli {
namespace {

lane all_null() { return {}; }

void keep_ints(lane& to, size_t rows) {
  to.ints_kept.resize(rows);
  to.ints = to.ints_kept.data();
}

/// Loads a column page's rows row(0), row(1), … Rows past its end are null.
template <class Row>
class page_loader {
 public:
  page_loader(const column_page_view& page, int64_t rows, Row row) : page_{page}, rows_{rows}, row_{row} {}

  lane load(value_kind type) {
    lane to;
    to.type = type;
    load_valid(to);
    switch (type) {
      case value_kind::boolean:
        load_truth(to);
        break;
      case value_kind::integer:
      case value_kind::time:
        load_ints(to);
        break;
      case value_kind::real:
        load_reals(to);
        break;
      case value_kind::number:
        load_numbers(to);
        break;
      case value_kind::text:
      case value_kind::bytes:
        load_texts(to);
        break;
      default:
        load_scalars(to);
    }
    return to;
  }

 private:
  /// Its values can be read where they lie.
  bool in_place() const { return Row::contiguous && row_(rows_ - 1) < page_.rows(); }

  /// A bitmap of the page, whose words can be taken where it begins with one of this block's.
  void load_bits(row_bits& to, const uint8_t* bitmap) const {
    to.resize(words_for(rows_));
    auto first = row_(0);
    if (first % 64) {
      fill_bits(to.data(), rows_, [&](int64_t i) { return bitmap[(first + i) >> 3] >> ((first + i) & 7) & 1; });
    } else {
      std::memcpy(to.data(), bitmap + first / 8, to.size() * 8);  // bitmaps are padded to whole words
      clear_past(to, rows_);
    }
  }

  void load_valid(lane& to) {
    if (page_.nulls() == 0 && in_place()) return;
    if (in_place()) return load_bits(to.valid, page_.raw_validity());
    to.valid.resize(words_for(rows_));
    fill_bits(to.valid.data(), rows_, [&](int64_t i) { return row_(i) < page_.rows() && page_.valid(row_(i)); });
  }

  void load_truth(lane& to) {
    if (in_place()) {
      load_bits(to.truth, page_.raw_values());
      for (size_t w = 0; w < to.valid.size(); ++w) to.truth[w] &= to.valid[w];
      return;
    }
    to.truth.resize(words_for(rows_));
    fill_bits(to.truth.data(), rows_, [&](int64_t i) { return to.is_valid(i) && page_.boolean(row_(i)); });
  }

  template <class F, class V>
  void each(lane& to, F&& f, V& sized) {
    sized.resize(size_t(rows_));
    for (int64_t i = 0; i < rows_; ++i)
      if (to.is_valid(i)) f(size_t(i), row_(i));
  }

  void load_ints(lane& to) {
    if (in_place()) {
      to.ints = reinterpret_cast<const int64_t*>(page_.raw_values()) + row_(0);
      return;
    }
    each(
        to, [&](size_t i, uint32_t r) { to.ints_kept[i] = page_.int64(r); }, to.ints_kept);
    to.ints = to.ints_kept.data();
  }

  void load_reals(lane& to) {
    if (in_place()) {
      to.reals = reinterpret_cast<const double*>(page_.raw_values()) + row_(0);
      return;
    }
    each(
        to, [&](size_t i, uint32_t r) { to.reals_kept[i] = page_.float64(r); }, to.reals_kept);
    to.reals = to.reals_kept.data();
  }

  void load_texts(lane& to) {
    if (page_.raw_codes() && in_place()) {
      to.codes = page_.raw_codes() + row_(0);
      for (uint32_t w = 0; w < page_.words(); ++w) to.texts.push_back(page_.word(w));
      return;
    }
    each(
        to, [&](size_t i, uint32_t r) { to.texts[i] = page_.bytes(r); }, to.texts);
  }

  /// Of pages of numbers of one type, too.
  void load_numbers(lane& to) {
    if (page_.type() != column_type::float64) load_ints(to);
    if (page_.type() != column_type::int64) load_reals(to);
    to.whole.resize(words_for(rows_));
    if (page_.raw_ints() && in_place()) return load_bits(to.whole, page_.raw_ints());
    fill_bits(to.whole.data(), rows_, [&](int64_t i) { return page_.type() == column_type::int64 || (to.is_valid(i) && page_.is_int(row_(i))); });
  }

  void load_scalars(lane& to) {
    each(
        to, [&](size_t i, uint32_t r) { to.scalars[i] = plain(page_.at(r)); }, to.scalars);
    to.valid.resize(words_for(rows_));
    fill_bits(to.valid.data(), rows_, [&](int64_t i) { return !std::holds_alternative<std::monostate>(to.scalars[size_t(i)]); });
  }

  column_page_view page_;
  int64_t rows_;
  Row row_;
};

struct in_sequence {
  static constexpr bool contiguous = true;
  int64_t first;
  uint32_t operator()(int64_t i) const { return uint32_t(first + i); }
};
struct of_sources {
  static constexpr bool contiguous = false;
  const int32_t* sources;
  uint32_t operator()(int64_t i) const { return uint32_t(sources[i] & (rows_per_page - 1)); }
};

/// Node columns under a filter of edges: the vertices of one out-page lie in one column page.
lane load_column(const plan& p, const row_block& rows) {
  bool gathered = p.op == operation::node && rows.of == element::edge;
  auto index = size_t(gathered ? rows.page >> (rows_per_page_bits - vertices_per_page_bits) : rows.page);
  if (!p.column || index >= p.column->pages.size() || !p.column->pages[index]) return all_null();
  column_page_view page{*p.column->pages[index]};
  if (gathered) return page_loader<of_sources>{page, rows.rows, {rows.sources}}.load(p.type);
  return page_loader<in_sequence>{page, rows.rows, {rows.first}}.load(p.type);
}

lane load_literal(const plan& p) {
  lane to;
  to.type = p.type;
  to.constant = true;
  switch (p.type) {
    case value_kind::null:
    case value_kind::number:  // columns only
      break;
    case value_kind::boolean:
      to.truth.push_back(std::get<bool>(p.literal));
      break;
    case value_kind::integer:
      keep_ints(to, 1), to.ints_kept[0] = std::get<int64_t>(p.literal);
      break;
    case value_kind::time:
      keep_ints(to, 1), to.ints_kept[0] = std::get<timestamp>(p.literal).microseconds;
      break;
    case value_kind::real:
      to.reals_kept.push_back(std::get<double>(p.literal)), to.reals = to.reals_kept.data();
      break;
    case value_kind::text:
      to.texts.push_back(std::get<std::string>(p.literal));
      break;
    case value_kind::bytes:
      to.texts.push_back(std::get<binary>(p.literal).bytes);
      break;
    case value_kind::dynamic:
      to.scalars.push_back(plain(p.literal));
      to.valid.push_back(!std::holds_alternative<std::monostate>(to.scalars[0]));
  }
  return to;
}

/// Numbers by own id.
lane load_numbers(const double* by_id, const row_block& rows) {
  lane to;
  to.type = value_kind::real;
  to.reals = by_id + rows.node(0);
  return to;
}

lane load_keys(const plan& p, const row_block& rows) {
  lane to;
  to.type = p.type;
  if (p.type == value_kind::null) return to;
  auto& g = **rows.g;
  auto load = [&](auto& kept, auto&& key_of) {
    kept.resize(size_t(rows.rows));
    for (int64_t i = 0; i < rows.rows; ++i) {
      auto v = p.op == operation::target ? rows.targets[i] : rows.node(i);
      kept[size_t(i)] = v >= 0 ? key_of(*g.keys, v) : key_of(*g.mirror_keys, ~v);
    }
  };
  if (p.type == value_kind::text)
    load(to.texts, [](const dictionary& d, int32_t id) { return d.text_key(id); });
  else
    load(to.ints_kept, [](const dictionary& d, int32_t id) { return d.int_key(id); });
  to.ints = to.ints_kept.data();
  return to;
}

lane load_degrees(const plan& p, const row_block& rows) {
  graph_view view{*rows.g};
  auto mode = p.op == operation::in_degree ? degree::mode::in : p.op == operation::out_degree ? degree::mode::out : degree::mode::total;
  lane to;
  to.type = p.type;
  keep_ints(to, size_t(rows.rows));
  for (int64_t i = 0; i < rows.rows; ++i) to.ints_kept[size_t(i)] = degree::of(view, rows.node(i), mode);
  return to;
}

}  // namespace

lane load_leaf(const plan& p, const row_block& rows) {
  switch (p.op) {
    case operation::literal:
      return load_literal(p);
    case operation::node:
    case operation::edge:
      return load_column(p, rows);
    case operation::node_key:
    case operation::source:
    case operation::target:
      return load_keys(p, rows);
    case operation::state:
      return load_numbers(rows.state, rows);
    case operation::gathered:
      return load_numbers(rows.gathered, rows);
    default:
      return load_degrees(p, rows);
  }
}

}  // namespace gli
