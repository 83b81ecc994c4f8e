@0xd4f1a9c06f2b7e31;
# What travels in frames (docs/protocol.md). Every field says who sets it and when it is valid. Append only.
using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("gli::wire");

struct Value {
  union {
    null @0 :Void;
    boolean @1 :Bool;
    integer @2 :Int64;
    real @3 :Float64;
    text @4 :Data;        # UTF-8; Data, because users' strings may hold NUL
    timestamp @5 :Int64;  # microseconds since 1970, UTC
    bytes @6 :Data;
    json @7 :Data;        # canonical JSON text
  }
}

struct Parameter {
  name @0 :Text;
  value @1 :Value;
}

struct Column {
  name @0 :Text;
  type @1 :UInt8;        # gli::column_type
  length @2 :Int64;
  validity @3 :Data;     # bitmap, or empty: no nulls
  values @4 :Data;
  offsets @5 :Data;      # int64 little endian, length + 1 of them; empty for fixed-width types
  ints @6 :Data;         # bitmap of the values that are int64; empty but for type number
}

struct Batch {
  rows @0 :Int64;
  columns @1 :List(Column);
}

struct Expression {
  operation @0 :UInt16;  # gli::operation
  name @1 :Text;         # of an attribute, for operations node and edge
  literal @2 :Value;     # for operation literal
  arguments @3 :List(Expression);
}

struct Hello {             # first frame of whoever connects
  version @0 :UInt32;      # of the protocol; another one is refused, naming both
  software @1 :Text;       # e.g. "gli 0.1.0", for messages
  purpose @2 :UInt8;       # gli::purpose: what the connection is for
  cluster @3 :Text;        # the cluster's id; empty from a driver that does not know it yet
  address @4 :Text;        # worker, control: its own door
  pid @5 :UInt32;
  host @6 :Text;
  partition @7 :UInt32;    # worker, bulk: the sender's partition
  term @8 :UInt32;         # worker, bulk: the placement term the sender has
  log @9 :Text;            # worker, control: the file its log goes to, may be empty
  hostId @10 :Text;        # worker, control: gli::this_host()
  tlsAddress @11 :Text;    # worker, control: its door beyond the host; empty: none
  cores @12 :UInt32;       # worker, control: threads for kernels
  numaNode @13 :Int32 = -1;    # worker, control: that it is bound to; -1: to none
  memoryLimit @14 :UInt64; # worker, control: bytes; 0: none
}

struct Welcome {           # answer to Hello; then the connection is what it asked to be
  version @0 :UInt32;
  software @1 :Text;
  cluster @2 :Text;
  epoch @3 :UInt32;
}

struct Failure {           # instead of a Welcome or Reply
  code @0 :UInt16;         # gli::errc
  message @1 :Text;
}

struct LoadBegin {         # driver to coordinator: start a load; the answer names a handle and the workers
  directed @0 :Bool;
  multi @1 :Bool;
  keys @2 :UInt8;          # gli::key_type
  edgeKeys @3 :UInt8;
  endpointsMustExist @4 :Bool;  # an edge to a node that no node batch brought is an error
  origin @5 :Text;         # what messages call the input: a file name
  duplicates @6 :UInt8;    # gli::duplicate_policy
  rowsOf @7 :UInt64;       # the graph that the rows are to be added to by a job; 0: they become a graph of their own
}

struct LoadBatch {         # driver to worker, or worker to worker: rows that the receiver owns
  load @0 :UInt64;
  union {
    nodes @1 :Batch;       # columns: "" key, then attributes, then "_seq"
    edges @2 :Batch;       # columns: "source", "target", ["key"], attributes, "_seq"
    abort @3 :Void;        # forget the load
  }
}

struct Bulk {              # worker to worker: a slice of one message of a collective call
  total @0 :UInt64;        # bytes of the whole message, the same in all its frames
  bytes @1 :Data;          # the algorithm's own: values in memoised mirror order, ids delta-coded where a round is sparse
}

struct RowSource {         # driver: rows that the workers get for themselves
  what @0 :Text;           # "nodes", "edges": of a text file; "kronecker", "numbers"
  path @1 :Text;           # absolute, as the workers open it; empty where there is no file
  format @2 :List(Parameter);
}

struct Job {
  id @0 :UInt64;           # coordinator
  graph @1 :UInt64;        # driver
  output @2 :UInt64;       # coordinator
  union {
    finishLoad @3 :UInt64;
    algorithm :group { name @4 :Text; arguments @5 :List(Parameter); }
    select :group { nodes @6 :Expression; edges @7 :Expression; }    # null pointer: keep all
    selectByValues :group { values @8 :UInt64; low @9 :Float64; high @10 :Float64; }
    resolveMirrors @11 :Void;
    identify @12 :Void;
    writePages :group { store @13 :Text; results @14 :List(UInt64); at @40 :Text; }  # at: gli::directory_identity, empty: all reach it; likewise below
    readPages :group { store @15 :Text; roots @16 :List(Text); commit @28 :Text; at @41 :Text; }  # roots: nobody sets them any more
    readResult :group { store @17 :Text; roots @18 :List(Text); commit @29 :Text; index @30 :Int32; kept @31 :ResultInfo; at @42 :Text; }
                                 # index -1: what was kept of `kept`; roots: nobody sets them any more
    compareGraphs @19 :UInt64;
    editGraph @20 :List(Edit);
    addRows :group { rows @21 :UInt64; createNodes @22 :Bool; }  # rows: the load that has them
    merge :group { base @23 :UInt64; theirs @24 :UInt64; choices @25 :List(Choice); otherwise @26 :UInt8; tell @27 :Bool; }
                                 # otherwise: gli::merge_choice::side
    readSources :group { load @32 :LoadBegin; sources @33 :List(RowSource); }
    program @34 :Program;
    aggregate @35 :Aggregate;
    assignValues :group { values @36 :UInt64; name @37 :Text; }
    repartition :group { partitioner @38 :Text; like @39 :UInt64; }  # like: a graph, which has its nodes where they are to be; 0: as the partitioner says
  }
}

struct Program {           # gli::run_program: driver
  name @0 :Text;
  state @1 :List(ProgramColumn);
  totals @2 :List(ProgramTotal);
  message @3 :UInt8;       # gli::column_type
  combine @4 :UInt8;       # gli::reduction
  over @5 :UInt8;          # gli::spread
  weight @6 :Text;         # an edge attribute; empty: none
  maxRounds @7 :UInt64;    # 2^64 - 1: no limit
  arguments @8 :List(Parameter);
  code @9 :Data;           # pickled
  python @10 :Text;        # the version that pickled it
}

struct ProgramColumn {
  name @0 :Text;
  type @1 :UInt8;          # gli::column_type
}

struct ProgramTotal {
  name @0 :Text;
  how @1 :UInt8;           # gli::reduction
}

struct Aggregate {         # gli::aggregate_neighbors: driver
  initial @0 :Expression;
  give @1 :Expression;
  update @2 :Expression;
  how @3 :UInt8;           # gli::reduction
  over @4 :UInt8;          # gli::spread
  weight @5 :Text;
  rounds @6 :UInt64;       # 2^64 - 1: no limit
  until @7 :Float64;       # NaN: none
}

struct JobResult {
  summary @0 :List(Parameter);
  conflicts @1 :List(Conflict);  # of a merge, from partition 0
}

struct Conflict {          # gli::merge_conflict
  element @0 :UInt8;       # 0 node, 1 edge, 2 the graph
  node @1 :Value;          # or the edge's source; null: of the graph's own attributes
  target @2 :Value;        # of edges
  key @3 :Value;           # of edges of multi graphs; else null
  wholeElement @4 :Bool;   # no attribute
  attribute @5 :Text;
  base @6 :Value;          # null: not set; likewise ours and theirs
  ours @7 :Value;
  theirs @8 :Value;
  inOurs @9 :Bool;
  inTheirs @10 :Bool;
}

struct Choice {            # gli::merge_choice
  take @0 :UInt8;          # 0 ours, 1 theirs
  decided @1 :Bool;        # `instead` counts
  instead @2 :Value;       # null: no value
}

struct Query {             # driver to worker
  name @0 :Text;
  graph @1 :UInt64;
  values @2 :UInt64;
  other @3 :UInt64;
  arguments @4 :List(Parameter);
}

struct Edit {              # in a job, or worker to worker: an edit, or an element as the edit that makes it
  operation @0 :UInt8;     # gli::edit::what
  node @1 :Value;          # or the edge's source; null: of the graph's own attributes
  target @2 :Value;        # of edges
  key @3 :Value;           # of edges of multi graphs; null: none is given
  attributes @4 :List(Parameter);  # in order
  createNodes @5 :Bool;
}

struct Edits {             # worker to worker: what a partition has of the elements that a job's edits name
  edits @0 :List(Edit);
}

struct CommitInfo {
  id @0 :Text;             # hex
  graphId @1 :Text;
  parents @2 :List(Text);
  message @3 :Text;
  author @4 :Text;
  time @5 :Int64;          # microseconds since 1970, UTC
  nodes @6 :UInt64;
  edges @7 :UInt64;
  results @8 :List(ResultInfo);
}

struct ResultInfo {
  algorithm @0 :Text;
  version @1 :UInt32;
  arguments @2 :List(Parameter);
}

struct Commit {            # driver to coordinator
  store @0 :Text;          # path of the store
  graph @1 :UInt64;
  message @2 :Text;
  author @3 :Text;
  branch @4 :Text;
  results @5 :List(UInt64);
  seen @6 :Text;           # the branch's head as the driver knows it; empty: none. Another one is a conflict
  merged @7 :List(Text);   # further parents
  beginsPart @8 :Bool;     # the graph is a part of the first parent's
}

struct WorkerInfo {
  worker @0 :UInt32;
  partition @1 :UInt32;
  pid @2 :UInt32;
  host @3 :Text;
  address @4 :Text;
  state @5 :Text;          # "ready", "starting", "lost"
  lastError @6 :Text;
  hostId @7 :Text;         # as in its Hello, likewise the next four
  tlsAddress @8 :Text;
  cores @9 :UInt32;
  numaNode @10 :Int32 = -1;
  memoryLimit @11 :UInt64;
  memory @12 :UInt64;      # bytes resident, as it said last
  sent @13 :UInt64;        # bytes that it has sent to other workers, and got from them, as it said last
  received @14 :UInt64;
}

struct CallInfo {          # in a status: a call that waits or runs
  id @0 :UInt64;
  what @1 :Text;           # "pagerank"
  driver @2 :Text;         # who asked, for people; empty: the coordinator itself
  since @3 :Int64;         # it was asked for; microseconds since 1970, likewise started
  started @4 :Int64;       # 0: it waits
  step @5 :Text;           # as in Progress, of partition 0, likewise the next three
  done @6 :UInt64;
  total @7 :UInt64;
  detail @8 :Text;
  bytes @9 :UInt64;        # sent between workers, as far as they have said
}

struct FailedJob {         # in a status: one of the last jobs that failed and were not cancelled, oldest first
  id @0 :UInt64;
  what @1 :Text;           # "pagerank"
  why @2 :Failure;
  time @3 :Int64;          # microseconds since 1970
}

struct Submission {        # driver to coordinator: a job (docs/jobs.md)
  token @0 :UInt64;        # random; the same again is the same job
  name @1 :Text;           # for people; of a script: its file's
  kind @2 :UInt8;          # gli::submission::kind
  program @3 :Data;        # a script's text, or the pickled function with its arguments
  arguments @4 :List(Text);    # a script's
  directory @5 :Text;      # where it runs; empty: the job's own
  imports @6 :Text;        # a directory to find modules in, on the coordinator's host; may be empty
  python @7 :Text;         # the version that pickled it, such as "3.11"; of a script: empty
  detached @8 :Bool;
}

struct SubmittedJob {      # what the coordinator tells of a job; also the file `record`
  id @0 :UInt64;
  name @1 :Text;
  kind @2 :UInt8;          # gli::submission::kind
  state @3 :UInt8;         # gli::submission_state
  detached @4 :Bool;
  pid @5 :UInt32;          # 0: none
  submitted @6 :Int64;     # microseconds since 1970; likewise the next two; 0: not yet
  started @7 :Int64;
  ended @8 :Int64;
  exitStatus @9 :Int32;    # of a job that ended: 128 + the signal that killed it; -1: it has none
  error @10 :Text;         # why it failed, was cancelled or lost
  resultBytes @11 :UInt64; # 0: none
  token @12 :UInt64;       # as submitted
}

struct Request {           # driver to coordinator, answered by one Reply with the same sequence number
  client @0 :UInt64;       # with incarnation and the frame's sequence: a repeat takes effect once
  incarnation @1 :UInt32;
  union {
    ping @2 :Void;
    status @3 :Void;
    loadBegin @4 :LoadBegin;
    job @5 :Job;
    release @6 :List(UInt64);    # handles that the driver dropped
    commit @7 :Commit;
    history :group { store @8 :Text; revision @9 :Text; limit @10 :UInt32; }
    checkout :group { store @11 :Text; revision @12 :Text; result @13 :Int32; graph @14 :UInt64; kept @20 :ResultInfo; }
                                 # result -1: the graph, or, for `graph`, what was kept of `kept` if it names an algorithm; else that result of the commit
    shutdown @15 :Void;
    cancel @16 :UInt64;          # sequence number of the request to give up
    branch :group { store @17 :Text; name @18 :Text; from @19 :Text; }  # nobody sends it any more
    keepResult :group { store @21 :Text; revision @22 :Text; values @23 :UInt64; }
    openStore :group { openPath @24 :Text; openAt @25 :Text; }
    submit @26 :Submission;
    jobs @27 :Void;
    jobState :group { job @28 :UInt64; wait @29 :UInt32; }     # wait: milliseconds
    jobLog :group { job @30 :UInt64; offset @31 :UInt64; wait @32 :UInt32; }
    jobResult :group { job @33 :UInt64; offset @34 :UInt64; }
    cancelJob @35 :UInt64;
  }
}

struct Reply {
  union {
    failure @0 :Failure;
    done @1 :Void;
    status :group { workers @2 :List(WorkerInfo); partitions @3 :UInt32; cluster @4 :Text; epoch @5 :UInt32; jobs @6 :UInt32; log @7 :Text;
                     failed @13 :List(FailedJob); submitted @14 :List(SubmittedJob); calls @19 :List(CallInfo); drivers @20 :UInt32; }
                                 # jobs: nobody sets it any more
    loadBegun :group { load @8 :UInt64; workers @9 :List(WorkerInfo); }
    result :group { output @10 :UInt64; partitions @11 :List(JobResult); }
    commits @12 :List(CommitInfo);
    jobs @15 :List(SubmittedJob);
    piece :group { offset @16 :UInt64; bytes @17 :Data; last @18 :Bool; }
  }
}

struct Progress {          # coordinator to driver while a request runs, same sequence number
  what @0 :Text;
  done @1 :UInt64;
  total @2 :UInt64;        # 0: unknown
  detail @3 :Text;         # for people: "round 5, residual 1.20e-05"
  bytes @4 :UInt64;        # sent between workers, as far as they have said
}
