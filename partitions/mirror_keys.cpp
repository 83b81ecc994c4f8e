#include "partitions/array_message.h"
#include "partitions/dictionary.h"
#include "partitions/graph.h"

namespace gli {

namespace {

/// Keys of exported nodes, in exchange order: numbers, or ends and text.
byte_buffer encode_keys(const graph& g, const std::vector<int32_t>& exported) {
  std::vector<int64_t> numbers;
  std::vector<uint64_t> ends;
  std::vector<char> text;
  for (auto v : exported) {
    if (g->keys->type() == key_type::int64) {
      numbers.push_back(g->keys->int_key(v));
    } else {
      auto k = g->keys->text_key(v);
      text.insert(text.end(), k.begin(), k.end());
      ends.push_back(text.size());
    }
  }
  byte_buffer message;
  put_array(message, numbers);
  put_array(message, ends);
  put_array(message, text);
  return message;
}

/// Keys of one peer's mirrors, by position.
class peer_keys {
 public:
  peer_keys(const byte_buffer& message, key_type type, size_t mirrors) {
    array_reader reader{message};
    numbers_ = reader.get<int64_t>();
    ends_ = reader.get<uint64_t>();
    text_ = reader.get<char>();
    bool fit = type == key_type::int64 ? numbers_.size() == mirrors : ends_.size() == mirrors;
    for (size_t i = 0; fit && i < ends_.size(); ++i) fit = ends_[i] >= begin(i) && ends_[i] <= text_.size();
    if (!fit) throw failure{errc::protocol, "a partition sent keys of other mirrors than these"};
  }
  int64_t number(size_t i) const { return numbers_[i]; }
  std::string_view text(size_t i) const { return {text_.data() + begin(i), ends_[i] - begin(i)}; }

 private:
  uint64_t begin(size_t i) const { return i ? ends_[i - 1] : 0; }
  std::vector<int64_t> numbers_;
  std::vector<uint64_t> ends_;
  std::vector<char> text_;
};

/// Interns a peer's keys from the highest mirror id down, so that the key of mirror m gets id -m-1.
void intern_peer(dictionary& keys, const peer_mirrors& peer, const byte_buffer& message) {
  peer_keys sent{message, keys.type(), peer.mirrors.size()};
  for (auto i = peer.mirrors.size(); i-- > 0;) {
    auto id = keys.type() == key_type::int64 ? keys.intern(sent.number(i)).first : keys.intern(sent.text(i)).first;
    if (id != ~peer.mirrors[i]) throw failure{errc::protocol, "a partition sent one key for two mirrors"};
  }
}

}  // namespace

graph with_mirror_keys(const graph& g, communicator& all) {
  if (all.size() == 1) return g;
  uint64_t have = g->mirror_keys != nullptr;  // an interrupted call may have left some partitions with them
  all.all_reduce({&have, 1}, reduction::min);
  if (have) return g;
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q)
    if (q != all.rank()) outgoing[q] = encode_keys(g, g->peers[q].exported);
  auto incoming = all.all_to_all(std::move(outgoing));
  auto keys = std::make_shared<dictionary>(g->keys->type());
  keys->reserve(g->mirrors);
  for (uint32_t q = 0; q < all.size(); ++q)
    if (q != all.rank()) intern_peer(*keys, g->peers[q], incoming[q]);
  auto made = copy_body(g);
  made->mirror_keys = std::move(keys);
  return graph{std::move(made)};
}

}  // namespace gli
