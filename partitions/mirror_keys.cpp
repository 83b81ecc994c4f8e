#include "partitions/mirror_keys.h"

#include "partitions/array_message.h"
#include "partitions/dictionary.h"

namespace gli {

namespace {

/// Keys of one peer's mirrors, by position.
class peer_keys {
 public:
  peer_keys(const byte_buffer& message, key_type type, size_t mirrors) {
    if (mirrors == 0 && message.empty()) return;
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

/// Where the key of a mirror was sent: by which peer, and its position.
struct sent_key { uint32_t peer = 0; size_t position = 0; };

/// The keys of all mirrors, those of mirror m with id -m-1.
std::shared_ptr<const dictionary> intern_all(const graph& g, const std::vector<byte_buffer>& incoming) {
  auto keys = std::make_shared<dictionary>(g->keys->type());
  keys->reserve(g->mirrors);
  std::vector<peer_keys> sent;
  std::vector<sent_key> where(static_cast<size_t>(g->mirrors));
  for (uint32_t q = 0; q < incoming.size(); ++q) {
    auto& mirrors = g->peers[q].mirrors;
    sent.emplace_back(q == g->partition ? byte_buffer{} : incoming[q], keys->type(), mirrors.size());
    for (size_t i = 0; i < mirrors.size(); ++i) where[size_t(~mirrors[i])] = {q, i};
  }
  for (int32_t id = 0; id < g->mirrors; ++id) {
    auto& from = sent[where[size_t(id)].peer];
    auto i = where[size_t(id)].position;
    auto fresh = keys->type() == key_type::int64 ? keys->intern(from.number(i)).second : keys->intern(from.text(i)).second;
    if (!fresh) throw failure{errc::protocol, "a partition sent one key for two mirrors"};
  }
  return keys;
}

}  // namespace

/// Numbers, or ends and text.
byte_buffer keys_for_peer(const graph& g, uint32_t peer) {
  std::vector<int64_t> numbers;
  std::vector<uint64_t> ends;
  std::vector<char> text;
  for (auto v : g->peers[peer].exported) {
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

graph with_mirror_keys(const graph& g, const std::vector<byte_buffer>& from_peers) {
  auto made = copy_body(g);
  made->mirror_keys = intern_all(g, from_peers);
  return graph{std::move(made)};
}

graph with_mirror_keys(const graph& g, communicator& all) {
  if (all.size() == 1) return g;
  uint64_t have = g->mirror_keys != nullptr;  // an interrupted call may have left some partitions with them
  all.all_reduce({&have, 1}, reduction::min);
  if (have) return g;
  std::vector<byte_buffer> outgoing(all.size());
  for (uint32_t q = 0; q < all.size(); ++q)
    if (q != all.rank()) outgoing[q] = keys_for_peer(g, q);
  return with_mirror_keys(g, all.all_to_all(std::move(outgoing)));
}

}  // namespace gli
