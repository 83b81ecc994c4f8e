#include "partitions/shared_store.h"

#include <algorithm>
#include <deque>
#include <map>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "partitions/byte_stream.h"
#include "partitions/root_trees.h"
#include "partitions/together.h"
#include "runtime/error.h"
#include "runtime/host.h"
#include "storage/page_walk.h"
#include "storage/records.h"

namespace gli {

namespace {

using storage::commit_record;
using storage::content_pool;
using storage::graph_store;
using storage::kept_result;
using storage::patch_chain;

constexpr size_t piece_bytes = 4u << 20;  // that one partition sends another at once, but for the last page in it

void put_hashes(byte_writer& to, std::span<const hash128> hashes) {
  to.put_varint(hashes.size());
  for (auto& h : hashes) to.put(h);
}

std::vector<hash128> get_hashes(byte_reader& from) {
  auto count = from.get_varint();
  if (count > from.left() / sizeof(hash128)) throw failure{errc::protocol, "a partition's message ends early"};
  std::vector<hash128> hashes(count);
  for (auto& h : hashes) h = from.get<hash128>();
  return hashes;
}

void put_bytes(byte_writer& to, std::span<const uint8_t> bytes) { to.put_text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}); }

std::span<const uint8_t> get_bytes(byte_reader& from) {
  auto text = from.get_text();
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

byte_buffer encoded(const commit_record& record) {
  byte_buffer bytes;
  byte_writer to{bytes};
  to.put(record.id);
  put_bytes(to, storage::encode(record));
  return bytes;
}

commit_record decoded_commit(byte_reader& from) {
  auto id = from.get<hash128>();
  return storage::decode_commit(get_bytes(from), id);
}

/// Pages on their way: `next(q)` is the next piece for rank q, empty when there is none; `take(q, piece)` is what came of it. Collective. What fails at a
/// rank fails at all, when all pieces have come.
void stream(communicator& all, const std::function<byte_buffer(uint32_t)>& next, const std::function<void(uint32_t, const byte_buffer&)>& take) {
  std::exception_ptr failed;
  auto unless_failed = [&](const auto& step) {
    if (failed) return;
    try {
      step();
    } catch (...) {
      failed = std::current_exception();
    }
  };
  for (uint64_t more = 1; more > 0;) {
    std::vector<byte_buffer> outgoing(all.size());
    unless_failed([&] {
      for (uint32_t q = 0; q < all.size(); ++q) outgoing[q] = next(q);
    });
    more = std::any_of(outgoing.begin(), outgoing.end(), [](auto& piece) { return !piece.empty(); });
    auto incoming = all.all_to_all(std::move(outgoing));
    unless_failed([&] {
      for (uint32_t q = 0; q < all.size(); ++q)
        if (!incoming[q].empty()) take(q, incoming[q]);
    });
    all.all_reduce({&more, 1}, reduction::max);
  }
  together(all, [&] {
    if (failed) std::rethrow_exception(failed);
  });
}

/// What a partition reads for another: the pages below some roots, one after the other.
class pages_to_send {
 public:
  explicit pages_to_send(std::function<content_pool::snapshot(uint32_t)> pinned) : pinned_{std::move(pinned)} {}

  void add(uint32_t pool, const hash128& root) {
    auto [at, is_new] = pools_.try_emplace(pool, nullptr);
    if (is_new) at->second = std::make_unique<pinned_pool>(pinned_(pool), pool);
    at->second->walk.mark(at->second->pages.transaction(), root);
  }
  byte_buffer next() {
    byte_buffer piece;
    byte_writer to{piece};
    for (; at_ < order().size() && piece.size() < piece_bytes; ++at_) put_bytes(to, order_[at_].first->get(order_[at_].second));
    return piece;
  }

 private:
  struct pinned_pool {
    pinned_pool(content_pool::snapshot s, uint32_t pool) : pages{std::move(s)}, walk{"p" + std::to_string(pool), roots} {}
    storage::root_format roots = root_trees;
    content_pool::snapshot pages;
    storage::page_walk walk;
  };
  const std::vector<std::pair<const content_pool::snapshot*, hash128>>& order() {
    if (order_.empty())
      for (auto& [pool, p] : pools_)
        for (auto& h : p->walk.marked()) order_.emplace_back(&p->pages, h);
    return order_;
  }

  std::function<content_pool::snapshot(uint32_t)> pinned_;
  std::map<uint32_t, std::unique_ptr<pinned_pool>> pools_;
  std::vector<std::pair<const content_pool::snapshot*, hash128>> order_;
  size_t at_ = 0;
};

page_get from_memory(std::shared_ptr<const std::unordered_map<hash128, byte_buffer, hash128_hasher>> pages) {
  return [pages = std::move(pages)](const hash128& h, const page_room& room) {
    auto found = pages->find(h);
    if (found == pages->end()) throw failure{errc::corrupt, "page " + to_hex(h) + " is missing"};
    auto to = room(found->second.size());
    std::copy(found->second.begin(), found->second.end(), to);
  };
}

/// What a partition is going to have written by another: pages, and what they stand on.
struct pages_to_write {
  std::vector<hash128> roots, found;
  std::deque<byte_buffer> pages;

  byte_buffer next() {
    byte_buffer piece;
    byte_writer to{piece};
    if (!std::exchange(begun_, true)) {
      put_hashes(to, roots);
      put_hashes(to, found);
    }
    for (; !pages.empty() && piece.size() < piece_bytes; pages.pop_front()) put_bytes(to, pages.front());
    return piece;
  }

 private:
  bool begun_ = false;
};

/// One that comes in.
struct written_for_another {
  explicit written_for_another(content_pool& pool) : batch{pool} {}
  content_pool::batch batch;
  std::vector<hash128> roots, found;
  bool begun = false;

  void take(const byte_buffer& piece) {
    byte_reader from{piece};
    if (!std::exchange(begun, true)) roots = get_hashes(from), found = get_hashes(from);
    while (!from.at_end()) {
      auto page = get_bytes(from);
      batch.put(content_hash(page), page);
    }
  }
  void commit() {
    if (!std::all_of(found.begin(), found.end(), [&](auto& h) { return batch.has(h); }))
      throw failure{errc::conflict, "gc() removed pages that these stand on: write them again"};
    batch.commit(roots);
  }
};

}  // namespace

shared_store::shared_store(std::shared_ptr<graph_store> store, communicator& all) : own_{std::move(store)}, all_{all} {}

shared_store::shared_store(std::shared_ptr<graph_store> own, const std::string& name, communicator& all) : own_{std::move(own)}, all_{all} {
  auto told = all.all_to_all(std::vector<byte_buffer>(all.size(), byte_buffer(own_ ? 1 : 0)));
  std::vector<uint32_t> reach;
  for (uint32_t q = 0; q < all.size(); ++q)
    if (!told[q].empty()) reach.push_back(q);
  if (reach.empty())
    throw failure{errc::io, "no worker reaches " + name + ", which lies on the coordinator's host: a cluster that keeps a store has a worker there"};
  if (reach.size() == all.size()) return;
  for (uint32_t q = 0; q < all.size(); ++q) helpers_.push_back(told[q].empty() ? reach[q % reach.size()] : q);
}

shared_store shared_store::open(const std::string& path, const std::string& at, bool create, communicator& all) {
  if (at.empty()) return {graph_store::open(path, create), all};
  std::shared_ptr<graph_store> own;
  together(all, [&] {
    if (directory_identity(path) == at) own = graph_store::open(path, create);
  });
  return {own, path, all};
}

/// Whom this partition reads and writes for.
std::vector<uint32_t> shared_store::helped() const {
  std::vector<uint32_t> ranks;
  for (uint32_t q = 0; q < helpers_.size(); ++q)
    if (helpers_[q] == all_.rank() && q != all_.rank()) ranks.push_back(q);
  return ranks;
}

/// What `tell` gives, which runs where the store is reached.
byte_buffer shared_store::told_by_helper(const std::function<byte_buffer()>& tell) {
  byte_buffer told;
  together(all_, [&] {
    if (own_) told = tell();
  });
  std::vector<byte_buffer> outgoing(all_.size());
  for (auto q : helped()) outgoing[q] = told;
  auto incoming = all_.all_to_all(std::move(outgoing));
  return own_ ? told : std::move(incoming[helpers_[all_.rank()]]);
}

commit_record shared_store::resolve(const hash128& commit) {
  if (reached_by_all()) return own_->resolve(to_hex(commit));
  auto told = told_by_helper([&] { return encoded(own_->resolve(to_hex(commit))); });
  byte_reader from{told};
  return decoded_commit(from);
}

patch_chain shared_store::patches_to(const commit_record& record) {
  if (reached_by_all()) return own_->patches_to(record);
  auto told = told_by_helper([&] {
    auto way = own_->patches_to(record);
    auto bytes = encoded(way.from);
    byte_writer to{bytes};
    for (auto& patch : way.patches) put_bytes(to, patch);
    return bytes;
  });
  byte_reader from{told};
  patch_chain way{decoded_commit(from), {}};
  while (!from.at_end()) {
    auto patch = get_bytes(from);
    way.patches.emplace_back(patch.begin(), patch.end());
  }
  return way;
}

std::optional<kept_result> shared_store::find_result(const hash128& graph_id, const result_info& what) {
  if (reached_by_all()) return own_->find_result(graph_id, what);
  auto told = told_by_helper([&] {
    auto kept = own_->find_result(graph_id, what);
    return kept ? storage::encode(*kept) : byte_buffer{};
  });
  if (told.empty()) return std::nullopt;
  return storage::decode_result(told, storage::key_of(graph_id, what));
}

// --- reading -------------------------------------------------------------------------------------------------------------------

shared_store::pool_pages shared_store::pages_of(const commit_record& of, const std::vector<wanted>& roots) {
  return pages_of([store = own_, of](uint32_t p) { return store->pages_of(of, p); }, roots);
}

shared_store::pool_pages shared_store::pages_of(const kept_result& of, const std::vector<wanted>& roots) {
  return pages_of([store = own_, of](uint32_t p) { return store->pages_of(of, p); }, roots);
}

shared_store::pool_pages shared_store::pages_of(const pin& pinned, const std::vector<wanted>& roots) {
  auto fetched = reached_by_all() ? nullptr : fetch(pinned, roots);
  if (!own_) return [fetched](uint32_t) { return from_memory(fetched); };
  return [pinned](uint32_t p) -> page_get {
    return [pages = std::make_shared<content_pool::snapshot>(pinned(p))](const hash128& h, const page_room& room) { pages->get(h, room); };
  };
}

/// What this partition's helper has below these roots, where it has one.
std::shared_ptr<const shared_store::page_bytes> shared_store::fetch(const pin& pinned, const std::vector<wanted>& roots) {
  std::vector<byte_buffer> outgoing(all_.size());
  if (!own_) {
    byte_writer to{outgoing[helpers_[all_.rank()]]};
    for (auto& w : roots) to.put(w.pool), to.put(w.root);
  }
  auto asked = all_.all_to_all(std::move(outgoing));
  std::map<uint32_t, pages_to_send> sending;
  together(all_, [&] {
    for (auto q : helped())
      for (byte_reader from{asked[q]}; !from.at_end();) {
        auto pool = from.get<uint32_t>();
        sending.try_emplace(q, pinned).first->second.add(pool, from.get<hash128>());
      }
  });
  auto pages = std::make_shared<page_bytes>();
  auto next = [&](uint32_t q) {
    auto found = sending.find(q);
    return found == sending.end() ? byte_buffer{} : found->second.next();
  };
  stream(all_, next, [&](uint32_t, const byte_buffer& piece) {
    for (byte_reader from{piece}; !from.at_end();) {
      auto page = get_bytes(from);
      pages->try_emplace(content_hash(page), page.begin(), page.end());
    }
  });
  return pages;
}

// --- writing -------------------------------------------------------------------------------------------------------------------

void shared_store::write(const std::function<std::vector<hash128>(const page_has&, const page_put&)>& build) {
  auto write_own = [&] {
    own_->pool(all_.rank()).store([&](content_pool::batch& batch) {
      return build([&](const hash128& h) { return batch.has(h); }, [&](const hash128& h, std::span<const uint8_t> page) { batch.put(h, page); });
    });
  };
  if (reached_by_all()) return write_own();
  together(all_, [&] {
    if (own_) write_own();
  });
  write_for_others(build);
}

/// One after the other, so that a helper holds the new pages of one other partition at a time.
void shared_store::write_for_others(const std::function<std::vector<hash128>(const page_has&, const page_put&)>& build) {
  auto others = helped();
  auto helper = helpers_[all_.rank()];
  std::vector<byte_buffer> outgoing(all_.size());
  together(all_, [&] {
    for (auto q : others) {
      byte_writer to{outgoing[q]};
      put_hashes(to, own_->pool(q).hashes());
    }
  });
  auto there = all_.all_to_all(std::move(outgoing));
  pages_to_write mine;
  together(all_, [&] {
    if (own_) return;
    byte_reader from{there[helper]};
    auto known = get_hashes(from);
    std::unordered_set<hash128, hash128_hasher> has(known.begin(), known.end()), found;
    auto look = [&](const hash128& h) { return has.contains(h) && (found.insert(h), true); };
    mine.roots = build(look, [&](const hash128& h, std::span<const uint8_t> page) {
      if (has.insert(h).second) mine.pages.emplace_back(page.begin(), page.end());
    });
    mine.found.assign(found.begin(), found.end());
  });
  uint64_t turns = others.size();
  all_.all_reduce({&turns, 1}, reduction::max);
  for (uint64_t turn = 0; turn < turns; ++turn) {
    auto of = turn < others.size() ? std::optional{others[turn]} : std::nullopt;
    auto place = uint64_t{0};
    if (!own_)
      for (uint32_t q = 0; q < all_.rank(); ++q) place += helpers_[q] == helper && q != helper;
    std::optional<written_for_another> theirs;
    if (of) theirs.emplace(own_->pool(*of));
    stream(
        all_, [&](uint32_t q) { return !own_ && q == helper && place == turn ? mine.next() : byte_buffer{}; },
        [&](uint32_t, const byte_buffer& piece) { theirs->take(piece); });
    together(all_, [&] {
      if (theirs) theirs->commit();
    });
  }
}

}  // namespace gli
