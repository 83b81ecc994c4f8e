#include "partitions/kernels/edge_weights.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "partitions/column_page.h"
#include "partitions/kernels/weighted_lists.h"
#include "partitions/parallel.h"
#include "partitions/together.h"
#include "partitions/transpose.h"
#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {
namespace {

const paged_column* column_named(const graph& g, const std::string& name) {
  auto found = std::find_if(g->edge_columns.begin(), g->edge_columns.end(), [&](auto& c) { return c.name == name; });
  return found == g->edge_columns.end() ? nullptr : &*found;
}

std::string edge_name(const graph& g, size_t page, uint32_t row) {
  auto& t = *g->out.directory[page];
  auto i = int32_t(std::upper_bound(t.off, t.off + t.vertices, row) - t.off - 1);
  auto v = int32_t(page << vertices_per_page_bits) + i;
  return to_string(endpoint_key(g, v)) + " → " + to_string(endpoint_key(g, t.neighbor[row]));
}

/// The numbers of one page's edges.
class page_weights {
 public:
  page_weights(const graph& g, const paged_column& c, size_t page, bool refuse_negative) : g_{g}, c_{c}, page_{page}, refuse_negative_{refuse_negative} {}

  std::vector<double> read() const {
    std::vector<double> made(g_->out.directory[page_]->edges);
    if (made.empty()) return made;
    if (page_ >= c_.pages.size() || !c_.pages[page_]) missing(0);
    column_page_view view{*c_.pages[page_]};
    for (uint32_t row = 0; row < made.size(); ++row) made[row] = one(view, row);
    return made;
  }

 private:
  double one(const column_page_view& view, uint32_t row) const {
    if (row >= view.rows() || !view.valid(row)) missing(row);
    auto x = number(view, row);
    if (std::isnan(x)) refuse(row, "is not a number");
    if (refuse_negative_ && x < 0) refuse(row, to_string(value{x}) + " is negative");
    return x == 0 ? 0.0 : x;
  }
  double number(const column_page_view& view, uint32_t row) const {
    if (is_number(view.type())) return view.is_int(row) ? double(view.int64(row)) : view.float64(row);
    auto x = plain(view.at(row));
    if (auto real = std::get_if<double>(&x)) return *real;
    if (auto whole = std::get_if<int64_t>(&x)) return double(*whole);
    throw failure{errc::type, "edge " + edge_name(g_, page_, row) + ": '" + c_.name + "' is " + to_string(x) + ", no number"};
  }
  [[noreturn]] void missing(uint32_t row) const { throw failure{errc::value, "edge " + edge_name(g_, page_, row) + " has no '" + c_.name + "'"}; }
  [[noreturn]] void refuse(uint32_t row, const std::string& why) const {
    throw failure{errc::value, "edge " + edge_name(g_, page_, row) + ": '" + c_.name + "' " + why};
  }

  const graph& g_;
  const paged_column& c_;
  size_t page_;
  bool refuse_negative_;
};

const paged_column& checked_column(const graph& g, const std::string& name) {
  auto c = column_named(g, name);
  if (!c) throw failure{errc::key, "no edge has an attribute '" + name + "'"};
  if (!is_number(c->type) && c->type != column_type::json)
    throw failure{errc::type, "edge attribute '" + name + "' is " + type_name(c->type) + ", not numbers"};
  return *c;
}

numbers_by_page read_all(const graph& g, const paged_column& c, bool refuse_negative) {
  numbers_by_page made(g->out.directory.size());
  parallel_ranges(int64_t(made.size()), 1, [&](int64_t p, int64_t end) {
    for (; p < end; ++p) made[size_t(p)] = page_weights{g, c, size_t(p), refuse_negative}.read();
  });
  return made;
}

/// Whether any partition has edges: a graph without any needs no attribute.
bool any_edges(const graph& g, communicator& all) {
  uint64_t edges = g->out.edges;
  all.all_reduce({&edges, 1}, reduction::max);
  return edges > 0;
}

/// Says again what does not hold on some partition, with the keys of both ends.
void refuse_with_names(const graph& g, const std::string& name, bool refuse_negative, communicator& all) {
  together(all, [&] { read_all(g, checked_column(g, name), refuse_negative); });
}

}  // namespace

edge_weights edge_weights::of(const graph& g, const std::string& name, bool refuse_negative, communicator& all) {
  auto asked = (refuse_negative ? "not negative: " : "any: ") + name;
  auto kept = g->weights.known(asked);
  uint64_t known = kept != nullptr;
  all.all_reduce({&known, 1}, reduction::min);  // a partition that moved has to make them again, with the others
  if (known) return *kept;
  auto made = std::make_shared<numbers>();
  made->out.resize(g->out.directory.size());
  if (any_edges(g, all)) {
    uint64_t failed = 0;
    try {
      made->out = read_all(g, checked_column(g, name), refuse_negative);
    } catch (const failure&) {
      failed = 1;
    }
    all.all_reduce({&failed, 1}, reduction::max);
    if (failed) refuse_with_names(with_mirror_keys(g, all), name, refuse_negative, all);
  }
  made->in = transpose_numbers(*g, made->out, all);
  made->measure(g, all);
  edge_weights found{std::move(made)};
  g->weights.keep(asked, std::make_shared<const edge_weights>(found));
  return found;
}

/// Weights that are not negative are in the order of their bits.
void edge_weights::numbers::measure(const graph& g, communicator& all) {
  uint64_t not_whole = 0;
  for (auto& page : out)
    for (auto x : page) {
      largest = std::max(largest, x), mean += x;
      not_whole |= !(x >= 0 && x == std::floor(x));
    }
  mean /= double(std::max<uint64_t>(1, g->out.edges));
  std::array<uint64_t, 2> everywhere{std::bit_cast<uint64_t>(largest), not_whole};
  all.all_reduce(everywhere, reduction::max);
  largest = std::bit_cast<double>(everywhere[0]);
  whole = everywhere[1] == 0 && largest * double(g->total_nodes) < double(UINT32_MAX);
}

const weighted_lists& edge_weights::whole_lists(const graph_view& g) const {
  return made_->lists.get([&] { return weighted_lists{g, *this}; });
}

uint64_t edge_weights::bytes() const {
  auto lists = made_->lists.known();
  uint64_t total = lists ? lists->bytes() : 0;
  for (auto side : {&made_->out, &made_->in})
    for (auto& page : *side) total += page.size() * sizeof(double);
  return total;
}

}  // namespace gli
