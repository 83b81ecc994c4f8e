#pragma once
// The driver's side of the protocol: no actor system, one connection to the coordinator and one to each worker that it loads to or reads from.
//
// Threads: any one thread at a time per object; calls block. `interrupt` is called at least every 100 ms while waiting and throws to give up
// (Python checks its signals there); the request is then cancelled at the coordinator.

#include <functional>
#include <memory>
#include <string>

#include "runtime/channel.h"
#include "runtime/codec.h"

namespace gli {

class tls_bridge;

using progress_callback = std::function<void(const progress_note&)>;

class driver_client {
 public:
  /// `address`: the coordinator's door; beyond this host it needs the bridge. Workers in replies have the addresses at which this host reaches them.
  driver_client(std::string address, double timeout_seconds, interrupt_check interrupt, std::shared_ptr<tls_bridge> bridge = {});
  ~driver_client();
  const welcome& peer() const;

  /// Sends a request and waits for its reply; a Failure reply is thrown as failure with its code. timeout 0: as long as it takes, but a
  /// coordinator that is gone is noticed at once and thrown as failure{unavailable}.
  reply call(const request_body& body, double timeout_seconds = 0, const progress_callback& progress = {});

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// A connection to one worker's door, for loading and queries.
class worker_client {
 public:
  worker_client(std::string address, std::string cluster, interrupt_check interrupt, std::shared_ptr<tls_bridge> bridge = {});
  ~worker_client();
  /// Sends without waiting for the ack unless more than 4 batches are unanswered; a failed ack is thrown here or in flush().
  void load(const load_batch& batch);
  void flush();
  /// Tells the worker to forget the load, and closes the connection.
  void abort(handle load) noexcept;
  /// The answer's frames in order.
  std::vector<column_batch> ask(const query& q);

 private:
  struct state;
  std::unique_ptr<state> state_;
};

/// Splits batches by owner and streams them to the workers: nothing but the batch in hand is held.
class scatter {
 public:
  scatter(std::vector<worker_info> workers, std::string cluster, handle load, graph_kind kind, interrupt_check interrupt,
          std::shared_ptr<tls_bridge> bridge = {});
  ~scatter();
  /// First column "" (key), then attributes, then "_seq". Rows go to the key's owner. Without "_seq" rows count on from the last batch.
  void add_nodes(const column_batch& rows);
  /// Columns "source", "target", ["key"], attributes, "_seq". Rows go to the source's owner; undirected: to the smaller key's, which becomes the source.
  void add_edges(const column_batch& rows);
  void finish();  // all batches acknowledged
  void abort() noexcept;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace gli
