#include "partitions/root_page.h"

#include "partitions/rows.h"
#include "runtime/error.h"

namespace gli {

namespace {

[[noreturn]] void damaged(const std::string& what) { throw failure{errc::corrupt, "stored graph: " + what}; }

struct value_writer {
  root_writer& out;
  void operator()(std::monostate) const {}
  void operator()(bool x) const { out.put(uint8_t{x}); }
  void operator()(int64_t x) const { out.put(x); }
  void operator()(double x) const { out.put(x); }
  void operator()(const std::string& x) const { out.put_text(x); }
  void operator()(timestamp x) const { out.put(x.microseconds); }
  void operator()(const binary& x) const { out.put_text(x.bytes); }
  void operator()(const json& x) const { out.put_text(x.text); }
};

}  // namespace

root_writer::root_writer(uint32_t magic, uint32_t version) { put(magic).put(version); }

root_writer& root_writer::put_text(std::string_view x) {
  if (x.size() > UINT32_MAX) throw failure{errc::memory, "a text of more than 4 GiB cannot be stored"};
  put(uint32_t(x.size()));
  bytes_.insert(bytes_.end(), x.begin(), x.end());
  return *this;
}

root_writer& root_writer::put_tree(const tree_ref& t) { return put(t.leaves).put(t.root.low).put(t.root.high); }

root_writer& root_writer::put_value(const value& v) {
  auto type = type_of(v);
  put(type ? static_cast<uint8_t>(*type) : uint8_t{0});
  std::visit(value_writer{*this}, v);
  return *this;
}

root_writer& root_writer::put_parameters(const parameters& p) {
  put(uint32_t(p.size()));
  for (auto& [name, v] : p) put_text(name).put_value(v);
  return *this;
}

root_reader::root_reader(const byte_buffer& bytes, uint32_t magic, const char* what, uint32_t newest) : bytes_{bytes} {
  if (get<uint32_t>() != magic) damaged(std::string{"its root is not that of "} + what);
  version_ = get<uint32_t>();
  if (version_ < 1 || version_ > newest)
    damaged("its format is version " + std::to_string(version_) + "; this program reads versions up to " + std::to_string(newest));
}

const uint8_t* root_reader::take(size_t bytes) {
  if (bytes > bytes_.size() - at_) damaged("its root ends early");
  at_ += bytes;
  return bytes_.data() + at_ - bytes;
}

bool root_reader::get_flag() {
  auto x = get<uint8_t>();
  if (x > 1) damaged("a flag of " + std::to_string(x));
  return x;
}

std::string root_reader::get_text() {
  auto length = get<uint32_t>();
  auto text = reinterpret_cast<const char*>(take(length));
  return {text, length};
}

column_type root_reader::get_type() {
  auto x = get<uint8_t>();
  if (x < 1 || x > uint8_t(last_column_type)) damaged("a column of unknown type " + std::to_string(x));
  return column_type(x);
}

tree_ref root_reader::get_tree() {
  tree_ref t;
  t.leaves = get<uint64_t>();
  t.root.low = get<uint64_t>();
  t.root.high = get<uint64_t>();
  return t;
}

value root_reader::get_value() {
  if (at_ < bytes_.size() && bytes_[at_] == 0) {
    ++at_;
    return {};
  }
  switch (get_type()) {
    case column_type::boolean: return get_flag();
    case column_type::int64: return get<int64_t>();
    case column_type::float64: return get<double>();
    case column_type::utf8: return get_text();
    case column_type::timestamp: return timestamp{get<int64_t>()};
    case column_type::binary: return binary{get_text()};
    case column_type::json: return json{get_text()};
    default: damaged("a value of a type that only columns have");
  }
}

parameters root_reader::get_parameters() {
  parameters p;
  for (auto count = get<uint32_t>(); count > 0; --count) {
    auto name = get_text();
    p[name] = get_value();
  }
  return p;
}

void root_reader::expect_end() const {
  if (at_ != bytes_.size()) damaged("its root is longer than its contents");
}

}  // namespace gli
