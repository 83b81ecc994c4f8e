#pragma once
// Files for tests of readers, and what a reader made of them.

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "partitions/loaders/text.h"
#include "runtime/error.h"

namespace gli::testing {

/// A directory of its own for each test; gone with the object.
class scratch_directory {
 public:
  scratch_directory() {
    auto pattern = (std::filesystem::temp_directory_path() / "gli-test-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw failure{errc::io, pattern};
    path_ = pattern;
  }
  ~scratch_directory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

  std::string write(const std::string& name, const std::string& content) const {
    std::ofstream{*this / name, std::ios::binary} << content;
    return *this / name;
  }

 private:
  std::string path_;
};

inline std::string gzipped(const std::string& plain) {
  std::string packed(compressBound(uLong(plain.size())) + 64, '\0');
  z_stream stream{};
  deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = uInt(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = uInt(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

/// All rows that a reader gave, in order.
struct text_table {
  std::vector<std::string> names;
  std::vector<column_type> types;
  std::vector<std::vector<value>> rows;  // without _seq
  std::vector<int64_t> lines;            // _seq
  std::vector<int64_t> batch_rows;

  void add(const column_batch& b) {
    b.check();
    names.clear();
    types.clear();
    for (auto& c : b.columns) names.push_back(c.name), types.push_back(c.type);
    ASSERT_EQ(names.back(), "_seq");
    names.pop_back();
    types.pop_back();
    batch_rows.push_back(b.rows);
    for (int64_t i = 0; i < b.rows; ++i) {
      auto& row = rows.emplace_back();
      for (size_t c = 0; c < names.size(); ++c) row.push_back(b.columns[c].at(i));
      lines.push_back(b.columns.back().int64(i));
    }
  }
};

enum class reading { edges, nodes };

inline text_table read_table(const text_options& options, reading what = reading::edges) {
  text_table t;
  auto add = [&](const column_batch& b) { t.add(b); };
  if (what == reading::edges)
    read_edge_text(options, {{}, add}, {});
  else
    read_node_text(options, {add, {}}, {});
  return t;
}

inline text_table read_guessing(const text_options& options, reading what = reading::edges) {
  text_table t;
  read_with_guesses(options, [&](const text_options& o) { t = read_table(o, what); });
  return t;
}

/// The code and message of the failure that `action` throws.
struct failed {
  errc code = errc::internal;
  std::string message;
};

inline failed failure_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const failure& f) {
    return {f.code(), f.what()};
  }
  return {errc::internal, "nothing was thrown"};
}

inline std::string show(const std::vector<value>& row) {
  std::string out;
  for (auto& x : row) out += (out.empty() ? "" : " ") + to_string(x);
  return out;
}

inline std::vector<std::string> show(const text_table& t) {
  std::vector<std::string> rows;
  for (auto& row : t.rows) rows.push_back(show(row));
  return rows;
}

}  // namespace gli::testing
