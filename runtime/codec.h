#pragma once
// C++ structs to Cap'n Proto bytes and back: the only place that includes generated headers.
//
// encode_* gives one segment, 8-byte aligned in size, ready to be a frame's body. decode_* takes an untrusted body, sets traversal and
// nesting limits from its length, copies what it keeps, and throws failure{protocol} naming what does not hold. Thread-safe.

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "runtime/communicator.h"
#include "runtime/duplicates.h"
#include "runtime/edit.h"
#include "runtime/error.h"
#include "runtime/frame.h"
#include "runtime/job.h"
#include "runtime/submission.h"
#include "runtime/value.h"

namespace gli {

using bytes_view = std::span<const uint8_t>;

struct hello {
  uint32_t version = protocol_version;
  std::string software;
  purpose what = purpose::driver;
  std::string cluster, address;
  uint32_t pid = 0;
  std::string host;
  uint32_t partition = 0, term = 0;
  std::string log;
  std::string host_id, tls_address;
  uint32_t cores = 0;
  int32_t numa_node = -1;
  uint64_t memory_limit = 0;
};
struct welcome { uint32_t version = protocol_version; std::string software, cluster; uint32_t epoch = 0; };
struct failure_note { errc code = errc::internal; std::string message; };

struct worker_info {
  uint32_t worker = 0, partition = 0, pid = 0;
  std::string host, address, state, last_error;  // address: of its Unix socket; what a driver_client gives out is the one that it reaches
  std::string host_id = {}, tls_address = {};
  uint32_t cores = 0;
  int32_t numa_node = -1;
  uint64_t memory_limit = 0, memory = 0;  // bytes; 0: no limit, not known
  uint64_t sent = 0, received = 0;        // bytes between workers
};
struct commit_info {
  std::string id, graph_id;
  std::vector<std::string> parents;
  std::string message, author;
  int64_t time = 0;
  uint64_t nodes = 0, edges = 0;
  std::vector<result_info> results;
};

struct ping {};
struct ask_status {};
struct load_begin {
  graph_kind kind;
  bool endpoints_must_exist = false;
  std::string origin;
  duplicate_policy duplicates = duplicate_policy::first;
  handle rows_of = 0;  // the graph that the rows are to be added to; 0: they become a graph
};
struct release_handles { std::vector<handle> handles; };
struct commit_graph {
  std::string store;
  handle graph = 0;
  std::string message, author, branch;
  std::vector<handle> results;
  std::string seen;                 // the branch's head as the driver knows it; empty: none
  std::vector<std::string> merged;  // further parents
  bool begins_part = false;         // the graph is a part of the first parent's
};
struct ask_history { std::string store, revision; uint32_t limit = 0; };
/// The graph of a commit; or, for `graph`, its result of that number; or, where `kept` names an algorithm, what was kept of that.
struct checkout { std::string store, revision; int32_t result = -1; handle graph = 0; result_info kept = {}; };
/// Keeps values of a commit's graph beside it, for whoever asks the same again.
struct keep_result { std::string store, revision; handle values = 0; };
/// Makes the store if it is not there. failure{value} where the path leads to another directory for the coordinator than `at` (runtime/host.h) says.
struct open_store { std::string path, at; };
struct shutdown_cluster {};
struct cancel_request { uint64_t sequence = 0; };

using request_body = std::variant<ping, ask_status, load_begin, job, release_handles, commit_graph, ask_history, checkout, keep_result,
                                  open_store, shutdown_cluster, cancel_request, submission, ask_jobs, ask_job, ask_job_log, ask_job_result,
                                  cancel_job>;
struct request { uint64_t client = 0; uint32_t incarnation = 0; request_body body; };

struct done {};
struct failed_job { uint64_t id = 0; std::string what; failure_note why; int64_t time = 0; };  // time: of the failure, microseconds since 1970
/// A call that waits or runs. Times: microseconds since 1970; started 0: it waits.
struct call_info {
  uint64_t id = 0;
  std::string what, driver;
  int64_t since = 0, started = 0;
  std::string step;
  uint64_t done = 0, total = 0;
  std::string detail;
  uint64_t bytes = 0;  // sent between workers
};
struct status_report {
  std::vector<worker_info> workers;
  uint32_t partitions = 0;
  std::string cluster;
  uint32_t epoch = 0;
  std::string log;
  std::vector<failed_job> failed = {};  // the last few, oldest first
  std::vector<submitted_job> submitted = {};
  std::vector<call_info> calls = {};    // running, then waiting, in their order
  uint32_t drivers = 0;                 // connected
};
struct load_begun { handle load = 0; std::vector<worker_info> workers; };
struct job_reply { handle output = 0; std::vector<job_result> partitions; };
using reply = std::variant<failure_note, done, status_report, load_begun, job_reply, std::vector<commit_info>, std::vector<submitted_job>, job_piece>;

struct progress_note { std::string what; uint64_t done = 0, total = 0; std::string detail = {}; uint64_t bytes = 0; };

struct load_batch { handle load = 0; enum class what : uint8_t { nodes, edges, abort } part = what::nodes; column_batch rows; };

byte_buffer encode(const hello&);
byte_buffer encode(const welcome&);
byte_buffer encode(const failure_note&);
byte_buffer encode(const request&);
byte_buffer encode(const reply&);
byte_buffer encode(const progress_note&);
byte_buffer encode(const load_batch&);
byte_buffer encode(const column_batch&);
byte_buffer encode(const job&);
byte_buffer encode(const job_result&);
byte_buffer encode(const query&);
byte_buffer encode(const std::vector<edit>&);
byte_buffer encode(const submission&);
byte_buffer encode(const submitted_job&);

hello decode_hello(bytes_view);
welcome decode_welcome(bytes_view);
failure_note decode_failure(bytes_view);
request decode_request(bytes_view);
reply decode_reply(bytes_view);
progress_note decode_progress(bytes_view);
load_batch decode_load_batch(bytes_view);   // also column_batch::check()
column_batch decode_batch(bytes_view);      // also column_batch::check()
job decode_job(bytes_view);
job_result decode_job_result(bytes_view);
query decode_query(bytes_view);
std::vector<edit> decode_edits(bytes_view);
submission decode_submission(bytes_view);
submitted_job decode_submitted_job(bytes_view);

}  // namespace gli
