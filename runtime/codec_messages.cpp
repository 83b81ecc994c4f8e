#include "runtime/codec_wire.h"

namespace gli::codec {

void put(wire::Failure::Builder to, const failure_note& from) {
  to.setCode(uint16_t(from.code));
  to.setMessage(text(from.message));
}

failure_note get(wire::Failure::Reader from) {
  auto code = from.getCode();
  if (code < uint16_t(errc::key) || code > uint16_t(errc::program)) code = uint16_t(errc::internal);  // of a newer peer
  return {errc(code), string_of(from.getMessage())};
}

void put(wire::ResultInfo::Builder to, const result_info& from) {
  to.setAlgorithm(text(from.algorithm));
  to.setVersion(from.version);
  codec::put(to.initArguments(count(from.arguments)), from.arguments);
}

result_info get(wire::ResultInfo::Reader from) { return {string_of(from.getAlgorithm()), from.getVersion(), codec::get(from.getArguments())}; }

namespace {

duplicate_policy get_duplicates(uint8_t number) {
  if (number > uint8_t(duplicate_policy::sum)) throw failure{errc::protocol, "no policy for duplicates has the number " + std::to_string(number)};
  return duplicate_policy(number);
}

}  // namespace

void put(wire::LoadBegin::Builder to, const load_begin& from) {
  to.setDirected(from.kind.directed);
  to.setMulti(from.kind.multi);
  to.setKeys(uint8_t(from.kind.keys));
  to.setEdgeKeys(uint8_t(from.kind.edge_keys));
  to.setEndpointsMustExist(from.endpoints_must_exist);
  to.setOrigin(text(from.origin));
  to.setDuplicates(uint8_t(from.duplicates));
  to.setRowsOf(from.rows_of);
}

load_begin get(wire::LoadBegin::Reader from) {
  graph_kind kind{from.getDirected(), from.getMulti(), get_key_type(from.getKeys()), get_key_type(from.getEdgeKeys())};
  return {kind, from.getEndpointsMustExist(), string_of(from.getOrigin()), get_duplicates(from.getDuplicates()), from.getRowsOf()};
}

namespace {

void put(wire::WorkerInfo::Builder to, const worker_info& from) {
  to.setWorker(from.worker);
  to.setPartition(from.partition);
  to.setPid(from.pid);
  to.setHost(text(from.host));
  to.setAddress(text(from.address));
  to.setState(text(from.state));
  to.setLastError(text(from.last_error));
  to.setHostId(text(from.host_id));
  to.setTlsAddress(text(from.tls_address));
  to.setCores(from.cores);
  to.setNumaNode(from.numa_node);
  to.setMemoryLimit(from.memory_limit);
  to.setMemory(from.memory);
  to.setSent(from.sent);
  to.setReceived(from.received);
}

worker_info get(wire::WorkerInfo::Reader from) {
  return {from.getWorker(),           from.getPartition(),             from.getPid(),
          string_of(from.getHost()),  string_of(from.getAddress()),    string_of(from.getState()), string_of(from.getLastError()),
          string_of(from.getHostId()), string_of(from.getTlsAddress()), from.getCores(),            from.getNumaNode(),
          from.getMemoryLimit(),      from.getMemory(),                from.getSent(),             from.getReceived()};
}

void put(wire::CallInfo::Builder to, const call_info& from) {
  to.setId(from.id);
  to.setWhat(text(from.what));
  to.setDriver(text(from.driver));
  to.setSince(from.since);
  to.setStarted(from.started);
  to.setStep(text(from.step));
  to.setDone(from.done);
  to.setTotal(from.total);
  to.setDetail(text(from.detail));
  to.setBytes(from.bytes);
}

call_info get(wire::CallInfo::Reader from) {
  return {from.getId(),   string_of(from.getWhat()), string_of(from.getDriver()), from.getSince(),               from.getStarted(),
          string_of(from.getStep()), from.getDone(), from.getTotal(),             string_of(from.getDetail()), from.getBytes()};
}

void put(wire::CommitInfo::Builder to, const commit_info& from) {
  to.setId(text(from.id));
  to.setGraphId(text(from.graph_id));
  put_texts(to.initParents(count(from.parents)), from.parents);
  to.setMessage(text(from.message));
  to.setAuthor(text(from.author));
  to.setTime(from.time);
  to.setNodes(from.nodes);
  to.setEdges(from.edges);
  fill_list(to.initResults(count(from.results)), from.results, [](auto place, const result_info& r) { codec::put(place, r); });
}

commit_info get(wire::CommitInfo::Reader from) {
  commit_info c;
  c.id = string_of(from.getId());
  c.graph_id = string_of(from.getGraphId());
  c.parents = read_texts(from.getParents());
  c.message = string_of(from.getMessage());
  c.author = string_of(from.getAuthor());
  c.time = from.getTime();
  c.nodes = from.getNodes();
  c.edges = from.getEdges();
  c.results = read_list<result_info>(from.getResults(), [](wire::ResultInfo::Reader r) { return codec::get(r); });
  return c;
}

void put_workers(capnp::List<wire::WorkerInfo>::Builder to, const std::vector<worker_info>& from) {
  fill_list(to, from, [](auto place, const worker_info& w) { put(place, w); });
}

std::vector<worker_info> get_workers(capnp::List<wire::WorkerInfo>::Reader from) {
  return read_list<worker_info>(from, [](wire::WorkerInfo::Reader w) { return get(w); });
}

void put(wire::Commit::Builder to, const commit_graph& from) {
  to.setStore(text(from.store));
  to.setGraph(from.graph);
  to.setMessage(text(from.message));
  to.setAuthor(text(from.author));
  to.setBranch(text(from.branch));
  put_numbers(to.initResults(count(from.results)), from.results);
  to.setSeen(text(from.seen));
  put_texts(to.initMerged(count(from.merged)), from.merged);
  to.setBeginsPart(from.begins_part);
}

commit_graph get(wire::Commit::Reader from) {
  return {string_of(from.getStore()),  from.getGraph(),             string_of(from.getMessage()),     string_of(from.getAuthor()),
          string_of(from.getBranch()), read_numbers(from.getResults()), string_of(from.getSeen()), read_texts(from.getMerged()),
          from.getBeginsPart()};
}

/// One call for each alternative of request_body.
struct put_request {
  wire::Request::Builder to;
  void operator()(const ping&) { to.setPing(); }
  void operator()(const ask_status&) { to.setStatus(); }
  void operator()(const load_begin& b) { codec::put(to.initLoadBegin(), b); }
  void operator()(const job& b) { codec::put(to.initJob(), b); }
  void operator()(const release_handles& b) { put_numbers(to.initRelease(count(b.handles)), b.handles); }
  void operator()(const commit_graph& b) { put(to.initCommit(), b); }
  void operator()(const ask_history& b) {
    auto group = to.initHistory();
    group.setStore(text(b.store));
    group.setRevision(text(b.revision));
    group.setLimit(b.limit);
  }
  void operator()(const checkout& b) {
    auto group = to.initCheckout();
    group.setStore(text(b.store));
    group.setRevision(text(b.revision));
    group.setResult(b.result);
    group.setGraph(b.graph);
    codec::put(group.initKept(), b.kept);
  }
  void operator()(const keep_result& b) {
    auto group = to.initKeepResult();
    group.setStore(text(b.store));
    group.setRevision(text(b.revision));
    group.setValues(b.values);
  }
  void operator()(const open_store& b) {
    auto group = to.initOpenStore();
    group.setOpenPath(text(b.path));
    group.setOpenAt(text(b.at));
  }
  void operator()(const shutdown_cluster&) { to.setShutdown(); }
  void operator()(const cancel_request& b) { to.setCancel(b.sequence); }
  void operator()(const submission& b) { codec::put(to.initSubmit(), b); }
  void operator()(const ask_jobs&) { to.setJobs(); }
  void operator()(const ask_job& b) {
    auto group = to.initJobState();
    group.setJob(b.job);
    group.setWait(b.wait);
  }
  void operator()(const ask_job_log& b) {
    auto group = to.initJobLog();
    group.setJob(b.job);
    group.setOffset(b.offset);
    group.setWait(b.wait);
  }
  void operator()(const ask_job_result& b) {
    auto group = to.initJobResult();
    group.setJob(b.job);
    group.setOffset(b.offset);
  }
  void operator()(const cancel_job& b) { to.setCancelJob(b.job); }
};

request_body get_request(wire::Request::Reader from) {
  switch (from.which()) {
    case wire::Request::PING: return ping{};
    case wire::Request::STATUS: return ask_status{};
    case wire::Request::LOAD_BEGIN: return codec::get(from.getLoadBegin());
    case wire::Request::JOB: return codec::get(from.getJob());
    case wire::Request::RELEASE: return release_handles{read_numbers(from.getRelease())};
    case wire::Request::COMMIT: return get(from.getCommit());
    case wire::Request::HISTORY: {
      auto group = from.getHistory();
      return ask_history{string_of(group.getStore()), string_of(group.getRevision()), group.getLimit()};
    }
    case wire::Request::CHECKOUT: {
      auto group = from.getCheckout();
      return checkout{string_of(group.getStore()), string_of(group.getRevision()), group.getResult(), group.getGraph(),
                      codec::get(group.getKept())};
    }
    case wire::Request::SHUTDOWN: return shutdown_cluster{};
    case wire::Request::CANCEL: return cancel_request{from.getCancel()};
    case wire::Request::BRANCH: break;
    case wire::Request::OPEN_STORE: {
      auto group = from.getOpenStore();
      return open_store{string_of(group.getOpenPath()), string_of(group.getOpenAt())};
    }
    case wire::Request::KEEP_RESULT: {
      auto group = from.getKeepResult();
      return keep_result{string_of(group.getStore()), string_of(group.getRevision()), group.getValues()};
    }
    case wire::Request::SUBMIT: return codec::get(from.getSubmit());
    case wire::Request::JOBS: return ask_jobs{};
    case wire::Request::JOB_STATE: return ask_job{from.getJobState().getJob(), from.getJobState().getWait()};
    case wire::Request::JOB_LOG: return ask_job_log{from.getJobLog().getJob(), from.getJobLog().getOffset(), from.getJobLog().getWait()};
    case wire::Request::JOB_RESULT: return ask_job_result{from.getJobResult().getJob(), from.getJobResult().getOffset()};
    case wire::Request::CANCEL_JOB: return cancel_job{from.getCancelJob()};
  }
  refuse("no request " + std::to_string(int(from.which())));
}

/// One call for each alternative of reply.
struct put_reply {
  wire::Reply::Builder to;
  void operator()(const failure_note& b) { codec::put(to.initFailure(), b); }
  void operator()(const done&) { to.setDone(); }
  void operator()(const status_report& b) {
    auto group = to.initStatus();
    put_workers(group.initWorkers(count(b.workers)), b.workers);
    group.setPartitions(b.partitions);
    group.setCluster(text(b.cluster));
    group.setEpoch(b.epoch);
    group.setLog(text(b.log));
    fill_list(group.initFailed(count(b.failed)), b.failed, [](wire::FailedJob::Builder place, const failed_job& f) {
      place.setId(f.id);
      place.setWhat(text(f.what));
      codec::put(place.initWhy(), f.why);
      place.setTime(f.time);
    });
    codec::put(group.initSubmitted(count(b.submitted)), b.submitted);
    fill_list(group.initCalls(count(b.calls)), b.calls, [](auto place, const call_info& c) { put(place, c); });
    group.setDrivers(b.drivers);
  }
  void operator()(const load_begun& b) {
    auto group = to.initLoadBegun();
    group.setLoad(b.load);
    put_workers(group.initWorkers(count(b.workers)), b.workers);
  }
  void operator()(const job_reply& b) {
    auto group = to.initResult();
    group.setOutput(b.output);
    fill_list(group.initPartitions(count(b.partitions)), b.partitions, [](auto place, const job_result& r) { codec::put(place, r); });
  }
  void operator()(const std::vector<commit_info>& b) {
    fill_list(to.initCommits(count(b)), b, [](auto place, const commit_info& c) { put(place, c); });
  }
  void operator()(const std::vector<submitted_job>& b) { codec::put(to.initJobs(count(b)), b); }
  void operator()(const job_piece& b) {
    auto group = to.initPiece();
    group.setOffset(b.offset);
    group.setBytes(data(b.bytes));
    group.setLast(b.last);
  }
};

status_report get_status(wire::Reply::Status::Reader from) {
  return {get_workers(from.getWorkers()), from.getPartitions(), string_of(from.getCluster()), from.getEpoch(),
          string_of(from.getLog()), read_list<failed_job>(from.getFailed(), [](wire::FailedJob::Reader f) {
            return failed_job{f.getId(), string_of(f.getWhat()), codec::get(f.getWhy()), f.getTime()};
          }),
          codec::get(from.getSubmitted()), read_list<call_info>(from.getCalls(), [](wire::CallInfo::Reader c) { return get(c); }), from.getDrivers()};
}

job_reply get_job_reply(wire::Reply::Result::Reader from) {
  return {from.getOutput(), read_list<job_result>(from.getPartitions(), [](wire::JobResult::Reader r) { return codec::get(r); })};
}

reply get_reply(wire::Reply::Reader from) {
  switch (from.which()) {
    case wire::Reply::FAILURE: return codec::get(from.getFailure());
    case wire::Reply::DONE: return done{};
    case wire::Reply::STATUS: return get_status(from.getStatus());
    case wire::Reply::LOAD_BEGUN: return load_begun{from.getLoadBegun().getLoad(), get_workers(from.getLoadBegun().getWorkers())};
    case wire::Reply::RESULT: return get_job_reply(from.getResult());
    case wire::Reply::COMMITS: return read_list<commit_info>(from.getCommits(), [](wire::CommitInfo::Reader c) { return get(c); });
    case wire::Reply::JOBS: return codec::get(from.getJobs());
    case wire::Reply::PIECE: return job_piece{from.getPiece().getOffset(), string_of(from.getPiece().getBytes()), from.getPiece().getLast()};
  }
  refuse("no reply " + std::to_string(int(from.which())));
}

}  // namespace

}  // namespace gli::codec

namespace gli {

using namespace codec;

byte_buffer encode(const hello& h) {
  return build<wire::Hello>(512, [&](wire::Hello::Builder to) {
    to.setVersion(h.version);
    to.setSoftware(text(h.software));
    to.setPurpose(uint8_t(h.what));
    to.setCluster(text(h.cluster));
    to.setAddress(text(h.address));
    to.setPid(h.pid);
    to.setHost(text(h.host));
    to.setPartition(h.partition);
    to.setTerm(h.term);
    to.setLog(text(h.log));
    to.setHostId(text(h.host_id));
    to.setTlsAddress(text(h.tls_address));
    to.setCores(h.cores);
    to.setNumaNode(h.numa_node);
    to.setMemoryLimit(h.memory_limit);
  });
}

/// The purpose's number is kept as it is: the door checks it after the version.
hello decode_hello(bytes_view body) {
  return parse<wire::Hello>("Hello", body, [](wire::Hello::Reader from) {
    hello h;
    h.version = from.getVersion();
    h.software = string_of(from.getSoftware());
    h.what = purpose(from.getPurpose());
    h.cluster = string_of(from.getCluster());
    h.address = string_of(from.getAddress());
    h.pid = from.getPid();
    h.host = string_of(from.getHost());
    h.partition = from.getPartition();
    h.term = from.getTerm();
    h.log = string_of(from.getLog());
    h.host_id = string_of(from.getHostId());
    h.tls_address = string_of(from.getTlsAddress());
    h.cores = from.getCores();
    h.numa_node = from.getNumaNode();
    h.memory_limit = from.getMemoryLimit();
    return h;
  });
}

byte_buffer encode(const welcome& w) {
  return build<wire::Welcome>(256, [&](wire::Welcome::Builder to) {
    to.setVersion(w.version);
    to.setSoftware(text(w.software));
    to.setCluster(text(w.cluster));
    to.setEpoch(w.epoch);
  });
}

welcome decode_welcome(bytes_view body) {
  return parse<wire::Welcome>("Welcome", body, [](wire::Welcome::Reader from) -> welcome {
    return {from.getVersion(), string_of(from.getSoftware()), string_of(from.getCluster()), from.getEpoch()};
  });
}

byte_buffer encode(const failure_note& f) {
  return build<wire::Failure>(64 + f.message.size(), [&](auto to) { codec::put(to, f); });
}

failure_note decode_failure(bytes_view body) {
  return parse<wire::Failure>("Failure", body, [](auto from) { return codec::get(from); });
}

byte_buffer encode(const request& r) {
  return build<wire::Request>(512, [&](wire::Request::Builder to) {
    to.setClient(r.client);
    to.setIncarnation(r.incarnation);
    std::visit(put_request{to}, r.body);
  });
}

request decode_request(bytes_view body) {
  return parse<wire::Request>("Request", body, [](wire::Request::Reader from) -> request {
    return {from.getClient(), from.getIncarnation(), get_request(from)};
  });
}

byte_buffer encode(const reply& r) {
  return build<wire::Reply>(512, [&](wire::Reply::Builder to) { std::visit(put_reply{to}, r); });
}

reply decode_reply(bytes_view body) {
  return parse<wire::Reply>("Reply", body, [](auto from) { return get_reply(from); });
}

byte_buffer encode(const progress_note& p) {
  return build<wire::Progress>(64 + p.what.size() + p.detail.size(), [&](wire::Progress::Builder to) {
    to.setWhat(text(p.what));
    to.setDone(p.done);
    to.setTotal(p.total);
    to.setDetail(text(p.detail));
    to.setBytes(p.bytes);
  });
}

progress_note decode_progress(bytes_view body) {
  return parse<wire::Progress>("Progress", body, [](wire::Progress::Reader from) -> progress_note {
    return {string_of(from.getWhat()), from.getDone(), from.getTotal(), string_of(from.getDetail()), from.getBytes()};
  });
}

}  // namespace gli
