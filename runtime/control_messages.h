#pragma once
// The control plane's messages (docs/protocol.md), CAF 0.17 form. This header and control.h are the only places that know CAF's type
// system. No floating point here: CAF's inspectors do not carry it faithfully.

#include <caf/all.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace gli::control {

/// How a worker's life ends.
enum class ending : uint8_t {
  told = 0,             // the cluster ends
  refused = 1,          // it is not wanted as it is: another try would go the same way
  refused_for_now = 2,  // no place for it yet
  lost = 3,             // its coordinator is gone
  failed = 4,           // a bug, or no memory
};

struct assign { uint32_t epoch = 0, worker = 0, partition = 0, partitions = 0; };
struct place { uint32_t term = 0; std::vector<std::string> doors; };
struct placed { uint32_t term = 0, partition = 0; };
struct open_load {
  uint64_t load = 0;
  bool directed = true, multi = false, endpoints_must_exist = false;
  uint8_t keys = 0, edge_keys = 0;
  std::string origin;
  uint8_t duplicates = 0;
  bool keeps_rows = false;  // for add_rows, instead of making a graph of them
};
struct load_opened { uint64_t load = 0; };
struct start_job { uint64_t id = 0; uint32_t term = 0; std::vector<char> job; };  // job: gli::encode(job)
struct job_finished { uint64_t id = 0; uint32_t partition = 0; uint64_t bytes = 0; std::vector<char> result; };  // result: gli::encode(job_result)
struct job_failed { uint64_t id = 0; uint32_t partition = 0; uint16_t code = 0; std::string message; };
/// Of partition 0; of the others only the bytes count.
struct job_progress { uint64_t id = 0; uint32_t partition = 0; std::string what; uint64_t done = 0, total = 0; std::string detail; uint64_t bytes = 0; };
struct abort_jobs { uint64_t up_to = 0; uint16_t code = 0; std::string why; };
struct release { std::vector<uint64_t> handles; };
struct quit { std::string why; uint8_t ending = 0; };  // ending: told, refused or refused_for_now
struct usage { uint64_t memory = 0, sent = 0, received = 0; };  // bytes: resident; between workers

template <class F> auto inspect(F& f, assign& x) { return f(caf::meta::type_name("assign"), x.epoch, x.worker, x.partition, x.partitions); }
template <class F> auto inspect(F& f, place& x) { return f(caf::meta::type_name("place"), x.term, x.doors); }
template <class F> auto inspect(F& f, placed& x) { return f(caf::meta::type_name("placed"), x.term, x.partition); }
template <class F> auto inspect(F& f, open_load& x) {
  return f(caf::meta::type_name("open_load"), x.load, x.directed, x.multi, x.endpoints_must_exist, x.keys, x.edge_keys, x.origin, x.duplicates, x.keeps_rows);
}
template <class F> auto inspect(F& f, load_opened& x) { return f(caf::meta::type_name("load_opened"), x.load); }
template <class F> auto inspect(F& f, start_job& x) { return f(caf::meta::type_name("start_job"), x.id, x.term, x.job); }
template <class F> auto inspect(F& f, job_finished& x) { return f(caf::meta::type_name("job_finished"), x.id, x.partition, x.bytes, x.result); }
template <class F> auto inspect(F& f, job_failed& x) { return f(caf::meta::type_name("job_failed"), x.id, x.partition, x.code, x.message); }
template <class F> auto inspect(F& f, job_progress& x) {
  return f(caf::meta::type_name("job_progress"), x.id, x.partition, x.what, x.done, x.total, x.detail, x.bytes);
}
template <class F> auto inspect(F& f, abort_jobs& x) { return f(caf::meta::type_name("abort_jobs"), x.up_to, x.code, x.why); }
template <class F> auto inspect(F& f, release& x) { return f(caf::meta::type_name("release"), x.handles); }
template <class F> auto inspect(F& f, quit& x) { return f(caf::meta::type_name("quit"), x.why, x.ending); }
template <class F> auto inspect(F& f, usage& x) { return f(caf::meta::type_name("usage"), x.memory, x.sent, x.received); }

}  // namespace gli::control

CAF_BEGIN_TYPE_ID_BLOCK(gli, caf::first_custom_type_id)
CAF_ADD_TYPE_ID(gli, (gli::control::assign))
CAF_ADD_TYPE_ID(gli, (gli::control::place))
CAF_ADD_TYPE_ID(gli, (gli::control::placed))
CAF_ADD_TYPE_ID(gli, (gli::control::open_load))
CAF_ADD_TYPE_ID(gli, (gli::control::load_opened))
CAF_ADD_TYPE_ID(gli, (gli::control::start_job))
CAF_ADD_TYPE_ID(gli, (gli::control::job_finished))
CAF_ADD_TYPE_ID(gli, (gli::control::job_failed))
CAF_ADD_TYPE_ID(gli, (gli::control::job_progress))
CAF_ADD_TYPE_ID(gli, (gli::control::abort_jobs))
CAF_ADD_TYPE_ID(gli, (gli::control::release))
CAF_ADD_TYPE_ID(gli, (gli::control::quit))
CAF_ADD_TYPE_ID(gli, (gli::control::usage))
CAF_END_TYPE_ID_BLOCK(gli)
