// What users call commits: names of branches, prefixes of ids, steps back.
#include "storage/manifest.h"

#include <algorithm>
#include <charconv>

#include "runtime/error.h"

namespace gli::storage {
namespace {

constexpr size_t longest_name = 255, shortest_prefix = 4, id_digits = 32;
constexpr std::string_view forbidden = " ~^:?*[\\";

/// What is wrong with one part of a name between slashes; empty: nothing.
const char* wrong_part(std::string_view part) {
  if (part.empty()) return "has an empty part";
  if (part.front() == '.' || part.front() == '-') return "has a part that begins with '.' or '-'";
  if (part.back() == '.' || part.ends_with(".lock")) return "has a part that ends with '.' or '.lock'";
  return "";
}

std::string wrong_name(std::string_view name) {
  if (name.empty()) return "is empty";
  if (name.size() > longest_name) return "is longer than " + std::to_string(longest_name) + " bytes";
  if (name == "@" || name.find("@{") != name.npos) return "means something else";
  if (name.find("..") != name.npos) return "contains '..'";
  for (auto c : name) {
    if (uint8_t(c) < 0x20 || c == 0x7f) return "contains a control character";
    if (forbidden.find(c) != forbidden.npos) return "contains '" + std::string{c} + "'";
  }
  for (size_t begin = 0; begin <= name.size();) {
    auto end = std::min(name.find('/', begin), name.size());
    if (auto wrong = wrong_part(name.substr(begin, end - begin)); *wrong) return wrong;
    begin = end + 1;
  }
  return {};
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

[[noreturn]] void unknown(const std::string& revision, const std::string& why) {
  throw failure{errc::key, "no revision '" + revision + "': " + why};
}

/// NAME, NAME@{moves}, each with ~back.
struct parsed {
  std::string base;
  std::optional<uint64_t> moves;
  uint64_t back = 0;
};

uint64_t number(std::string_view digits, const std::string& revision, const char* wanted) {
  uint64_t n = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), n);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) unknown(revision, wanted);
  return n;
}

parsed parse(const std::string& revision) {
  parsed p;
  auto tilde = revision.find('~');
  if (tilde != revision.npos) {
    auto digits = std::string_view{revision}.substr(tilde + 1);
    p.back = digits.empty() ? 1 : number(digits, revision, "a number must follow '~'");
  }
  p.base = revision.substr(0, tilde);
  if (auto at = p.base.find("@{"); at != p.base.npos) {
    if (p.base.back() != '}') unknown(revision, "'@{' must end with '}'");
    p.moves = number(std::string_view{p.base}.substr(at + 2, p.base.size() - at - 3), revision, "a number must stand in '@{}'");
    p.base.resize(at);
  }
  return p;
}

/// Where the branch was so many moves ago.
std::optional<hash128> find_in_reflog(reader& manifest, const std::string& branch, uint64_t moves, const std::string& revision) {
  if (moves == 0) return read_branch(manifest, branch).head;
  std::optional<std::optional<hash128>> found;
  manifest.scan(table::reflog, {}, [&](bytes_view key, bytes_view value) {
    if (key.size() != 8) throw failure{errc::corrupt, "a reflog entry has a key of " + std::to_string(key.size()) + " bytes"};
    auto entry = decode_reflog(value, reflog_sequence(key));
    if (entry.branch == branch && --moves == 0) found = entry.before;
    return moves > 0;
  });
  if (!found) unknown(revision, "the branch has not moved as often");
  return *found;
}

bool has_prefix(bytes_view key, std::string_view digits) {
  for (size_t i = 0; i < digits.size(); ++i)
    if ((i % 2 == 0 ? key[i / 2] >> 4 : key[i / 2] & 15) != digit(digits[i])) return false;
  return true;
}

hash128 find_by_prefix(reader& manifest, std::string_view prefix, const std::string& revision) {
  auto is_hex = std::ranges::all_of(prefix, [](char c) { return digit(c) >= 0; });
  if (!is_hex || prefix.size() < shortest_prefix || prefix.size() > id_digits) unknown(revision, "neither a branch, a tag nor a commit id");
  hash_key from{};
  for (size_t i = 0; i < prefix.size(); ++i) from[i / 2] |= uint8_t(digit(prefix[i]) << (i % 2 == 0 ? 4 : 0));
  std::vector<hash128> found;
  manifest.scan(table::commits, from, [&](bytes_view key, bytes_view) {
    if (key.size() != 16 || !has_prefix(key, prefix)) return false;
    found.push_back(hash_of(key));
    return found.size() < 2;
  });
  if (found.empty()) unknown(revision, "neither a branch, a tag nor a commit id");
  if (found.size() > 1) unknown(revision, "it begins " + to_hex(found[0]) + " and " + to_hex(found[1]));
  return found[0];
}

}  // namespace

void check_name(std::string_view of, const std::string& name) {
  if (auto wrong = wrong_name(name); !wrong.empty()) throw failure{errc::value, std::string{of} + " name '" + name + "' " + wrong};
}

std::optional<hash128> find_revision(reader& manifest, const std::string& revision) {
  auto [base, moves, back] = parse(revision);
  if (base.empty()) base = read_current(manifest);
  std::optional<hash128> id;
  if (moves) id = find_in_reflog(manifest, base, *moves, revision);
  else if (auto branch = find_branch(manifest, base)) id = branch->head;
  else if (auto tag = find_tag(manifest, base)) id = tag;
  else id = find_by_prefix(manifest, base, revision);
  if (!id && back > 0) unknown(revision, "the branch has no commits");
  for (; back > 0; --back) {
    auto commit = read_commit(manifest, *id);
    if (commit.parents.empty()) unknown(revision, "it goes back past the first commit");
    id = commit.parents.front();
  }
  return id;
}

}  // namespace gli::storage
