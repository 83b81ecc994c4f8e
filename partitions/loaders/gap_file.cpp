#include "partitions/loaders/gap_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace gli {

namespace {

constexpr uint64_t head_bytes = 17;
constexpr int64_t offsets_at_once = int64_t{1} << 16, ends_at_once = int64_t{1} << 12;

}  // namespace

gap_file::gap_file(const std::string& path, bool weighted, const std::string& name) : file_{path, name}, weighted_{weighted} {
  if (file_.is_plain()) {
    plain_.descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (packed()) fail_system(file_.name(), errno);
  }
  std::array<uint8_t, head_bytes> head;
  read(0, head.data(), head.size());
  std::memcpy(&head_.entries, head.data() + 1, 8);
  std::memcpy(&head_.nodes, head.data() + 9, 8);
  head_.directed = head[0] == 1;
  if (head[0] > 1 || head_.nodes < 0 || head_.nodes > INT32_MAX || head_.entries < 0 || head_.entries > INT64_MAX / 8)
    refuse("no serialized graph: directed " + std::to_string(head[0]) + ", " + std::to_string(head_.entries) + " entries, " + std::to_string(head_.nodes) + " nodes");
}

gap_file::plain_file::~plain_file() {
  if (descriptor >= 0) ::close(descriptor);
}

void gap_file::refuse(const std::string& why) const { throw failure{errc::value, file_.name() + ": " + why}; }

void gap_file::read(uint64_t from, void* to, size_t bytes) {
  if (packed() && from != at_) throw failure{errc::internal, file_.name() + ": a packed file is read in order"};
  for (auto at = static_cast<char*>(to); bytes > 0;) {
    auto got = packed() ? ssize_t(file_.read(at, bytes)) : ::pread(plain_.descriptor, at, bytes, off_t(from));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail_system(file_.name(), errno);
    if (got == 0) refuse("ends " + std::to_string(bytes) + " bytes too early");
    at += got, from += uint64_t(got), bytes -= size_t(got);
  }
  at_ = from;
}

/// Of a packed file those that follow, or were kept.
void gap_file::read_offsets(int64_t first, std::span<int64_t> to) {
  if (size_t(first) < offsets_.size()) return void(std::copy_n(offsets_.begin() + first, to.size(), to.begin()));
  read(head_bytes + 8 * uint64_t(first), to.data(), to.size_bytes());
}

void gap_file::check_offsets(int64_t part, int64_t parts) {
  auto lead = [&] { refuse("the offsets do not lead from 0 to " + std::to_string(head_.entries)); };
  auto begin = head_.nodes * part / parts, end = head_.nodes * (part + 1) / parts;
  std::vector<int64_t> some;
  for (auto last = int64_t{0}; begin <= end; begin += int64_t(some.size())) {
    some.resize(size_t(std::min(offsets_at_once, end + 1 - begin)));
    read_offsets(begin, some);
    if ((begin == 0 && some.front() != 0) || some.front() < last || !std::is_sorted(some.begin(), some.end()) || some.back() > head_.entries) lead();
    last = some.back();
    if (packed()) offsets_.insert(offsets_.end(), some.begin(), some.end());
    if (begin + int64_t(some.size()) > head_.nodes && last != head_.entries) lead();
  }
}

/// The last node that begins at or before an entry: the one that has it.
int64_t gap_file::node_of(int64_t entry) {
  int64_t low = 0, high = head_.nodes;
  while (high - low > 1) {
    auto middle = low + (high - low) / 2;
    int64_t begins = 0;
    read_offsets(middle, {&begins, 1});
    (begins <= entry ? low : high) = middle;
  }
  return low;
}

void gap_file::read_ends(int64_t begin, int64_t end, gap_entries& to) {
  to.node = node_of(begin);
  to.ends.clear();
  for (auto next = to.node + 1; next <= head_.nodes && (to.ends.empty() || to.ends.back() < end);) {
    auto had = to.ends.size();
    to.ends.resize(had + size_t(std::min(ends_at_once, head_.nodes + 1 - next)));
    read_offsets(next, std::span{to.ends}.subspan(had));
    next += int64_t(to.ends.size() - had);
  }
}

void gap_file::read_entries(int64_t begin, int64_t end, gap_entries& to) {
  to.first = begin;
  to.words.resize(size_t(end - begin) * (weighted_ ? 2 : 1));
  if (begin == end) return to.ends.clear();
  read_ends(begin, end, to);
  read(head_bytes + 8 * uint64_t(head_.nodes + 1) + uint64_t(begin) * (weighted_ ? 8 : 4), to.words.data(), to.words.size() * 4);
  for (size_t i = 0; i < to.words.size(); i += weighted_ ? 2 : 1)
    if (to.words[i] < 0 || to.words[i] >= head_.nodes)
      refuse("a neighbor " + std::to_string(to.words[i]) + " outside 0 … " + std::to_string(head_.nodes - 1));
}

}  // namespace gli
