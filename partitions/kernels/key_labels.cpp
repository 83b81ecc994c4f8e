#include "partitions/kernels/key_labels.h"

#include <algorithm>

#include "partitions/kernels/value_column.h"
#include "partitions/ownership.h"
#include "partitions/together.h"

namespace gli {
namespace {

/// Each label once, ascending.
std::vector<hash128> distinct(const std::vector<hash128>& labels, const std::vector<uint8_t>& known) {
  std::vector<hash128> list;
  for (size_t v = 0; v < labels.size(); ++v)
    if (known[v]) list.push_back(labels[v]);
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  return list;
}

/// Those of each owner, in their order.
std::vector<std::vector<hash128>> by_owner(const std::vector<hash128>& labels, const std::vector<uint32_t>& owners, uint32_t partitions) {
  std::vector<std::vector<hash128>> asked(partitions);
  for (size_t i = 0; i < labels.size(); ++i) asked[owners[i]].push_back(labels[i]);
  return asked;
}

byte_buffer encode(const std::vector<hash128>& labels) {
  byte_buffer bytes;
  byte_writer to{bytes};
  for (auto& h : labels) to.put(h);
  return bytes;
}

/// The texts of the labels that a peer asks for.
byte_buffer texts_of(const dictionary& keys, const byte_buffer& question) {
  byte_buffer bytes;
  byte_writer to{bytes};
  for (byte_reader from{question}; !from.at_end();) {
    auto id = keys.find(from.get<hash128>());
    if (!id) throw failure{errc::protocol, "a partition asks for a key that is not there"};
    to.put_text(keys.text_key(*id));
  }
  return bytes;
}

/// What the owners answered, each in the order in which it was asked.
class told_keys {
 public:
  told_keys(const std::vector<hash128>& labels, const std::vector<uint32_t>& owners, const std::vector<byte_buffer>& answers) : labels_{labels} {
    std::vector<byte_reader> from(answers.begin(), answers.end());
    for (auto q : owners) texts_.push_back(from[q].get_text());
  }
  std::string_view of(const hash128& label) const {
    return texts_[size_t(std::lower_bound(labels_.begin(), labels_.end(), label) - labels_.begin())];
  }

 private:
  const std::vector<hash128>& labels_;
  std::vector<std::string_view> texts_;  // in the answers
};

}  // namespace

column keys_of_labels(const graph_view& g, const std::vector<int64_t>& labels, const std::vector<uint8_t>& known, communicator&) {
  auto has = [&](int32_t v) { return known[size_t(v)] != 0; };
  return value_column<int64_t>(g, has, [&](int32_t v) { return labels[size_t(v)]; });
}

column keys_of_labels(const graph_view& g, const std::vector<hash128>& labels, const std::vector<uint8_t>& known, communicator& all) {
  auto list = distinct(labels, known);
  auto owners = owners_of(g.body(), list, all);
  auto asked = by_owner(list, owners, all.size());
  std::vector<byte_buffer> out(all.size());
  for (uint32_t q = 0; q < all.size(); ++q) out[q] = encode(asked[q]);
  auto questions = all.all_to_all(std::move(out));
  std::vector<byte_buffer> replies(all.size());
  together(all, [&] {
    for (uint32_t q = 0; q < all.size(); ++q) replies[q] = texts_of(*g.body().keys, questions[q]);
  });
  auto answers = all.all_to_all(std::move(replies));
  column made;
  together(all, [&] {
    told_keys told{list, owners, answers};
    auto has = [&](int32_t v) { return known[size_t(v)] != 0; };
    made = text_column(g, has, [&](int32_t v) { return told.of(labels[size_t(v)]); });
  });
  return made;
}

}  // namespace gli
