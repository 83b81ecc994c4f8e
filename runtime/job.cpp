#include "runtime/job.h"

namespace gli {
namespace {

struct job_name {
  std::string operator()(const finish_load&) const { return "finish_load"; }
  std::string operator()(const run_algorithm& a) const { return a.name; }
  std::string operator()(const select_elements&) const { return "select"; }
  std::string operator()(const select_by_values&) const { return "select_by_values"; }
  std::string operator()(const resolve_mirrors&) const { return "resolve_mirrors"; }
  std::string operator()(const identify&) const { return "identify"; }
  std::string operator()(const write_pages&) const { return "write_pages"; }
  std::string operator()(const read_pages&) const { return "read_pages"; }
  std::string operator()(const read_result&) const { return "read_result"; }
  std::string operator()(const compare_graphs&) const { return "compare"; }
  std::string operator()(const edit_graph&) const { return "edit"; }
  std::string operator()(const add_rows&) const { return "add_rows"; }
  std::string operator()(const merge_graphs&) const { return "merge"; }
  std::string operator()(const read_sources&) const { return "load"; }
  std::string operator()(const run_program& p) const { return p.name; }
  std::string operator()(const aggregate_neighbors&) const { return "aggregate"; }
  std::string operator()(const assign_values&) const { return "with_values"; }
  std::string operator()(const repartition_graph&) const { return "repartition"; }
};

template <class... Body>
bool is_one_of(const job_body& body) { return (std::holds_alternative<Body>(body) || ...); }

}  // namespace

uint32_t outputs_of(const job_body& body) {
  if (is_one_of<resolve_mirrors, identify, write_pages, compare_graphs>(body)) return 0;
  auto* program = std::get_if<run_program>(&body);
  return program ? uint32_t(program->state.size()) : 1;
}

bool makes_values(const job_body& body) { return is_one_of<run_algorithm, read_result, run_program, aggregate_neighbors>(body); }

std::string describe(const job_body& body) { return std::visit(job_name{}, body); }

}  // namespace gli
