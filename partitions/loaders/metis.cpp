#include "partitions/loaders/metis.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "partitions/loaders/input.h"
#include "partitions/loaders/text_fields.h"
#include "partitions/loaders/text_layout.h"
#include "runtime/error.h"

namespace gli {

namespace {

constexpr int64_t rows_at_once = 1 << 16;
constexpr int64_t most_nodes = INT32_MAX;
constexpr int64_t most_weights = 1024;
constexpr size_t longest_metis_line = size_t{256} << 20;

struct metis_header {
  int64_t nodes = 0, edges = 0, weights = 0;  // weights of a node
  bool has_sizes = false, has_edge_weights = false;
};

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

class metis_reader {
 public:
  metis_reader(const std::string& path, bool skip_bad_lines, const batch_sink& sink, text_report& report)
      : lines_{path, longest_metis_line}, skip_{skip_bad_lines}, sink_{sink}, report_{report} {}

  void run(const std::function<void(uint64_t, uint64_t)>& progress) {
    std::vector<char> buffer;
    for (auto piece = lines_.next(buffer); !piece.empty(); piece = lines_.next(buffer)) {
      for (auto* p = piece.begin; p != piece.end; ++line_) {
        auto* end = std::find(p, piece.end, '\n');
        take_line({p, size_t(end - p)});
        p = end + 1;
      }
      if (progress) progress(lines_.file().bytes_read(), std::max(lines_.file().bytes_read(), lines_.file().bytes_total()));
    }
    finish();
  }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw failure{errc::value, lines_.file().path() + ": " + what}; }
  [[noreturn]] void fail_line(const std::string& what) const {
    throw failure{errc::value, lines_.file().path() + ":" + std::to_string(line_) + ": " + what};
  }

  void take_line(std::string_view line) {
    if (line.size() > longest_metis_line) fail_line("line over 256 MiB");
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.starts_with('%')) return;
    if (!header_) {
      if (line.find_first_not_of(" \t") != line.npos) begin(line);
      return;
    }
    if (node_ == header_->nodes) {
      if (line.find_first_not_of(" \t") == line.npos) return;
      return bad("a line after those of " + std::to_string(node_) + " nodes");
    }
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

  void bad(const std::string& what) {
    if (!skip_) fail_line(what);
    report_.skip({line_, what});
  }

  void begin(std::string_view line) {
    if (valid_text_prefix(line) != line.size()) fail_line("not a text file");
    try {
      header_ = parse_header(line);
    } catch (const failure& f) {
      fail_line(f.what());
    }
    values_.resize(size_t(header_->has_sizes + header_->weights));
    nodes_.resize(values_.size() + 1);
    edges_.resize(header_->has_edge_weights ? 3 : 2);
  }

  /// Into values_ and neighbors_, or throws.
  void parse_node(std::string_view line) {
    if (valid_text_prefix(line) != line.size()) throw failure{errc::value, "not a text file"};
    neighbors_.clear();
    for (auto& v : values_) {
      auto field = take_field(line);
      if (field.empty()) throw failure{errc::value, "expected " + std::to_string(values_.size()) + " weights of the node"};
      v = number_of(field, "weight", 0, INT64_MAX);
    }
    for (auto field = take_field(line); !field.empty(); field = take_field(line)) {
      neighbor n{number_of(field, "neighbor", 1, header_->nodes), 0};
      if (n.node == node_) throw failure{errc::value, "node " + std::to_string(node_) + " is its own neighbor"};
      if (header_->has_edge_weights) {
        auto weight = take_field(line);
        if (weight.empty()) throw failure{errc::value, "a neighbor without the weight of its edge"};
        n.weight = number_of(weight, "weight", INT64_MIN, INT64_MAX);
      }
      neighbors_.push_back(n);
    }
  }

  void keep_node() {
    nodes_[0].push_back(node_);
    for (size_t i = 0; i < values_.size(); ++i) nodes_[i + 1].push_back(values_[i].value_or(0));
    missing_.push_back(!values_.empty() && !values_[0]);
    for (auto [neighbor, weight] : neighbors_) keep_edge(neighbor, weight);
  }

  void keep_edge(int64_t neighbor, int64_t weight) {
    bool first = node_ < neighbor;
    (first ? from_smaller_ : from_larger_)++;
    (first ? mark_smaller_ : mark_larger_) +=
        edge_mark(uint64_t(std::min(node_, neighbor)), uint64_t(std::max(node_, neighbor)), uint64_t(weight));
    if (!first && !skip_) return;
    edges_[0].push_back(node_);
    edges_[1].push_back(neighbor);
    if (header_->has_edge_weights) edges_[2].push_back(weight);
    ++report_.rows;
  }

  static column column_of(std::string name, std::vector<int64_t>& from) {
    column c;
    c.name = std::move(name);
    c.length = int64_t(from.size());
    c.values.resize(from.size() * 8);
    if (!from.empty()) std::memcpy(c.values.data(), from.data(), c.values.size());
    from.clear();
    return c;
  }

  std::string node_column(size_t i) const {
    if (header_->has_sizes && i == 0) return "size";
    return header_->weights == 1 ? "weight" : "weight_" + std::to_string(i + 1 - header_->has_sizes);
  }

  void flush_nodes() {
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

  void flush_edges() {
    column_batch b{int64_t(edges_[0].size()), {}};
    if (b.rows == 0) return;
    b.columns.push_back(column_of("source", edges_[0]));
    b.columns.push_back(column_of("target", edges_[1]));
    if (header_->has_edge_weights) b.columns.push_back(column_of("weight", edges_[2]));
    sink_.edges(b);
  }

  void finish() {
    if (!header_) fail("empty file");
    flush_nodes();
    if (node_ < header_->nodes)
      fail("the header promises " + std::to_string(header_->nodes) + " nodes, lines follow for " + std::to_string(node_));
    if (!skip_) check_edges();
    flush_edges();
  }

  void check_edges() const {
    if (from_smaller_ != header_->edges || from_larger_ != header_->edges)
      fail("the header promises " + std::to_string(header_->edges) + " edges, " + std::to_string(from_smaller_) +
           " are in the lines of their smaller ends, " + std::to_string(from_larger_) + " in those of their larger ends");
    if (mark_smaller_ != mark_larger_) fail("the lines of the two ends of an edge differ: it is missing in one, or its weight is another");
  }

  line_reader lines_;
  const bool skip_;
  const batch_sink& sink_;
  text_report& report_;
  std::optional<metis_header> header_;
  int64_t line_ = 1, node_ = 0;
  std::vector<std::optional<int64_t>> values_;  // of the node in hand
  struct neighbor {
    int64_t node, weight;
  };
  std::vector<neighbor> neighbors_;
  std::vector<std::vector<int64_t>> nodes_, edges_;  // columns to come
  std::vector<bool> missing_;                        // nodes whose line was left out: their values are null
  int64_t from_smaller_ = 0, from_larger_ = 0;
  uint64_t mark_smaller_ = 0, mark_larger_ = 0;
};

}  // namespace

void read_metis_text(const std::string& path, bool skip_bad_lines, const batch_sink& sink,
                     const std::function<void(uint64_t, uint64_t)>& progress, text_report* report) {
  text_report found;
  metis_reader{path, skip_bad_lines, sink, found}.run(progress);
  if (report) *report = std::move(found);
}

}  // namespace gli
