// graph_store::bundle: the commits, patches and pages behind branches and tags, without those that the other side has.
#include <algorithm>

#include "runtime/error.h"
#include "storage/bundle_file.h"
#include "storage/history.h"

namespace gli::storage {
namespace {

std::vector<bundle_ref> find_refs(reader& manifest, const std::vector<std::string>& names) {
  std::vector<bundle_ref> refs;
  auto wanted = [&](const std::string& name) { return names.empty() || std::ranges::find(names, name) != names.end(); };
  manifest.scan(table::branches, {}, [&](bytes_view key, bytes_view row) {
    std::string name{as_text(key)};
    auto branch = decode_branch(row, name);
    if (branch.head && wanted(name)) refs.push_back({name, false, *branch.head, branch.description});
    return true;
  });
  manifest.scan(table::tags, {}, [&](bytes_view key, bytes_view row) {
    std::string name{as_text(key)};
    if (wanted(name)) refs.push_back({name, true, decode_tag(row, name), ""});
    return true;
  });
  for (auto& name : names)
    if (std::ranges::find(refs, name, &bundle_ref::name) == refs.end()) throw failure{errc::key, "no branch or tag '" + name + "' with a commit: a bundle carries names"};
  if (refs.empty()) throw failure{errc::value, "there is nothing to bundle: no branch or tag has a commit"};
  return refs;
}

/// Commits that go into the bundle, parents first, and those that its reader must have.
struct selection {
  std::vector<commit_record> commits;
  std::vector<hash128> needs;
};

page_set ancestors(reader& manifest, std::vector<hash128> from) {
  page_set all;
  while (!from.empty()) {
    auto id = from.back();
    from.pop_back();
    if (!all.insert(id).second) continue;
    auto parents = read_commit(manifest, id).parents;
    from.insert(from.end(), parents.begin(), parents.end());
  }
  return all;
}

/// Depth first, without recursion: a commit comes when all its parents have.
void add_with_parents(reader& manifest, const hash128& tip, const page_set& there, page_set& done, std::vector<commit_record>& to) {
  std::vector<hash128> waiting{tip};
  while (!waiting.empty()) {
    auto id = waiting.back();
    if (done.contains(id) || there.contains(id)) {
      waiting.pop_back();
      continue;
    }
    auto commit = read_commit(manifest, id);
    auto before = waiting.size();
    for (auto& parent : commit.parents)
      if (!done.contains(parent) && !there.contains(parent)) waiting.push_back(parent);
    if (waiting.size() != before) continue;
    done.insert(id);
    to.push_back(std::move(commit));
    waiting.pop_back();
  }
}

selection select(reader& manifest, const std::vector<bundle_ref>& refs, const std::vector<hash128>& have) {
  selection chosen;
  for (auto& id : have)
    if (manifest.get(table::commits, key_of(id))) chosen.needs.push_back(id);
  auto there = ancestors(manifest, chosen.needs);
  page_set done;
  for (auto& ref : refs) add_with_parents(manifest, ref.commit, there, done, chosen.commits);
  for (auto& ref : refs)
    if (there.contains(ref.commit)) chosen.needs.push_back(ref.commit);
  for (auto& c : chosen.commits)
    for (auto& parent : c.parents)
      if (there.contains(parent)) chosen.needs.push_back(parent);
  std::ranges::sort(chosen.needs);
  chosen.needs.erase(std::unique(chosen.needs.begin(), chosen.needs.end()), chosen.needs.end());
  return chosen;
}

/// The nearest commit on the way of its patches that has pages.
commit_record with_pages(reader& manifest, commit_record c) {
  while (c.is_patch()) c = read_commit(manifest, read_patch(manifest, c).base);
  return c;
}

class sender {
 public:
  sender(bundle_writer& to, reader& manifest, const selection& chosen, bundle_report& report) : to_{to}, manifest_{manifest}, chosen_{chosen}, report_{report} {}

  void put_pages(uint32_t partition, const content_pool::snapshot& pages, const std::string& where, const root_format& roots) {
    page_walk walk{where, roots};
    for (auto& id : chosen_.needs) mark(walk, pages, partition, with_pages(manifest_, read_commit(manifest_, id)));
    walk.on_mark([&](const hash128& h) {
      auto page = pages.get(h);
      to_.put(item_kind::page, partition, h, page);
      ++report_.pages, report_.bytes += page.size();
    });
    for (auto& c : chosen_.commits) mark(walk, pages, partition, c);
  }
  void put_commits() {
    for (auto& c : chosen_.commits) {
      to_.put(item_kind::commit, 0, c.id, *manifest_.get(table::commits, key_of(c.id)));
      ++report_.commits;
      if (!c.is_patch()) continue;
      to_.put(item_kind::patch, 0, c.id, encode(read_patch(manifest_, c)));
      ++report_.patches;
    }
  }

 private:
  static void mark(page_walk& walk, const content_pool::snapshot& pages, uint32_t partition, const commit_record& c) {
    for (auto& root : roots_in(owner_of(c), partition)) walk.mark(pages.transaction(), root);
  }

  bundle_writer& to_;
  reader& manifest_;
  const selection& chosen_;
  bundle_report& report_;
};

void check_partitions(const selection& chosen, const std::vector<uint32_t>& present) {
  for (auto& c : chosen.commits)
    for (uint32_t p = 0; p < partitions_of(owner_of(c)); ++p)
      if (!std::ranges::binary_search(present, p))
        throw failure{errc::corrupt, "commit " + to_hex(c.id) + ": partition " + std::to_string(p) + " is not in this store"};
}

void check_still_there(reader& manifest, const bundle_report& chosen) {
  auto tips = chosen.needs;
  for (auto& ref : chosen.refs) tips.push_back(ref.commit);
  for (auto& id : tips)
    if (!manifest.get(table::commits, key_of(id))) throw failure{errc::conflict, "gc() removed commit " + to_hex(id) + " meanwhile: bundle again"};
}

}  // namespace

/// The manifest is read before the pages are pinned, and what was chosen must be there still after it: then its pages are.
bundle_report graph_store::bundle(const std::string& path, const bundle_options& options, const root_format& roots) {
  bundle_report report;
  auto manifest = state_->manifest->read();
  report.refs = find_refs(*manifest, options.names);
  auto chosen = select(*manifest, report.refs, options.have);
  report.needs = chosen.needs;
  auto present = state_->partitions();
  check_partitions(chosen, present);
  std::vector<content_pool::snapshot> pinned;
  for (auto p : present) pinned.emplace_back(state_->pool(p));
  check_still_there(*state_->manifest->read(), report);
  bundle_writer file{path};
  file.put(item_kind::header, 0, {}, encode(bundle_header{report.needs, report.refs}));
  sender all{file, *manifest, chosen, report};
  for (size_t i = 0; i < present.size(); ++i) all.put_pages(present[i], pinned[i], state_->pool(present[i]).environment().name(), roots);
  all.put_commits();
  file.finish();
  return report;
}

}  // namespace gli::storage
