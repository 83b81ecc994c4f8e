// The text reader: the first bytes choose options, the rest is the file. Whatever it holds, the reader throws what text.h says or gives
// batches that hold together, the same for any number of rows in a batch.

#include <algorithm>
#include <cstdlib>
#include <string>

#include "partitions/loaders/text.h"
#include "runtime/error.h"
#include "tests/fuzz/memory_file.h"

namespace {

using namespace gli;
using fuzz::memory_file;

text_options options_of(const uint8_t* choice) {
  constexpr char delimiters[] = {0, ',', '\t', ' ', ';'}, comments[] = {'#', '%', 0};
  constexpr column_type types[] = {column_type::int64, column_type::float64, column_type::utf8, column_type::boolean,
                                   column_type::timestamp};
  text_options o;
  o.delimiter = delimiters[choice[0] % 5];
  o.comment = comments[choice[0] / 5 % 3];
  o.header = choice[0] & 0x80;
  o.keys = key_type(choice[1] % 3);
  if (choice[1] & 0x40) o.types = {types[choice[2] % 5]};
  if (choice[1] & 0x80) o.names = {"a", "b", "c", "d"};
  if (choice[1] & 0x80 && choice[1] & 0x40) o.types = {types[choice[2] % 5], types[choice[2] / 5 % 5], types[choice[2] / 25 % 5]};
  o.skip_bad_lines = choice[0] & 0x40;
  if (choice[1] & 0x20) o.skip_lines = choice[3] >> 6;
  if (choice[1] & 0x10) o.lowest_id = 1, o.highest_id = 100;
  return o;
}

/// What must hold of a batch; edges have a mirror, unless a number has no negative.
void check(const column_batch& b, const text_options& o, bool nodes) {
  b.check();
  if (b.rows < 1 || b.rows > o.rows_per_batch) std::abort();
  if (nodes) return;
  try {
    negated_mirror(negated_mirror(b)).check();
  } catch (const failure& f) {
    if (f.code() != errc::value) std::abort();
  }
}

/// All cells in order and the lines that were left out, or the complaint.
std::string outcome(const text_options& o, bool nodes) {
  std::string out;
  try {
    read_with_guesses(o, [&](const text_options& again) {
      out.clear();
      text_report report;
      uint64_t rows = 0;
      auto sink = [&](const column_batch& b) {
        check(b, o, nodes);
        rows += uint64_t(b.rows);
        for (int64_t i = 0; i < b.rows; ++i)
          for (auto& c : b.columns) out += to_string(c.at(i)) + " ";
      };
      nodes ? read_node_text(again, {sink, {}}, {}, &report) : read_edge_text(again, {{}, sink}, {}, &report);
      if (report.rows != rows || report.first_skipped.size() != std::min<uint64_t>(report.skipped, bad_lines_named)) std::abort();
      if (report.skipped > 0 && !o.skip_bad_lines) std::abort();
      for (auto& bad : report.first_skipped) out += std::to_string(bad.line) + ": " + bad.what + "\n";
    });
  } catch (const failure& f) {
    if (f.code() != errc::value && f.code() != errc::type) std::abort();
    out = f.what();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  memory_file file{{reinterpret_cast<const char*>(data) + 4, size - 4}};
  auto o = options_of(data);
  o.path = file.path();
  bool nodes = data[3] & 1;
  auto whole = outcome(o, nodes);
  o.rows_per_batch = 1 + data[3] / 2 % 16;
  if (outcome(o, nodes) != whole) std::abort();
  return 0;
}
