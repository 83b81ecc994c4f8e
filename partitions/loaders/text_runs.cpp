#include "partitions/loaders/text_runs.h"

#include <tbb/parallel_for.h>

#include <algorithm>

namespace gli {

namespace {

constexpr size_t bytes_per_run = size_t{256} << 10;

bool widen_column(text_column& c, column_type needed) {
  if (c.is_id || !c.guessed || needed == c.type || c.type == column_type::utf8) return false;
  if (needed == column_type::int64) return false;
  c.type = needed;
  return true;
}

}  // namespace

void text_runs::parse(const text_layout& layout, const char* begin, const char* end, int64_t first_line) {
  runs_.clear();
  first_lines_.clear();
  auto next_line = first_line;
  for (auto* p = begin; p != end;) {
    auto* stop = size_t(end - p) <= bytes_per_run ? end : std::find(p + bytes_per_run, end, '\n') + 1;
    runs_.emplace_back(p, size_t(stop - p));
    first_lines_.push_back(next_line);
    next_line += std::count(p, stop, '\n');
    p = stop;
  }
  lines_ = next_line - first_line;
  if (parsers_.size() < runs_.size()) parsers_.resize(runs_.size());
  parse_again(layout);
}

void text_runs::parse_again(const text_layout& layout) {
  tbb::parallel_for(size_t{0}, runs_.size(), [&](size_t i) { parsers_[i].parse(layout, runs_[i], first_lines_[i]); });
}

std::optional<bad_line> text_runs::error() const {
  for (size_t i = 0; i < runs_.size(); ++i)
    if (parsers_[i].error()) return parsers_[i].error();
  return {};
}

bool text_runs::ids_are_text() const {
  for (size_t i = 0; i < runs_.size(); ++i)
    if (parsers_[i].ids_are_text()) return true;
  return false;
}

bool text_runs::widen(std::vector<text_column>& columns) const {
  bool wider = false;
  for (size_t i = 0; i < runs_.size(); ++i)
    for (size_t c = 0; c < columns.size(); ++c) wider |= widen_column(columns[c], parsers_[i].needed_types()[c]);
  return wider;
}

void text_runs::add_report(text_report& to) const {
  for (size_t i = 0; i < runs_.size(); ++i) to.add(parsers_[i].report());
}

std::vector<column_type> attribute_types(const std::vector<text_column>& columns) {
  std::vector<column_type> types;
  for (auto& c : columns)
    if (!c.is_id) types.push_back(c.type);
  return types;
}

}  // namespace gli
