#include "coordinator/web_page.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace gli {

namespace {

using nlohmann::ordered_json;
using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;

constexpr auto between_states = 1s;
constexpr auto patience = 5s;
constexpr size_t shown_jobs = 20;
constexpr const char* state_type = "application/x-ndjson";

struct served { const char *path, *name, *type; };
constexpr served all_files[] = {{"/", "index.html", "text/html; charset=utf-8"},
                                {"/page.css", "page.css", "text/css; charset=utf-8"},
                                {"/page.js", "page.js", "text/javascript; charset=utf-8"},
                                {"/preact.js", "preact.js", "text/javascript; charset=utf-8"},
                                {"/htm.js", "htm.js", "text/javascript; charset=utf-8"},
                                {"/icon.svg", "icon.svg", "image/svg+xml"}};

std::string contents(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) throw failure{errc::io, "the page's file " + path + " cannot be read"};
  return text.str();
}

double seconds(int64_t microseconds) { return double(microseconds) / 1e6; }

int64_t microseconds_now() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

ordered_json json_of(const worker_info& w) {
  return {{"partition", w.partition}, {"worker", w.worker},         {"state", w.state},         {"host", w.host}, {"pid", w.pid},           {"cores", w.cores},
          {"memory", w.memory},       {"limit", w.memory_limit},    {"numa", w.numa_node},      {"sent", w.sent}, {"received", w.received}, {"error", w.last_error}};
}

ordered_json json_of(const call_info& c) {
  return {{"call", c.id},       {"what", c.what},   {"driver", c.driver}, {"since", seconds(c.since)}, {"started", seconds(c.started)},
          {"step", c.step},     {"done", c.done},   {"total", c.total},   {"detail", c.detail},        {"bytes", c.bytes}};
}

ordered_json json_of(const graph_row& g) {
  ordered_json row{{"number", g.number}, {"nodes", g.nodes}, {"edges", g.edges}, {"directed", g.kind.directed}, {"multi", g.kind.multi}, {"stored", g.stored}};
  if (g.most_nodes) row["most_nodes"] = *g.most_nodes;
  if (g.cut_edges) row["cut_edges"] = *g.cut_edges;
  return row;
}

ordered_json json_of(const submitted_job& j) {
  return {{"job", j.id},         {"name", j.name},
          {"state", name_of(j.state)},     {"submitted", seconds(j.submitted)},
          {"started", seconds(j.started)}, {"ended", seconds(j.ended)},
          {"error", j.error.substr(0, j.error.find('\n'))}};
}

/// What runs, then the others: the newest first.
std::vector<submitted_job> in_order(const std::vector<submitted_job>& jobs) {
  std::vector<submitted_job> list{jobs.rbegin(), jobs.rend()};
  std::stable_partition(list.begin(), list.end(), [](auto& j) { return j.state == submission_state::running; });
  return list;
}

ordered_json json_of(const failed_job& f) { return {{"call", f.id}, {"what", f.what}, {"error", f.why.message}, {"time", seconds(f.time)}}; }

template <class Rows>
ordered_json list_of(const Rows& rows, size_t most = SIZE_MAX) {
  auto list = ordered_json::array();
  for (auto& r : rows) {
    if (list.size() >= most) break;
    list.push_back(json_of(r));
  }
  return list;
}

}  // namespace

std::string page_state(const cluster_view& v, int64_t now, size_t most_calls) {
  auto& s = v.status;
  ordered_json state{{"time", seconds(now)},
                     {"version", GLI_VERSION},
                     {"cluster", s.cluster},
                     {"epoch", s.epoch},
                     {"partitions", s.partitions},
                     {"drivers", s.drivers},
                     {"handles", v.handles},
                     {"running", v.running},
                     {"waiting", v.waiting},
                     {"workers", list_of(s.workers)},
                     {"calls", list_of(s.calls, most_calls)},
                     {"jobs", list_of(in_order(s.submitted), shown_jobs)},
                     {"jobs_running", v.jobs(submission_state::running)},
                     {"jobs_waiting", v.jobs(submission_state::waiting)},
                     {"graphs", list_of(v.graphs)},
                     {"failed", list_of(s.failed)}};
  return state.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + '\n';
}

asio::awaitable<cluster_view> look_now(asio::io_context& io, web_page::looker look) {
  struct answer {
    asio::steady_timer ready;
    std::optional<cluster_view> view = {};
  };
  auto a = std::make_shared<answer>(answer{asio::steady_timer{io, patience}});
  look([a, &io](cluster_view v) {
    asio::post(io, [a, v = std::move(v)]() mutable {
      a->view = std::move(v);
      a->ready.cancel();
    });
  });
  boost::system::error_code ignored;
  co_await a->ready.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (!a->view) throw failure{errc::timeout, "the coordinator does not answer"};
  co_return std::move(*a->view);
}

/// One look a second, for however many look.
struct web_page::feed {
  asio::io_context& io;
  looker look;
  std::string newest = {};
  clock::time_point at = {};

  asio::awaitable<std::string> state_now(std::shared_ptr<feed>) {
    if (newest.empty() || clock::now() - at > between_states / 2) {
      auto view = co_await look_now(io, look);
      newest = page_state(view, microseconds_now());
      at = clock::now();
    }
    co_return newest;
  }

  asio::awaitable<std::string> next_state(std::shared_ptr<feed> self) {
    asio::steady_timer timer{io, between_states};
    co_await timer.async_wait(asio::use_awaitable);
    auto state = co_await state_now(self);
    co_return state;
  }
};

web_page::web_page(asio::io_context& io, const std::string& folder, std::string token, looker look)
    : token_{std::move(token)}, feed_{std::make_shared<feed>(feed{io, std::move(look)})} {
  for (auto& [path, name, type] : all_files) files_[path] = {type, contents(folder + "/" + name)};
}

asio::awaitable<http_answer> web_page::answer(const http_request& request) {
  auto path = path_of(request.target);
  if (auto found = files_.find(path); found != files_.end()) co_return http_answer{.type = found->second.type, .body = found->second.text, .fields = safe_fields()};
  if (path != "/state") co_return http_answer{.status = 404, .body = "there is no such page here\n", .fields = safe_fields()};
  if (!bears(request, token_)) co_return unauthorized();
  auto state = co_await feed_->state_now(feed_);
  co_return http_answer{.type = state_type, .body = state, .fields = safe_fields(), .next = [f = feed_] { return f->next_state(f); }};
}

}  // namespace gli
