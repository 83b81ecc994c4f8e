#include "partitions/open_alike.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "partitions/byte_stream.h"
#include "runtime/error.h"

namespace gli {

namespace {

/// How opening went on one partition.
struct opening {
  errc code{};
  std::string failed;  // empty: it did not
  uint64_t size = 0;
  std::string who;
};

std::string own_name(uint32_t partition) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return "partition " + std::to_string(partition) + " (pid " + std::to_string(::getpid()) + " on " + host.data() + ")";
}

byte_buffer encode_opening(const opening& o) {
  byte_buffer bytes;
  byte_writer to{bytes};
  to.put(o.code);
  to.put_text(o.failed);
  to.put(o.size);
  to.put_text(o.who);
  return bytes;
}

opening decode_opening(const byte_buffer& bytes) {
  byte_reader from{bytes};
  opening o;
  o.code = from.get<errc>();
  o.failed = from.get_text();
  o.size = from.get<uint64_t>();
  o.who = from.get_text();
  return o;
}

/// Throws what is to be said of openings that did not all go well.
void judge(const std::string& name, const std::vector<opening>& all) {
  auto &first = all.front();
  auto bad = std::find_if(all.begin(), all.end(), [](auto& o) { return !o.failed.empty(); });
  if (bad != all.end()) {
    bool alike = std::all_of(all.begin(), all.end(), [&](auto& o) { return o.failed == first.failed; });
    if (alike) throw failure{bad->code, bad->failed};
    throw failure{bad->code, bad->failed + " for " + bad->who + ", though other workers read it: all must have the files that they load"};
  }
  auto other = std::find_if(all.begin(), all.end(), [&](auto& o) { return o.size != first.size; });
  if (other != all.end())
    throw failure{errc::io, name + ": has " + std::to_string(first.size) + " bytes for " + first.who + " and " + std::to_string(other->size) + " for " + other->who};
}

}  // namespace

std::unique_ptr<source_share> open_alike(const std::string& name, communicator& all, const std::function<std::unique_ptr<source_share>()>& open) {
  std::unique_ptr<source_share> share;
  opening mine;
  mine.who = own_name(all.rank());
  try {
    share = open();
    mine.size = share->size();
  } catch (const failure& f) {
    mine.code = f.code();
    mine.failed = f.what();
  }
  std::vector<opening> openings;
  for (auto& bytes : all.all_to_all(std::vector<byte_buffer>(all.size(), encode_opening(mine)))) openings.push_back(decode_opening(bytes));
  judge(name, openings);
  return share;
}

}  // namespace gli
