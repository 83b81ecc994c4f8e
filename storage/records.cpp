#include "storage/records.h"

#include <algorithm>
#include <bit>
#include <type_traits>

#include "storage/packed.h"
#include "storage/record_bytes.h"

namespace gli::storage {
namespace {

constexpr auto format_magic = record_magic("GLIF"), branch_magic = record_magic("GLIB"), current_magic = record_magic("GLIH"),
               commit_magic = record_magic("GLIC"), patch_magic = record_magic("GLIP"), reflog_magic = record_magic("GLIR"),
               result_magic = record_magic("GLIV");
constexpr uint32_t record_version = 1;  // of the other kinds
constexpr uint32_t commit_version = 2;  // 1: without page_bytes, patch_bytes and extent
constexpr uint32_t packed_patch_version = 2;
constexpr uint32_t named_version = 2;   // of branches, tags and the reflog; 1: without their keys, and descriptions
constexpr std::string_view commit_domain = "GLI commit 1";

enum class value_tag : uint8_t { null = 0, boolean = 1, int64 = 2, float64 = 3, text = 4, timestamp = 5, binary = 6, json = 7 };

void put_tag(record_writer& w, value_tag t) { w.u8(uint8_t(t)); }

struct value_encoder {
  record_writer& w;
  void operator()(std::monostate) const { put_tag(w, value_tag::null); }
  void operator()(bool x) const { put_tag(w, value_tag::boolean), w.u8(x); }
  void operator()(int64_t x) const { put_tag(w, value_tag::int64), w.u64(uint64_t(x)); }
  void operator()(double x) const { put_tag(w, value_tag::float64), w.u64(std::bit_cast<uint64_t>(x)); }
  void operator()(const std::string& x) const { put_tag(w, value_tag::text), w.text(x); }
  void operator()(timestamp x) const { put_tag(w, value_tag::timestamp), w.u64(uint64_t(x.microseconds)); }
  void operator()(const binary& x) const { put_tag(w, value_tag::binary), w.text(x.bytes); }
  void operator()(const json& x) const { put_tag(w, value_tag::json), w.text(x.text); }
};

value read_value(record_reader& r) {
  auto tag = r.u8();
  switch (value_tag(tag)) {
    case value_tag::null:
      return {};
    case value_tag::boolean:
      return r.flag();
    case value_tag::int64:
      return int64_t(r.u64());
    case value_tag::float64:
      return std::bit_cast<double>(r.u64());
    case value_tag::text:
      return r.text();
    case value_tag::timestamp:
      return timestamp{int64_t(r.u64())};
    case value_tag::binary:
      return binary{r.text()};
    case value_tag::json:
      return json{r.text()};
  }
  r.fail("has a value of unknown type " + std::to_string(tag));
}

void write_hashes(record_writer& w, const std::vector<hash128>& hashes) {
  w.u32(uint32_t(hashes.size()));
  for (auto& h : hashes) w.hash(h);
}

std::vector<hash128> read_hashes(record_reader& r) {
  std::vector<hash128> hashes(r.count(16));
  for (auto& h : hashes) h = r.hash();
  return hashes;
}

void write_optional(record_writer& w, const std::optional<hash128>& h) {
  w.u8(h.has_value());
  w.hash(h.value_or(hash128{}));
}

std::optional<hash128> read_optional(record_reader& r) {
  auto present = r.flag();
  auto h = r.hash();
  return present ? std::optional{h} : std::nullopt;
}

void write_parameters(record_writer& w, const parameters& p) {
  w.u32(uint32_t(p.size()));
  for (auto& [name, x] : p) {
    w.text(name);
    std::visit(value_encoder{w}, x);
  }
}

parameters read_parameters(record_reader& r) {
  parameters p;
  for (auto left = r.count(5); left > 0; --left) {
    auto name = r.text();
    if (!p.empty() && p.rbegin()->first >= name) r.fail("has parameters out of order");
    p.emplace_hint(p.end(), std::move(name), read_value(r));
  }
  return p;
}

void write_kind(record_writer& w, const graph_kind& k) {
  w.u8(k.directed);
  w.u8(k.multi);
  w.u8(uint8_t(k.keys));
  w.u8(uint8_t(k.edge_keys));
}

key_type read_key_type(record_reader& r) {
  auto t = r.u8();
  if (t > uint8_t(key_type::utf8)) r.fail("has keys of unknown type " + std::to_string(t));
  return key_type(t);
}

graph_kind read_kind(record_reader& r) {
  graph_kind k;
  k.directed = r.flag();
  k.multi = r.flag();
  k.keys = read_key_type(r);
  k.edge_keys = read_key_type(r);
  return k;
}

graph_extent read_extent(record_reader& r) {
  auto e = r.u8();
  if (e > uint8_t(graph_extent::part)) r.fail("has a graph of unknown extent " + std::to_string(e));
  return graph_extent(e);
}

void write_info(record_writer& w, const result_info& info) {
  w.text(info.algorithm);
  w.u32(info.version);
  write_parameters(w, info.arguments);
}

void write_result(record_writer& w, const stored_result& result) {
  write_info(w, result.info);
  write_hashes(w, result.roots);
}

stored_result read_result(record_reader& r) {
  stored_result result;
  result.info.algorithm = r.text();
  result.info.version = r.u32();
  result.info.arguments = read_parameters(r);
  result.roots = read_hashes(r);
  return result;
}

/// What the commit's id is the hash of.
void write_identity(record_writer& w, const commit_record& c) {
  w.hash(c.graph_id);
  write_hashes(w, c.parents);
  w.text(c.message);
  w.text(c.author);
  w.u64(uint64_t(c.time));
}

}  // namespace

hash128 commit_id(const commit_record& r) {
  record_writer w;
  w.text(commit_domain);
  write_identity(w, r);
  return content_hash(w.bytes());
}

byte_buffer encode(const format_record& r) {
  record_writer w{format_magic, record_version};
  w.u32(r.version);
  w.text(r.role);
  return w.finish();
}

format_record decode_format(bytes_view record, const std::string& where) {
  record_reader r{record, format_magic, record_version, where + ": the format record"};
  format_record f;
  f.version = r.u32();
  f.role = r.text();
  r.end();
  return f;
}

byte_buffer encode(const branch_record& b) {
  record_writer w{branch_magic, named_version};
  w.text(b.name);
  write_optional(w, b.head);
  w.text(b.description);
  return w.finish();
}

branch_record decode_branch(bytes_view record, const std::string& name) {
  record_reader r{record, branch_magic, named_version, "branch '" + name + "'"};
  branch_record b{name, {}};
  if (r.version() > 1) b.name = r.text();
  if (b.name != name) r.fail("holds the branch '" + b.name + "'");
  b.head = read_optional(r);
  if (r.version() > 1) b.description = r.text();
  r.end();
  return b;
}

byte_buffer encode(const current_record& c) {
  record_writer w{current_magic, record_version};
  w.text(c.branch);
  return w.finish();
}

current_record decode_current(bytes_view record) {
  record_reader r{record, current_magic, record_version, "the record of the current branch"};
  current_record c{r.text()};
  r.end();
  return c;
}

byte_buffer encode(const commit_record& c) {
  record_writer w{commit_magic, commit_version};
  write_identity(w, c);
  w.u64(c.nodes);
  w.u64(c.edges);
  write_kind(w, c.kind);
  write_hashes(w, c.roots);
  w.u32(uint32_t(c.results.size()));
  for (auto& result : c.results) write_result(w, result);
  w.u64(c.page_bytes);
  w.u64(c.patch_bytes);
  w.u8(uint8_t(c.extent));
  return w.finish();
}

commit_record decode_commit(bytes_view record, const hash128& id) {
  record_reader r{record, commit_magic, commit_version, {"commit ", id}};
  commit_record c;
  c.graph_id = r.hash();
  c.parents = read_hashes(r);
  c.message = r.text();
  c.author = r.text();
  c.time = int64_t(r.u64());
  c.nodes = r.u64();
  c.edges = r.u64();
  c.kind = read_kind(r);
  c.roots = read_hashes(r);
  for (auto left = r.count(16); left > 0; --left) c.results.push_back(read_result(r));
  if (r.version() >= 2) {
    c.page_bytes = r.u64();
    c.patch_bytes = r.u64();
    c.extent = read_extent(r);
  }
  r.end();
  if (c.is_patch() && (!c.roots.empty() || c.parents.empty())) r.fail("has both a patch and pages, or a patch of nothing");
  c.id = commit_id(c);
  if (c.id != id) r.fail("holds the commit " + to_hex(c.id));
  return c;
}

byte_buffer encode(const patch_record& p) {
  record_writer w{patch_magic, record_version};
  w.hash(p.base);
  w.text(as_text(p.patch));
  return w.finish();
}

std::optional<byte_buffer> encode_packed(const patch_record& p) {
  auto packed = pack(p.patch);
  if (!packed) return {};
  record_writer w{patch_magic, packed_patch_version};
  w.hash(p.base);
  w.raw(*packed);
  return w.finish();
}

patch_record decode_patch(bytes_view record, const hash128& commit) {
  record_name name{"the patch of commit ", commit};
  record_reader r{record, patch_magic, packed_patch_version, name};
  patch_record p;
  p.base = r.hash();
  if (r.version() == packed_patch_version) {
    p.patch = unpack(r.rest(), name.text());
    return p;
  }
  auto patch = r.text_bytes();
  p.patch.assign(patch.begin(), patch.end());
  r.end();
  return p;
}

result_key key_of(const hash128& graph_id, const result_info& info) {
  record_writer w;
  write_info(w, info);
  auto first = key_of(graph_id), second = key_of(content_hash(w.bytes()));
  result_key key;
  std::ranges::copy(second, std::ranges::copy(first, key.begin()).out);
  return key;
}

byte_buffer encode(const kept_result& k) {
  record_writer w{result_magic, record_version};
  w.hash(k.graph_id);
  write_result(w, k.result);
  w.u64(uint64_t(k.time));
  return w.finish();
}

kept_result decode_result(bytes_view record, bytes_view key) {
  record_reader r{record, result_magic, record_version, "a kept result"};
  kept_result k;
  k.graph_id = r.hash();
  k.result = read_result(r);
  k.time = int64_t(r.u64());
  r.end();
  if (!std::ranges::equal(key_of(k.graph_id, k.result.info), key)) r.fail("holds another one, of " + k.result.info.algorithm);
  return k;
}

byte_buffer encode(const reflog_entry& e) {
  record_writer w{reflog_magic, named_version};
  w.u64(e.sequence);
  w.text(e.branch);
  write_optional(w, e.before);
  write_optional(w, e.after);
  w.u64(uint64_t(e.time));
  w.text(e.action);
  return w.finish();
}

reflog_entry decode_reflog(bytes_view record, uint64_t sequence) {
  record_reader r{record, reflog_magic, named_version, "reflog entry " + std::to_string(sequence)};
  reflog_entry e;
  e.sequence = r.version() > 1 ? r.u64() : sequence;
  if (e.sequence != sequence) r.fail("holds entry " + std::to_string(e.sequence));
  e.branch = r.text();
  e.before = read_optional(r);
  e.after = read_optional(r);
  e.time = int64_t(r.u64());
  e.action = r.text();
  r.end();
  return e;
}

}  // namespace gli::storage
