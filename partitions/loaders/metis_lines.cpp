#include "partitions/loaders/metis_lines.h"

#include <algorithm>
#include <cstring>

#include "partitions/loaders/text_fields.h"
#include "partitions/loaders/text_layout.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr int64_t rows_at_once = 1 << 16;
constexpr int64_t most_nodes = INT32_MAX;
constexpr int64_t most_weights = 1024;

int64_t number_of(std::string_view field, const char* what, int64_t lowest, int64_t highest) {
  auto x = parse_int64(field);
  if (!x) throw failure{errc::value, std::string{what} + " " + quoted_field(field) + " is not an integer"};
  if (*x < lowest || *x > highest)
    throw failure{errc::value, std::string{what} + " " + std::to_string(*x) + " is not within " + std::to_string(lowest) + " and " +
                                   std::to_string(highest)};
  return *x;
}

/// Takes the next field off the front; empty at the end.
std::string_view take_field(std::string_view& line) {
  auto begin = std::min(line.find_first_not_of(" \t"), line.size());
  auto end = std::min(line.find_first_of(" \t", begin), line.size());
  auto field = line.substr(begin, end - begin);
  line.remove_prefix(end);
  return field;
}

metis_header parse_header(std::string_view line) {
  auto fields = split_fields(line, 0);
  if (fields.size() < 2 || fields.size() > 4) throw failure{errc::value, count_mismatch("2 to 4", fields.size())};
  metis_header h;
  h.nodes = number_of(fields[0], "the number of nodes", 0, most_nodes);
  h.edges = number_of(fields[1], "the number of edges", 0, UINT32_MAX);
  auto format = fields.size() > 2 ? std::string{fields[2]} : "0";
  if (format.size() > 3 || format.find_first_not_of("01") != format.npos)
    throw failure{errc::value, "fmt " + quoted_field(format) + " is not up to three of 0 and 1"};
  format.insert(0, 3 - format.size(), '0');
  h.has_sizes = format[0] == '1';
  h.weights = format[1] == '1';
  h.has_edge_weights = format[2] == '1';
  if (fields.size() > 3) {
    auto n = number_of(fields[3], "ncon", 0, most_weights);
    if (h.weights == 0 && n > 0) throw failure{errc::value, "ncon without node weights in fmt"};
    h.weights = h.weights ? std::max<int64_t>(n, 1) : 0;
  }
  return h;
}

/// A sum over edges in any order that differs when the edges do, up to chance.
uint64_t edge_mark(uint64_t small, uint64_t large, uint64_t weight) {
  auto x = (small << 32 | large) * 0x9e3779b97f4a7c15 + weight;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

column column_of(std::string name, std::vector<int64_t>& from) {
  column c;
  c.name = std::move(name);
  c.length = int64_t(from.size());
  c.values.resize(from.size() * 8);
  if (!from.empty()) std::memcpy(c.values.data(), from.data(), c.values.size());
  from.clear();
  return c;
}

}  // namespace

bool is_metis_comment(std::string_view line) { return line.starts_with('%'); }
bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == line.npos; }

metis_header parse_metis_header(std::string_view line, const std::string& file, int64_t line_number) {
  auto at = file + ":" + std::to_string(line_number) + ": ";
  if (valid_text_prefix(line) != line.size()) throw failure{errc::value, at + "not a text file"};
  if (line.ends_with('\r')) line.remove_suffix(1);
  try {
    return parse_header(line);
  } catch (const failure& f) {
    throw failure{errc::value, at + f.what()};
  }
}

void check_metis_nodes(const metis_header& header, int64_t nodes, const std::string& file) {
  if (nodes < header.nodes)
    throw failure{errc::value, file + ": the header promises " + std::to_string(header.nodes) + " nodes, lines follow for " + std::to_string(nodes)};
}

void check_metis_edges(const metis_header& header, const metis_totals& t, const std::string& file) {
  auto promised = uint64_t(header.edges);
  if (t.from_smaller != promised || t.from_larger != promised)
    throw failure{errc::value, file + ": the header promises " + std::to_string(promised) + " edges, " + std::to_string(t.from_smaller) +
                                   " are in the lines of their smaller ends, " + std::to_string(t.from_larger) + " in those of their larger ends"};
  if (t.mark_smaller != t.mark_larger)
    throw failure{errc::value, file + ": the lines of the two ends of an edge differ: it is missing in one, or its weight is another"};
}

metis_lines::metis_lines(std::string file, const metis_header& header, bool skip_bad_lines, batch_sink sink, text_report& report)
    : file_{std::move(file)}, header_{header}, skip_{skip_bad_lines}, sink_{std::move(sink)}, report_{report} {
  values_.resize(size_t(header_.has_sizes + header_.weights));
  nodes_.resize(values_.size() + 1);
  edges_.resize(header_.has_edge_weights ? 3 : 2);
}

void metis_lines::begin(int64_t line, int64_t nodes_before) {
  line_ = line;
  node_ = std::min(nodes_before, header_.nodes);
}

void metis_lines::fail_line(const std::string& what) const { throw failure{errc::value, file_ + ":" + std::to_string(line_) + ": " + what}; }

void metis_lines::bad(const std::string& what) {
  if (!skip_) fail_line(what);
  report_.skip({line_, what});
}

void metis_lines::take(std::string_view line) {
  if (line.size() > longest_metis_line) fail_line("line over 256 MiB");
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!is_metis_comment(line)) {
    if (node_ < header_.nodes) take_node(line);
    else if (!is_blank(line)) bad("a line after those of " + std::to_string(node_) + " nodes");
  }
  ++line_;
}

void metis_lines::take_node(std::string_view line) {
  ++node_;
  try {
    parse_node(line);
    keep_node();
  } catch (const failure& f) {
    values_.assign(values_.size(), std::nullopt);
    neighbors_.clear();
    keep_node();
    bad(f.what());
  }
  if (int64_t(edges_.front().size()) >= rows_at_once) flush_edges();
  if (int64_t(nodes_.front().size()) >= rows_at_once) flush_nodes();
}

/// Into values_ and neighbors_, or throws.
void metis_lines::parse_node(std::string_view line) {
  if (valid_text_prefix(line) != line.size()) throw failure{errc::value, "not a text file"};
  neighbors_.clear();
  for (auto& v : values_) {
    auto field = take_field(line);
    if (field.empty()) throw failure{errc::value, "expected " + std::to_string(values_.size()) + " weights of the node"};
    v = number_of(field, "weight", 0, INT64_MAX);
  }
  for (auto field = take_field(line); !field.empty(); field = take_field(line)) {
    neighbor n{number_of(field, "neighbor", 1, header_.nodes), 0};
    if (n.node == node_) throw failure{errc::value, "node " + std::to_string(node_) + " is its own neighbor"};
    if (header_.has_edge_weights) {
      auto weight = take_field(line);
      if (weight.empty()) throw failure{errc::value, "a neighbor without the weight of its edge"};
      n.weight = number_of(weight, "weight", INT64_MIN, INT64_MAX);
    }
    neighbors_.push_back(n);
  }
}

void metis_lines::keep_node() {
  nodes_[0].push_back(node_);
  for (size_t i = 0; i < values_.size(); ++i) nodes_[i + 1].push_back(values_[i].value_or(0));
  missing_.push_back(!values_.empty() && !values_[0]);
  for (auto [neighbor, weight] : neighbors_) keep_edge(neighbor, weight);
}

void metis_lines::keep_edge(int64_t neighbor, int64_t weight) {
  bool first = node_ < neighbor;
  (first ? totals_.from_smaller : totals_.from_larger)++;
  (first ? totals_.mark_smaller : totals_.mark_larger) +=
      edge_mark(uint64_t(std::min(node_, neighbor)), uint64_t(std::max(node_, neighbor)), uint64_t(weight));
  if (!first && !skip_) return;
  edges_[0].push_back(node_);
  edges_[1].push_back(neighbor);
  if (header_.has_edge_weights) edges_[2].push_back(weight);
  ++report_.rows;
}

std::string metis_lines::node_column(size_t i) const {
  if (header_.has_sizes && i == 0) return "size";
  return header_.weights == 1 ? "weight" : "weight_" + std::to_string(i + 1 - header_.has_sizes);
}

void metis_lines::flush_nodes() {
  column_batch b{int64_t(nodes_[0].size()), {}};
  if (b.rows == 0) return;
  b.columns.push_back(column_of("", nodes_[0]));
  std::vector<uint8_t> validity;
  if (std::any_of(missing_.begin(), missing_.end(), [](bool m) { return m; })) {
    validity.assign((missing_.size() + 7) / 8, 0);
    for (size_t i = 0; i < missing_.size(); ++i)
      if (!missing_[i]) validity[i / 8] = uint8_t(validity[i / 8] | 1u << i % 8);
  }
  for (size_t i = 0; i + 1 < nodes_.size(); ++i) {
    b.columns.push_back(column_of(node_column(i), nodes_[i + 1]));
    b.columns.back().validity = validity;
  }
  missing_.clear();
  sink_.nodes(b);
}

void metis_lines::flush_edges() {
  column_batch b{int64_t(edges_[0].size()), {}};
  if (b.rows == 0) return;
  b.columns.push_back(column_of("source", edges_[0]));
  b.columns.push_back(column_of("target", edges_[1]));
  if (header_.has_edge_weights) b.columns.push_back(column_of("weight", edges_[2]));
  sink_.edges(b);
}

}  // namespace gli
