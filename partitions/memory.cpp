#include "partitions/dictionary.h"
#include "partitions/graph.h"
#include "partitions/kernels/edge_weights.h"
#include "partitions/neighbor_lists.h"

namespace gli {

namespace {

uint64_t bytes_of(const std::vector<page_ptr>& pages) {
  uint64_t total = pages.size() * sizeof(page_ptr);
  for (auto& p : pages)
    if (p) total += p->size();
  return total;
}

uint64_t bytes_of(const topology& t) { return bytes_of(t.pages) + t.directory.size() * sizeof(t.directory[0]); }

template <class T>
uint64_t bytes_of(const std::vector<T>& v) { return v.size() * sizeof(T); }

uint64_t bytes_of(const std::vector<peer_mirrors>& peers) {
  uint64_t total = 0;
  for (auto& p : peers) total += bytes_of(p.mirrors) + bytes_of(p.exported);
  return total;
}

}  // namespace

std::vector<std::pair<std::string, uint64_t>> memory_usage(const graph& g) {
  std::vector<std::pair<std::string, uint64_t>> parts{
      {"topology_out", bytes_of(g->out)},
      {"topology_in", bytes_of(g->in)},
      {"keys", g->keys->memory_bytes()},
      {"order", bytes_of(g->sequence) + bytes_of(g->removed) + bytes_of(g->removed_mirrors)},
  };
  if (g->mirrors) {
    parts.emplace_back("mirrors", bytes_of(g->mirror_hashes) + bytes_of(g->peers));
    if (g->mirror_keys) parts.emplace_back("mirror_keys", g->mirror_keys->memory_bytes());
  }
  if (auto lists = g->neighbors.known()) parts.emplace_back("neighbors", lists->bytes());
  if (auto weights = g->weights.known()) parts.emplace_back("weights", weights->bytes());
  if (g->edge_keys) parts.emplace_back("edge_keys", bytes_of(g->edge_keys->pages));
  for (auto& c : g->node_columns) parts.emplace_back("node column " + c.name, bytes_of(c.pages));
  for (auto& c : g->edge_columns) parts.emplace_back("edge column " + c.name, bytes_of(c.pages));
  return parts;
}

}  // namespace gli
