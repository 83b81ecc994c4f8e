#pragma once
// Values between owners and mirrors, in the memoised order of peer_mirrors. All calls are collective.

#include "partitions/graph_view.h"
#include "runtime/communicator.h"

namespace gli {

/// Owner to mirrors, every value (a dense round: values only, no ids). T is trivially copyable.
template <class T> void broadcast(vertex_array<T>& a, const graph_view& g, communicator& all);

/// Owner to mirrors, only own nodes with changed(v): delta-coded positions with values. Calls received(mirror, value) for each, after storing it.
template <class T, class Changed, class Received>
void broadcast_changed(vertex_array<T>& a, const graph_view& g, communicator& all, Changed&& changed, Received&& received);

/// Mirrors to owner, only mirrors with changed(m): calls received(own, value) for each that a peer sent.
template <class T, class Changed, class Received>
void gather_changed(const vertex_array<T>& a, const graph_view& g, communicator& all, Changed&& changed, Received&& received);

}  // namespace gli
