#include "partitions/loaders/source_share.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "partitions/loaders/input.h"
#include "runtime/error.h"

namespace gli {

namespace {

class number_share final : public source_share {
 public:
  number_share(int64_t first, int64_t count, share_place at) : first_{first}, count_{count}, next_{at.rank * rows_at_once}, stride_{at.ranks * rows_at_once} {}

  const source_piece& next() override {
    auto& s = slots_[round_++ % 2];
    auto begin = std::min(count_, next_), end = std::min(count_, next_ + rows_at_once);
    next_ += stride_;
    s.rows = {end - begin, {numbers("", first_ + begin, first_ + end), numbers("_seq", begin + 1, end + 1)}};
    auto& p = s.piece = {};
    if (begin < end) p.batches.push_back(&s.rows);
    p.last = next_ >= count_;
    p.done = uint64_t(end);
    p.total = uint64_t(count_);
    return p;
  }

 private:
  static constexpr int64_t rows_at_once = int64_t{1} << 18;
  struct slot {
    column_batch rows;
    source_piece piece;
  };

  static column numbers(const char* name, int64_t begin, int64_t end) {
    column_builder built{name, column_type::int64};
    built.reserve(end - begin);
    for (auto i = begin; i < end; ++i) built.append_int64(i);
    return built.finish();
  }

  const int64_t first_, count_;
  int64_t next_;
  const int64_t stride_;
  uint64_t round_ = 0;
  std::array<slot, 2> slots_;
};

/// Nothing of a file that another partition reads.
class no_share final : public source_share {
 public:
  explicit no_share(uint64_t size) : size_{size} {}
  const source_piece& next() override { return none_; }
  uint64_t size() const override { return size_; }

 private:
  const uint64_t size_;
  const source_piece none_;
};

class mirrored_share final : public source_share {
 public:
  explicit mirrored_share(std::unique_ptr<source_share> share) : share_{std::move(share)} {}

  const source_piece& next() override {
    auto& s = slots_[round_++ % 2];
    s.piece = share_->next();
    s.mirrors.clear();
    for (auto batch : s.piece.batches) s.mirrors.push_back(negated_mirror(*batch));
    auto plain = std::exchange(s.piece.batches, {});
    for (size_t i = 0; i < plain.size(); ++i) {
      s.piece.batches.push_back(plain[i]);
      s.piece.batches.push_back(&s.mirrors[i]);
    }
    return s.piece;
  }
  int64_t lines_before() const override { return share_->lines_before(); }
  text_report report_before() const override { return share_->report_before(); }
  uint64_t size() const override { return share_->size(); }

 private:
  struct slot {
    std::vector<column_batch> mirrors;
    source_piece piece;
  };
  const std::unique_ptr<source_share> share_;
  uint64_t round_ = 0;
  std::array<slot, 2> slots_;
};

/// One character, or none: 0.
char single(const parameters& format, const std::string& name) {
  auto text = text_parameter(format, name, std::string{});
  if (text.size() > 1) throw failure{errc::value, name + " is one character, not '" + text + "'"};
  return text.empty() ? '\0' : text[0];
}

/// The values of name.0, name.1, …
template <class Get>
auto list_of(const parameters& format, const std::string& name, Get get) {
  std::vector<decltype(get(format, name))> all;
  for (auto at = name + ".0"; format.contains(at); at = name + "." + std::to_string(all.size())) all.push_back(get(format, at));
  return all;
}

column_type readable_type(const std::string& name) {
  if (name == "int64") return column_type::int64;
  if (name == "float64") return column_type::float64;
  if (name == "str") return column_type::utf8;
  if (name == "bool") return column_type::boolean;
  if (name == "datetime") return column_type::timestamp;
  throw failure{errc::value, "a column's type is 'int64', 'float64', 'str', 'bool' or 'datetime', not '" + name + "'"};
}

}  // namespace

std::unique_ptr<source_share> share_nothing(uint64_t size) { return std::make_unique<no_share>(size); }

void check_regular(const text_options& o) {
  struct stat facts {};
  if (::stat(o.path.c_str(), &facts) != 0) fail_system(shown_name(o), errno);
  if (S_ISDIR(facts.st_mode)) fail_system(shown_name(o), EISDIR);
  if (!S_ISREG(facts.st_mode)) throw failure{errc::io, shown_name(o) + ": is no regular file, and workers read no other"};
}

std::unique_ptr<source_share> share_numbers(int64_t first, int64_t count, share_place at) { return std::make_unique<number_share>(first, count, at); }

std::unique_ptr<source_share> with_negated_mirrors(std::unique_ptr<source_share> share) {
  return std::make_unique<mirrored_share>(std::move(share));
}

text_options text_options_of(const row_source& source, key_type keys) {
  auto& f = source.format;
  text_options o;
  o.path = source.path;
  o.name = text_parameter(f, "name", std::string{});
  o.delimiter = single(f, "delimiter");
  o.comment = single(f, "comment");
  o.header = bool_parameter(f, "header", false);
  auto text = [](const parameters& p, const std::string& at) { return text_parameter(p, at); };
  o.names = list_of(f, "names", text);
  for (auto& name : list_of(f, "types", text)) o.types.push_back(readable_type(name));
  o.keys = keys;
  o.types_may_widen = bool_parameter(f, "types_may_widen", false);
  o.skip_bad_lines = bool_parameter(f, "skip_bad_lines", false);
  o.skip_lines = int_parameter(f, "skip_lines", 0);
  o.lowest_id = int_parameter(f, "lowest_id", INT64_MIN);
  o.highest_id = int_parameter(f, "highest_id", INT64_MAX);
  return o;
}

}  // namespace gli
