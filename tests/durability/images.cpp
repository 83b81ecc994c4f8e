#include "tests/durability/images.h"

#include <algorithm>
#include <filesystem>

namespace gli::durability {
namespace {

constexpr size_t sector = 512;

std::string directory_of(const std::string& path) { return std::filesystem::path{path}.parent_path().string(); }

}  // namespace

void disk::write(byte_buffer& to, const file_call& call) {
  if (call.kind == file_call::what::resize) return to.resize(call.at);
  if (to.size() < call.at + call.bytes.size()) to.resize(call.at + call.bytes.size());
  std::ranges::copy(call.bytes, to.begin() + std::ptrdiff_t(call.at));
}

void disk::write_some_sectors(byte_buffer& to, const file_call& call, std::mt19937_64& random) {
  for (size_t at = 0; at < call.bytes.size();) {
    auto end = std::min(call.bytes.size(), at + sector - (call.at + at) % sector);
    file_call part{file_call::what::write, 0, {}, {}, call.at + at, {call.bytes.begin() + std::ptrdiff_t(at), call.bytes.begin() + std::ptrdiff_t(end)}};
    if (random() % 2) write(to, part);
    at = end;
  }
}

void disk::change(std::map<std::string, uint64_t>& names, const name& n) {
  if (!n.before.empty()) names.erase(n.before);
  names[n.path] = n.file;
}

/// A file that is seen for the first time at its path was made there.
void disk::know(const file_call& call) {
  auto found = now_.find(call.path);
  if (found != now_.end() && found->second == call.file) return;
  pending_names_.push_back({directory_of(call.path), call.path, call.file, {}});
  change(now_, pending_names_.back());
}

void disk::apply(const file_call& call) {
  using enum file_call::what;
  auto is = [&](auto... kinds) { return ((call.kind == kinds) || ...); };
  if (is(write, synced_write, resize)) know(call);
  if (is(write, resize)) files_[call.file].pending.push_back(call);
  if (is(synced_write)) disk::write(files_[call.file].kept, call);
  if (is(sync)) {
    auto& f = files_[call.file];
    for (auto& w : f.pending) disk::write(f.kept, w);
    f.pending.clear();
  }
  if (is(rename)) {
    pending_names_.push_back({directory_of(call.to), call.to, now_.at(call.path), call.path});
    change(now_, pending_names_.back());
  }
  if (is(sync_directory))
    std::erase_if(pending_names_, [&](auto& n) {
      if (n.directory != call.path) return false;
      change(names_, n);
      return true;
    });
}

std::map<std::string, byte_buffer> disk::image(unsynced fate, std::mt19937_64& random) const {
  std::map<uint64_t, byte_buffer> contents;
  for (auto& [inode, f] : files_) {
    auto& bytes = contents[inode] = f.kept;
    for (auto& w : f.pending) {
      auto luck = fate == unsynced::kept ? 0 : fate == unsynced::lost ? 3 : random() % 4;
      if (luck < 2) write(bytes, w);
      if (luck == 2 && w.kind == file_call::what::write) write_some_sectors(bytes, w, random);
    }
  }
  auto names = names_;
  auto named = fate == unsynced::kept ? pending_names_.size() : fate == unsynced::lost ? 0 : random() % (pending_names_.size() + 1);
  for (size_t i = 0; i < named; ++i) change(names, pending_names_[i]);
  std::map<std::string, byte_buffer> image;
  for (auto& [path, inode] : names) image[path] = contents[inode];
  return image;
}

}  // namespace gli::durability
