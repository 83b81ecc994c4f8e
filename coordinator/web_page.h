#pragma once
// The web page of a coordinator (docs/seeing.md, "The page"): its files, and the cluster's state once a second for as long as somebody looks.
//
// Threads: that of the io_context.

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "coordinator/cluster_view.h"
#include "runtime/http_server.h"

namespace gli {

/// The state as one line of JSON, with its end. At most `most_calls` of the calls. `now`: microseconds since 1970.
std::string page_state(const cluster_view& view, int64_t now, size_t most_calls = 100);

class web_page {
 public:
  /// Asks the coordinator; `then` is called on any thread, if it still answers.
  using looker = std::function<void(std::function<void(cluster_view)> then)>;

  /// Reads the files in `folder` (python/gli/page). Throws failure{io} for one that is not there.
  web_page(asio::io_context& io, const std::string& folder, std::string token, looker look);

  asio::awaitable<http_answer> answer(const http_request& request);

 private:
  struct file { std::string type, text; };
  struct feed;
  std::map<std::string, file, std::less<>> files_;  // by path
  std::string token_;
  std::shared_ptr<feed> feed_;
};

/// What `look` gives, within the patience given; failure{timeout} else. For a coroutine on `io`.
asio::awaitable<cluster_view> look_now(asio::io_context& io, web_page::looker look);

}  // namespace gli
