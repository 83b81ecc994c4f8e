#pragma once
// A store's directory, which lies on one host, for all partitions of a cluster: those that reach it read and write it for those that do not.
//
// What a partition on another host reads stays in its memory until the reading is over; what it writes is held once at each end. What comes and goes,
// comes and goes in bounded pieces, worker to worker, and pages that the store has are not sent again.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "partitions/page.h"
#include "runtime/communicator.h"
#include "storage/states.h"

namespace gli {

class shared_store {
 public:
  /// A store that every partition reaches: nothing here exchanges anything.
  shared_store(std::shared_ptr<storage::graph_store> store, communicator& all);
  /// Every call is collective. `own`: null where this partition does not reach it. failure{io} calling the store `name` when none does.
  shared_store(std::shared_ptr<storage::graph_store> own, const std::string& name, communicator& all);

  /// The store at `path`, made with `create`. With `at` (runtime/host.h, directory_identity) as the second constructor, for those partitions for which the
  /// path leads to that directory.
  static shared_store open(const std::string& path, const std::string& at, bool create, communicator& all);

  bool reached_by_all() const { return helpers_.empty(); }

  storage::commit_record resolve(const hash128& commit);
  storage::patch_chain patches_to(const storage::commit_record& record);
  std::optional<storage::kept_result> find_result(const hash128& graph_id, const result_info& what);

  /// Where the pages of a pool are, pinned as graph_store::pages_of does.
  using pool_pages = std::function<page_get(uint32_t pool)>;
  struct wanted { uint32_t pool; hash128 root; };
  /// For pages below these roots, which `of` names; all pages where the partition reaches the store.
  pool_pages pages_of(const storage::commit_record& of, const std::vector<wanted>& roots);
  pool_pages pages_of(const storage::kept_result& of, const std::vector<wanted>& roots);

  /// New pages in this partition's pool: build(has, put) puts pages and returns their roots, and may be called again. failure{conflict} when gc() removed
  /// meanwhile a page that has() found.
  void write(const std::function<std::vector<hash128>(const page_has&, const page_put&)>& build);

 private:
  using page_bytes = std::unordered_map<hash128, byte_buffer, hash128_hasher>;
  using pin = std::function<storage::content_pool::snapshot(uint32_t pool)>;
  std::vector<uint32_t> helped() const;
  byte_buffer told_by_helper(const std::function<byte_buffer()>& tell);
  pool_pages pages_of(const pin& pinned, const std::vector<wanted>& roots);
  std::shared_ptr<const page_bytes> fetch(const pin& pinned, const std::vector<wanted>& roots);
  void write_for_others(const std::function<std::vector<hash128>(const page_has&, const page_put&)>& build);

  std::shared_ptr<storage::graph_store> own_;
  communicator& all_;
  std::vector<uint32_t> helpers_;  // by rank: who reads and writes for it, itself where it reaches the store; empty: all do
};

}  // namespace gli
