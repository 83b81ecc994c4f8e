#include "runtime/codec_wire.h"

namespace gli::codec {

namespace {

key required_key(wire::Value::Reader from) {
  if (auto k = to_key(get(from))) return *k;
  refuse("an edit without the key of a node");
}

bool names_node(enum edit::what op) { return op != edit::what::set_graph_attribute && op != edit::what::remove_graph_attribute; }

bool names_edge(enum edit::what op) {
  using what = enum edit::what;
  return op == what::add_edge || op == what::update_edge || op == what::upsert_edge || op == what::remove_edge || op == what::remove_edge_attribute;
}

void put_edit(wire::Edit::Builder to, const edit& from) {
  to.setOperation(uint8_t(from.op));
  if (names_node(from.op)) put(to.initNode(), to_value(from.node));
  if (names_edge(from.op)) put(to.initTarget(), to_value(from.target));
  if (from.edge_key) put(to.initKey(), to_value(*from.edge_key));
  fill_list(to.initAttributes(count(from.attributes)), from.attributes, [](wire::Parameter::Builder place, const auto& a) {
    place.setName(text(a.first));
    put(place.initValue(), a.second);
  });
  to.setCreateNodes(from.create_nodes);
}

edit get_edit(wire::Edit::Reader from) {
  edit e;
  if (from.getOperation() > uint8_t(edit::what::remove_graph_attribute)) refuse("no edit " + std::to_string(from.getOperation()));
  e.op = static_cast<enum edit::what>(from.getOperation());
  if (names_node(e.op)) e.node = required_key(from.getNode());
  if (names_edge(e.op)) e.target = required_key(from.getTarget());
  e.edge_key = to_key(get(from.getKey()));
  for (auto a : from.getAttributes()) e.attributes.emplace_back(string_of(a.getName()), get(a.getValue()));
  e.create_nodes = from.getCreateNodes();
  return e;
}

}  // namespace

void put(capnp::List<wire::Edit>::Builder to, const std::vector<edit>& from) {
  fill_list(to, from, put_edit);
}

std::vector<edit> get(capnp::List<wire::Edit>::Reader from) { return read_list<edit>(from, get_edit); }

}  // namespace gli::codec

namespace gli {

byte_buffer encode(const std::vector<edit>& edits) {
  return codec::build<wire::Edits>(256 * (edits.size() + 1), [&](wire::Edits::Builder to) { codec::put(to.initEdits(codec::count(edits)), edits); });
}

std::vector<edit> decode_edits(bytes_view body) {
  return codec::parse<wire::Edits>("Edits", body, [](wire::Edits::Reader from) { return codec::get(from.getEdits()); });
}

}  // namespace gli
