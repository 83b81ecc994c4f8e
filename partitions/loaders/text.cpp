#include "partitions/loaders/text.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "partitions/loaders/overlap.h"
#include "partitions/loaders/text_reader.h"
#include "runtime/error.h"

namespace gli {

namespace {

void read_text(text_options options, text_rows rows, const std::function<void(const column_batch&)>& to,
               const std::function<void(uint64_t, uint64_t)>& progress, text_report* report) {
  if (options.delimiter == ' ') options.delimiter = 0;
  text_reader reader{options, rows};
  text_report found;
  overlap<text_reader::slot>([&](auto& slot) { return reader.fill(slot); },
                             [&](const auto& slot) {
                               found.add(slot.before);
                               slot.runs.for_each_batch(to);
                               slot.runs.add_report(found);
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
