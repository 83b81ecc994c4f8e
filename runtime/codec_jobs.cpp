#include "runtime/codec_wire.h"

namespace gli::codec {

namespace {

void put_select(wire::Job::Select::Builder to, const select_elements& s) {
  if (s.nodes) put(to.initNodes(), *s.nodes);
  if (s.edges) put(to.initEdges(), *s.edges);
}

select_elements get_select(wire::Job::Select::Reader from) {
  select_elements s;
  if (from.hasNodes()) s.nodes = get(from.getNodes());
  if (from.hasEdges()) s.edges = get(from.getEdges());
  return s;
}

void put_choice(wire::Choice::Builder to, const merge_choice& from) {
  to.setTake(uint8_t(from.take));
  to.setDecided(from.instead.has_value());
  if (from.instead) put(to.initInstead(), *from.instead);
}

void put_source(wire::RowSource::Builder to, const row_source& from) {
  to.setWhat(text(from.what));
  to.setPath(text(from.path));
  put(to.initFormat(count(from.format)), from.format);
}

row_source get_source(wire::RowSource::Reader from) { return {string_of(from.getWhat()), string_of(from.getPath()), get(from.getFormat())}; }

read_sources get_sources(wire::Job::ReadSources::Reader from) {
  auto load = get(from.getLoad());
  return {load.kind, load.endpoints_must_exist, load.origin, load.duplicates, read_list<row_source>(from.getSources(), get_source)};
}

/// One call for each alternative of job_body.
struct put_body {
  wire::Job::Builder to;
  void operator()(const finish_load& b) { to.setFinishLoad(b.load); }
  void operator()(const run_algorithm& b) {
    auto group = to.initAlgorithm();
    group.setName(text(b.name));
    put(group.initArguments(count(b.arguments)), b.arguments);
  }
  void operator()(const select_elements& b) { put_select(to.initSelect(), b); }
  void operator()(const select_by_values& b) {
    auto group = to.initSelectByValues();
    group.setValues(b.values);
    group.setLow(b.low);
    group.setHigh(b.high);
  }
  void operator()(const assign_values& b) {
    auto group = to.initAssignValues();
    group.setValues(b.values);
    group.setName(text(b.name));
  }
  void operator()(const repartition_graph& b) {
    auto group = to.initRepartition();
    group.setPartitioner(text(b.partitioner));
    group.setLike(b.like);
  }
  void operator()(const resolve_mirrors&) { to.setResolveMirrors(); }
  void operator()(const identify&) { to.setIdentify(); }
  void operator()(const write_pages& b) {
    auto group = to.initWritePages();
    group.setStore(text(b.store));
    put_numbers(group.initResults(count(b.results)), b.results);
    group.setAt(text(b.at));
  }
  void operator()(const read_pages& b) {
    auto group = to.initReadPages();
    group.setStore(text(b.store));
    group.setCommit(text(b.commit));
    group.setAt(text(b.at));
  }
  void operator()(const read_result& b) {
    auto group = to.initReadResult();
    group.setStore(text(b.store));
    group.setCommit(text(b.commit));
    group.setIndex(b.index);
    put(group.initKept(), b.kept);
    group.setAt(text(b.at));
  }
  void operator()(const compare_graphs& b) { to.setCompareGraphs(b.newer); }
  void operator()(const edit_graph& b) { put(to.initEditGraph(count(b.edits)), b.edits); }
  void operator()(const add_rows& b) {
    auto group = to.initAddRows();
    group.setRows(b.rows);
    group.setCreateNodes(b.create_nodes);
  }
  void operator()(const merge_graphs& b) {
    auto group = to.initMerge();
    group.setBase(b.base);
    group.setTheirs(b.theirs);
    fill_list(group.initChoices(count(b.choices)), b.choices, put_choice);
    group.setOtherwise(uint8_t(b.otherwise));
    group.setTell(b.tell);
  }
  void operator()(const run_program& b) { put(to.initProgram(), b); }
  void operator()(const aggregate_neighbors& b) { put(to.initAggregate(), b); }

  void operator()(const read_sources& b) {
    auto group = to.initReadSources();
    put(group.initLoad(), load_begin{b.kind, b.endpoints_must_exist, b.origin, b.duplicates});
    fill_list(group.initSources(count(b.sources)), b.sources, put_source);
  }
};

merge_choice::side get_side(uint8_t number) {
  if (number > uint8_t(merge_choice::side::theirs)) refuse("no side " + std::to_string(number));
  return merge_choice::side(number);
}

merge_choice get_choice(wire::Choice::Reader from) {
  return {get_side(from.getTake()), from.getDecided() ? std::optional{get(from.getInstead())} : std::nullopt};
}

merge_graphs get_merge(wire::Job::Merge::Reader from) {
  return {from.getBase(), from.getTheirs(), read_list<merge_choice>(from.getChoices(), get_choice), get_side(from.getOtherwise()), from.getTell()};
}

void put_optional(wire::Value::Builder to, const std::optional<value>& from) { put(to, from.value_or(value{})); }

std::optional<value> get_optional(wire::Value::Reader from) {
  auto v = get(from);
  return type_of(v) ? std::optional{std::move(v)} : std::nullopt;
}

void put_conflict(wire::Conflict::Builder to, const merge_conflict& from) {
  using element = merge_conflict::element;
  to.setElement(uint8_t(from.of));
  if (from.of != element::graph) put(to.initNode(), to_value(from.node));
  if (from.of == element::edge) put(to.initTarget(), to_value(from.target));
  if (from.edge_key) put(to.initKey(), to_value(*from.edge_key));
  to.setWholeElement(!from.attribute);
  to.setAttribute(text(from.attribute.value_or("")));
  put_optional(to.initBase(), from.base);
  put_optional(to.initOurs(), from.ours);
  put_optional(to.initTheirs(), from.theirs);
  to.setInOurs(from.in_ours);
  to.setInTheirs(from.in_theirs);
}

merge_conflict get_conflict(wire::Conflict::Reader from) {
  using element = merge_conflict::element;
  if (from.getElement() > uint8_t(element::graph)) refuse("no element " + std::to_string(from.getElement()));
  merge_conflict c;
  c.of = element(from.getElement());
  if (c.of != element::graph) c.node = to_key(get(from.getNode())).value_or(key{});
  if (c.of == element::edge) c.target = to_key(get(from.getTarget())).value_or(key{});
  c.edge_key = to_key(get(from.getKey()));
  if (!from.getWholeElement()) c.attribute = string_of(from.getAttribute());
  c.base = get_optional(from.getBase());
  c.ours = get_optional(from.getOurs());
  c.theirs = get_optional(from.getTheirs());
  c.in_ours = from.getInOurs();
  c.in_theirs = from.getInTheirs();
  return c;
}

job_body get_body(wire::Job::Reader from) {
  switch (from.which()) {
    case wire::Job::FINISH_LOAD: return finish_load{from.getFinishLoad()};
    case wire::Job::ALGORITHM: return run_algorithm{string_of(from.getAlgorithm().getName()), get(from.getAlgorithm().getArguments())};
    case wire::Job::SELECT: return get_select(from.getSelect());
    case wire::Job::SELECT_BY_VALUES: {
      auto group = from.getSelectByValues();
      return select_by_values{group.getValues(), group.getLow(), group.getHigh()};
    }
    case wire::Job::ASSIGN_VALUES: return assign_values{from.getAssignValues().getValues(), string_of(from.getAssignValues().getName())};
    case wire::Job::REPARTITION: return repartition_graph{string_of(from.getRepartition().getPartitioner()), from.getRepartition().getLike()};
    case wire::Job::RESOLVE_MIRRORS: return resolve_mirrors{};
    case wire::Job::IDENTIFY: return identify{};
    case wire::Job::WRITE_PAGES: {
      auto group = from.getWritePages();
      return write_pages{string_of(group.getStore()), read_numbers(group.getResults()), string_of(group.getAt())};
    }
    case wire::Job::READ_PAGES: {
      auto group = from.getReadPages();
      return read_pages{string_of(group.getStore()), string_of(group.getCommit()), string_of(group.getAt())};
    }
    case wire::Job::READ_RESULT: {
      auto group = from.getReadResult();
      return read_result{string_of(group.getStore()), string_of(group.getCommit()), group.getIndex(), get(group.getKept()), string_of(group.getAt())};
    }
    case wire::Job::COMPARE_GRAPHS: return compare_graphs{from.getCompareGraphs()};
    case wire::Job::EDIT_GRAPH: return edit_graph{get(from.getEditGraph())};
    case wire::Job::ADD_ROWS: return add_rows{from.getAddRows().getRows(), from.getAddRows().getCreateNodes()};
    case wire::Job::MERGE: return get_merge(from.getMerge());
    case wire::Job::READ_SOURCES: return get_sources(from.getReadSources());
    case wire::Job::PROGRAM: return get(from.getProgram());
    case wire::Job::AGGREGATE: return get(from.getAggregate());
  }
  refuse("no job " + std::to_string(int(from.which())));
}

}  // namespace

void put(wire::Job::Builder to, const job& from) {
  to.setId(from.id);
  to.setGraph(from.graph);
  to.setOutput(from.output);
  std::visit(put_body{to}, from.body);
}

job get(wire::Job::Reader from) { return {from.getId(), from.getGraph(), from.getOutput(), get_body(from)}; }

void put(wire::JobResult::Builder to, const job_result& from) {
  put(to.initSummary(count(from.summary)), from.summary);
  fill_list(to.initConflicts(count(from.conflicts)), from.conflicts, put_conflict);
}
job_result get(wire::JobResult::Reader from) { return {get(from.getSummary()), read_list<merge_conflict>(from.getConflicts(), get_conflict)}; }

}  // namespace gli::codec

namespace gli {

byte_buffer encode(const job& j) {
  return codec::build<wire::Job>(1024, [&](auto to) { codec::put(to, j); });
}

job decode_job(bytes_view body) {
  return codec::parse<wire::Job>("Job", body, [](auto from) { return codec::get(from); });
}

byte_buffer encode(const job_result& r) {
  return codec::build<wire::JobResult>(1024, [&](auto to) { codec::put(to, r); });
}

job_result decode_job_result(bytes_view body) {
  return codec::parse<wire::JobResult>("JobResult", body, [](auto from) { return codec::get(from); });
}

byte_buffer encode(const query& q) {
  return codec::build<wire::Query>(512, [&](wire::Query::Builder to) {
    to.setName(codec::text(q.name));
    to.setGraph(q.graph);
    to.setValues(q.values);
    to.setOther(q.other);
    codec::put(to.initArguments(codec::count(q.arguments)), q.arguments);
  });
}

query decode_query(bytes_view body) {
  return codec::parse<wire::Query>("Query", body, [](wire::Query::Reader from) -> query {
    return {codec::string_of(from.getName()), from.getGraph(), from.getValues(), from.getOther(), codec::get(from.getArguments())};
  });
}

}  // namespace gli
