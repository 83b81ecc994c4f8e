// What history costs: commits, branches, differences and merges of small changes to large graphs, reopening, bytes on disk. Prints a line a row:
// what, measured, goal. Medians. versions_bench [DIRECTORY]: on the disk to be measured; default: where the program lies.

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "partitions/compare.h"
#include "partitions/embedded_store.h"
#include "partitions/loader.h"
#include "partitions/loaders/kronecker.h"
#include "partitions/merge.h"
#include "partitions/patch.h"

namespace {

using namespace gli;
using what = edit::what;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

double seconds(const std::function<void()>& work) {
  auto begin = now();
  work();
  return now() - begin;
}

double median(std::vector<double> all) {
  std::nth_element(all.begin(), all.begin() + ptrdiff_t(all.size() / 2), all.end());
  return all[all.size() / 2];
}

double median(int times, const std::function<double()>& measure) {
  std::vector<double> all;
  for (int i = 0; i < times; ++i) all.push_back(measure());
  return median(std::move(all));
}

void row(const char* name, double measured, const char* unit, const char* goal) {
  std::printf("%-92s %10.2f %-3s %s\n", name, measured, unit, goal);
  std::fflush(stdout);
}

graph kronecker(int scale, int edge_factor) {
  load_options options;
  options.kind.keys = key_type::int64;
  graph_loader loader{options};
  generate_kronecker(scale, edge_factor, 1, {[&](const column_batch& b) { loader.add_nodes(b); }, [&](const column_batch& b) { loader.add_edges(b); }});
  load_report report;
  solo all;
  return loader.finish(all, report);
}

/// So many edits, half of them edges that come, the others attributes of nodes.
class scattered {
 public:
  explicit scattered(const graph& g) : g_{g} {}
  version edited(const version& v, size_t edits) {
    std::vector<edit> all;
    for (size_t i = 0; i < edits; ++i) {
      if (i % 2) all.push_back({what::update_node, any(), {}, {}, {{"seen", int64_t(random_() % 1000)}}, false});
      else all.push_back({what::upsert_edge, any(), any(), {}, {}, false});
    }
    edit_report report;
    return v.apply(all, report);
  }
  key any() { return node_key(g_, int32_t(random_() % uint64_t(g_->size))); }

 private:
  graph g_;
  std::mt19937_64 random_{7};
};

class scratch_store {
 public:
  explicit scratch_store(std::filesystem::path path) : path_{std::move(path)} {
    std::filesystem::remove_all(path_);
    open();
  }
  ~scratch_store() {
    store_.reset();
    std::filesystem::remove_all(path_);
  }
  void open() {
    store_.reset();
    store_ = std::make_unique<embedded_store>(*storage::graph_store::open(path_, true));
  }
  embedded_store& operator*() { return *store_; }
  storage::graph_store& history() { return *store_; }
  storage::commit_record commit(const version& v) {
    storage::commit_record record;
    record.message = "commit";
    record.author = "bench";
    auto head = history().head("main");
    if (head) record.parents = {*head};
    return store_->commit(v, {}, std::move(record), "main", head);
  }
  uint64_t bytes() const {
    uint64_t sum = 0;
    for (auto& entry : std::filesystem::recursive_directory_iterator{path_})
      if (entry.is_regular_file() && entry.path().filename() == "data.mdb") sum += entry.file_size();
    return sum;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  std::unique_ptr<embedded_store> store_;
};

/// Appends to a file and waits for the disk.
class appended_file {
 public:
  explicit appended_file(std::string path) : path_{std::move(path)}, file_{::open(path_.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_TRUNC, 0600)} {}
  ~appended_file() {
    ::close(file_);
    std::filesystem::remove(path_);
  }
  void append(const byte_buffer& bytes) {
    if (::write(file_, bytes.data(), bytes.size()) != ssize_t(bytes.size()) || ::fdatasync(file_) != 0) std::abort();
  }

 private:
  std::string path_;
  int file_;
};

void committing(const graph& g, const std::filesystem::path& where) {
  scratch_store store{where / "commit.gli"};
  appended_file file{where / "appended"};
  scattered edits{g};
  version v{g};
  row("first commit of the whole graph", seconds([&] { store.commit(v); }), "s", "");
  std::vector<double> commits, appends, ratios;
  for (int i = 0; i < 21; ++i) {
    auto next = edits.edited(v, 1'000);
    auto bytes = encode(patch_between(v, next));
    commits.push_back(seconds([&] { store.commit(next); }));
    appends.push_back(seconds([&] { file.append(bytes); }));
    ratios.push_back(commits.back() / appends.back());
    v = next;
  }
  row("appending the encoded operations of 1,000 edits and one fdatasync", median(appends) * 1e3, "ms", "");
  row("durable commit of 1,000 edits", median(commits) * 1e3, "ms", "");
  row("P7: durable commit of 1,000 edits / appending their encoded operations and one fdatasync", median(ratios), "", "<= 2.5");
}

/// us a call: branch, switch, tag, undo.
void moving(storage::graph_store& store, std::vector<double> (&times)[4]) {
  static int number = 0;
  auto name = "b" + std::to_string(++number);
  auto head = store.head("main");
  auto parent = store.resolve("main~1").id;
  times[0].push_back(seconds([&] { store.create_branch(name, "main"); }) * 1e6);
  times[1].push_back(seconds([&] { store.switch_branch(name); }) * 1e6);
  times[2].push_back(seconds([&] { store.create_tag(name, name); }) * 1e6);
  times[3].push_back(seconds([&] { store.move_branch(name, head, parent, "undo: commit"); }) * 1e6);
  store.switch_branch("main");
}

void branching(const graph& g, const std::filesystem::path& where) {
  constexpr const char* names[] = {"branch", "switch", "tag", "undo"};
  scattered edits{g};
  auto prepare = [&](embedded_store& store) {
    version v{g};
    std::optional<hash128> head;
    for (int i = 0; i < 2; ++i, v = edits.edited(v, 10)) {
      storage::commit_record record;
      if (head) record.parents = {*head};
      head = store.commit(v, {}, std::move(record), "main", head).id;
    }
  };
  embedded_store memory{*storage::graph_store::in_memory()};
  prepare(memory);
  std::vector<double> times[4], durable[4], alone;
  for (int i = 0; i < 51; ++i) moving(memory, times);
  for (int i = 0; i < 4; ++i) row((std::string{names[i]} + " at 10^7 edges, in memory").c_str(), median(times[i]), "us", "<= 100");
  scratch_store disk{where / "branch.gli"};
  prepare(*disk);
  auto plain = storage::open_lmdb(where / "branch.gli/plain", true);
  auto one_row = [&](uint8_t n) {
    auto w = plain->write();
    w->put("rows", std::array{n}, std::array{n});
    w->commit();
  };
  for (int i = 0; i < 51; ++i) {
    alone.push_back(seconds([&] { one_row(uint8_t(i)); }) * 1e6);
    moving(disk.history(), durable);
  }
  row("one LMDB transaction of one row", median(alone), "us", "");
  for (int i = 0; i < 4; ++i) row((std::string{names[i]} + " at 10^7 edges, durable / one LMDB transaction").c_str(), median(durable[i]) / median(alone), "", "<= 2");
}

void reopening(const graph& g, const std::filesystem::path& where, int commits) {
  scratch_store store{where / "reopen.gli"};
  scattered edits{g};
  version v{g};
  auto begin = now();
  for (int i = 0; i < commits; ++i, v = edits.edited(v, 4)) store.commit(v);
  row((std::to_string(commits) + " commits of 4 edits").c_str(), (now() - begin) / commits * 1e3, "ms", "each");
  auto node = edits.any();
  row("reopen, first query answered", median(5, [&] {
        store.open();
        return seconds([&] {
          store.open();
          auto at = (*store).read(store.history().resolve("main")).at;
          if (at.degree(*at.find(std::get<int64_t>(node)), version::direction::all) > at.edges()) std::abort();
        });
      }) * 1e3, "ms", "<= 50");
  row("of that, opening and the last ten commits of the log", median(5, [&] {
        return seconds([&] {
          store.open();
          if (store.history().log("main", 10).size() != 10) std::abort();
        });
      }) * 1e3, "ms", "");
  row("of that, reading its pages", median(5, [&] {
        auto first = store.history().patches_to(store.history().resolve("main")).from;
        store.open();
        return seconds([&] { (*store).read(first); });
      }) * 1e3, "ms", "");
}

void many_small_commits(const graph& g, const std::filesystem::path& where, const char* size) {
  scratch_store store{where / "small.gli"};
  scattered edits{g};
  version v{g};
  uint64_t own = 0;
  store.commit(v);
  for (int i = 0; i < 1'000; ++i) {
    auto next = edits.edited(v, 100);
    own += encode(patch_between(v, next)).size();
    store.commit(next);
    v = next;
  }
  scratch_store last{where / "last.gli"};
  auto pages = last.commit(v).page_bytes;
  row((std::string{"1,000 commits of 100 edits at "} + size + " edges: bytes on disk / (final graph + the edits' own bytes)").c_str(),
      double(store.bytes()) / double(pages + own), "", "<= 3");
}

struct change_times { double diff, merge; };

/// Of 1,000 changes, in seconds.
change_times changes_at(const graph& g) {
  scattered edits{g};
  version base{g};
  auto ours = edits.edited(base, 1'000), theirs = edits.edited(base, 1'000);
  std::vector<merge_conflict> conflicts;
  auto diff = seconds([&] { list_differences(base, ours); });
  return {diff, seconds([&] { merge(base, ours, theirs, [](auto&) { return merge_choice{}; }, conflicts); })};
}

void changing(const graph& small, const graph& large) {
  std::vector<double> diff, merged, at_large;
  for (int i = 0; i < 11; ++i) {
    auto a = changes_at(small), b = changes_at(large);
    diff.push_back(b.diff / a.diff), merged.push_back(b.merge / a.merge), at_large.push_back(b.merge);
  }
  row("P5: diff of 1,000 changes at 10^7 edges / at 10^5", median(diff), "", "<= 1.5");
  row("P5: merge of 1,000 changes on each side at 10^7 edges / at 10^5", median(merged), "", "<= 1.5");
  row("merge of 1,000 changes on each side at 10^7 edges", median(at_large) * 1e3, "ms", "");
}

}  // namespace

int main(int argc, char** argv) {
  std::filesystem::path where = argc > 1 ? std::filesystem::path{argv[1]} : std::filesystem::path{argv[0]}.parent_path();
  auto small = kronecker(13, 13), large = kronecker(20, 10);
  std::printf("%llu and %llu edges\n", static_cast<unsigned long long>(small->total_edges), static_cast<unsigned long long>(large->total_edges));
  changing(small, large);
  committing(large, where);
  branching(large, where);
  many_small_commits(small, where, "10^5");
  reopening(large, where, 10'000);
}
