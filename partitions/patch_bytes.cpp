// A patch as bytes and back: docs/versions.md, "A patch as bytes".
#include <algorithm>
#include <array>
#include <bit>
#include <map>

#include "partitions/byte_stream.h"
#include "partitions/patch.h"

namespace gli {

namespace {

using what = edit::what;
using attribute_list = std::vector<std::pair<std::string, value>>;

constexpr uint8_t patch_version = 1;
constexpr std::array sections{what::remove_node, what::remove_edge, what::add_node, what::add_edge, what::update_node, what::update_edge, what::set_graph_attribute};

bool of_edge(what op) { return op == what::remove_edge || op == what::add_edge || op == what::update_edge; }
bool has_attributes(what op) { return op != what::remove_node && op != what::remove_edge; }

[[noreturn]] void damaged(const std::string& reason) { throw failure{errc::corrupt, "a stored patch " + reason}; }

uint64_t zigzag(int64_t x) { return uint64_t(x) << 1 ^ uint64_t(x >> 63); }
int64_t from_zigzag(uint64_t x) { return int64_t(x >> 1 ^ (~(x & 1) + 1)); }

/// The numbers of keys as steps from the key before that had the same part in its section.
struct last_keys {
  std::array<int64_t, 3> last{};
  uint64_t step(size_t part, int64_t k) { return zigzag(int64_t(uint64_t(k) - uint64_t(std::exchange(last[part], k)))); }
  int64_t after(size_t part, uint64_t step) { return last[part] = int64_t(uint64_t(last[part]) + uint64_t(from_zigzag(step))); }
};

// --- writing ---------------------------------------------------------------------------------------------------------------

class patch_writer {
 public:
  byte_buffer write(const patch& p);

 private:
  void note_kind(const patch& p);
  void put_section(std::span<const edit> edits);
  void put_key(const key& k, size_t part);
  void put_attributes(const attribute_list& attributes);
  void put_value(const value& v);

  byte_buffer bytes_;
  byte_writer out_{bytes_};
  key_type keys_ = key_type::none, edge_keys_ = key_type::none;
  std::map<std::string_view, uint64_t> names_;
  last_keys last_;
};

void patch_writer::note_kind(const patch& p) {
  for (auto& e : p.edits) {
    if (e.op != what::set_graph_attribute) keys_ = type_of(e.node);
    if (e.edge_key) edge_keys_ = type_of(*e.edge_key);
    for (auto& [name, v] : e.attributes)
      if (!names_.contains(name)) names_.emplace(name, 0);
  }
  uint64_t number = 0;
  for (auto& [name, at] : names_) at = number++;
}

byte_buffer patch_writer::write(const patch& p) {
  note_kind(p);
  for (auto x : {patch_version, uint8_t(p.directed), uint8_t(p.multi), uint8_t(keys_), uint8_t(edge_keys_)}) out_.put(x);
  out_.put_varint(names_.size());
  for (auto& [name, number] : names_) out_.put_text(name);
  auto begin = p.edits.begin();
  for (auto op : sections) {
    auto end = std::find_if(begin, p.edits.end(), [&](auto& e) { return e.op != op; });
    put_section({begin, end});
    begin = end;
  }
  if (begin != p.edits.end()) throw failure{errc::internal, "a patch whose edits are not in the order of their kinds"};
  return std::move(bytes_);
}

void patch_writer::put_section(std::span<const edit> edits) {
  out_.put_varint(edits.size());
  last_ = {};
  for (auto& e : edits) {
    if (e.op != what::set_graph_attribute) put_key(e.node, 0);
    if (of_edge(e.op)) put_key(e.target, 1);
    if (e.edge_key) put_key(*e.edge_key, 2);
    if (has_attributes(e.op)) put_attributes(e.attributes);
  }
}

void patch_writer::put_key(const key& k, size_t part) {
  if (auto number = std::get_if<int64_t>(&k)) out_.put_varint(last_.step(part, *number));
  else out_.put_text(std::get<std::string>(k));
}

void patch_writer::put_attributes(const attribute_list& attributes) {
  out_.put_varint(attributes.size());
  for (auto& [name, v] : attributes) {
    out_.put_varint(names_.at(name));
    put_value(v);
  }
}

void patch_writer::put_value(const value& v) {
  auto type = type_of(v);
  out_.put(type ? uint8_t(*type) : uint8_t{0});
  if (!type) return;
  switch (*type) {
    case column_type::boolean: return out_.put(uint8_t(std::get<bool>(v)));
    case column_type::int64: return out_.put_varint(zigzag(std::get<int64_t>(v)));
    case column_type::float64: return out_.put(std::bit_cast<uint64_t>(std::get<double>(v)));
    case column_type::timestamp: return out_.put_varint(zigzag(std::get<timestamp>(v).microseconds));
    case column_type::utf8: return out_.put_text(std::get<std::string>(v));
    case column_type::binary: return out_.put_text(std::get<binary>(v).bytes);
    default: return out_.put_text(std::get<json>(v).text);
  }
}

// --- reading ---------------------------------------------------------------------------------------------------------------

class patch_reader {
 public:
  explicit patch_reader(std::span<const uint8_t> bytes) : in_{bytes} {}
  patch read();

 private:
  bool flag();
  key_type type();
  uint64_t count();
  void read_names();
  void read_section(what op);
  key read_key(key_type type, size_t part);
  attribute_list read_attributes();
  value read_value();
  std::string text() { return std::string{in_.get_text()}; }

  byte_reader in_;
  patch made_;
  key_type keys_ = key_type::none, edge_keys_ = key_type::none;
  std::vector<std::string> names_;
  last_keys last_;
};

bool patch_reader::flag() {
  auto x = in_.get<uint8_t>();
  if (x > 1) damaged("has a flag of " + std::to_string(x));
  return x;
}

key_type patch_reader::type() {
  auto x = in_.get<uint8_t>();
  if (x > uint8_t(key_type::utf8)) damaged("has keys of unknown type " + std::to_string(x));
  return key_type(x);
}

/// Of things that take a byte each at least.
uint64_t patch_reader::count() {
  auto n = in_.get_varint();
  if (n > in_.left()) damaged("counts " + std::to_string(n) + " things in " + std::to_string(in_.left()) + " bytes");
  return n;
}

void patch_reader::read_names() {
  for (auto left = count(); left > 0; --left) {
    auto name = text();
    if (!names_.empty() && name <= names_.back()) damaged("has names out of order");
    names_.push_back(std::move(name));
  }
}

patch patch_reader::read() {
  auto version = in_.get<uint8_t>();
  if (version != patch_version) damaged("has version " + std::to_string(version) + "; this program reads version " + std::to_string(patch_version));
  made_.directed = flag();
  made_.multi = flag();
  keys_ = type();
  edge_keys_ = type();
  if (!made_.multi && edge_keys_ != key_type::none) damaged("has edge keys without parallel edges");
  read_names();
  for (auto op : sections) read_section(op);
  if (!in_.at_end()) damaged("is longer than its contents");
  return std::move(made_);
}

void patch_reader::read_section(what op) {
  last_ = {};
  auto items = count();
  if (op == what::set_graph_attribute && items > 1) damaged("changes the graph more than once");
  for (; items > 0; --items) {
    auto& e = made_.edits.emplace_back();
    e.op = op;
    if (op != what::set_graph_attribute) e.node = read_key(keys_, 0);
    if (of_edge(op)) e.target = read_key(keys_, 1);
    if (of_edge(op) && made_.multi) e.edge_key = read_key(edge_keys_, 2);
    if (has_attributes(op)) e.attributes = read_attributes();
  }
}

key patch_reader::read_key(key_type type, size_t part) {
  if (type == key_type::none) damaged("has keys without a type");
  if (type == key_type::int64) return last_.after(part, in_.get_varint());
  return text();
}

attribute_list patch_reader::read_attributes() {
  attribute_list attributes;
  for (auto left = count(); left > 0; --left) {
    auto name = in_.get_varint();
    if (name >= names_.size()) damaged("has an attribute without a name");
    attributes.emplace_back(names_[name], read_value());
  }
  return attributes;
}

value patch_reader::read_value() {
  auto type = in_.get<uint8_t>();
  switch (type) {
    case 0: return {};
    case uint8_t(column_type::boolean): return flag();
    case uint8_t(column_type::int64): return from_zigzag(in_.get_varint());
    case uint8_t(column_type::float64): return std::bit_cast<double>(in_.get<uint64_t>());
    case uint8_t(column_type::utf8): return text();
    case uint8_t(column_type::timestamp): return timestamp{from_zigzag(in_.get_varint())};
    case uint8_t(column_type::binary): return binary{text()};
    case uint8_t(column_type::json): return json{text()};
  }
  damaged("has a value of unknown type " + std::to_string(type));
}

}  // namespace

byte_buffer encode(const patch& p) { return patch_writer{}.write(p); }

patch decode_patch(std::span<const uint8_t> bytes) {
  try {
    return patch_reader{bytes}.read();
  } catch (const failure& f) {
    if (f.code() != errc::protocol) throw;
    damaged("ends early, or has a number of more than 64 bits");
  }
}

}  // namespace gli
