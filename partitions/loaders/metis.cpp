#include "partitions/loaders/metis.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "partitions/loaders/input.h"
#include "partitions/loaders/metis_lines.h"
#include "runtime/error.h"

namespace gli {

namespace {

class metis_reader {
 public:
  metis_reader(const std::string& path, bool skip_bad_lines, const batch_sink& sink, text_report& report)
      : lines_{path, longest_metis_line}, skip_{skip_bad_lines}, sink_{sink}, report_{report} {}

  void run(const std::function<void(uint64_t, uint64_t)>& progress) {
    std::vector<char> buffer;
    for (auto piece = lines_.next(buffer); !piece.empty(); piece = lines_.next(buffer)) {
      for (auto* p = piece.begin; p != piece.end;) {
        auto* end = std::find(p, piece.end, '\n');
        take({p, size_t(end - p)});
        p = end + 1;
      }
      if (progress) progress(lines_.file().bytes_read(), std::max(lines_.file().bytes_read(), lines_.file().bytes_total()));
    }
    finish();
  }

 private:
  const std::string& path() const { return lines_.file().path(); }

  void take(std::string_view line) {
    if (body_) return body_->take(line);
    auto number = line_++;
    if (line.size() > longest_metis_line) throw failure{errc::value, path() + ":" + std::to_string(number) + ": line over 256 MiB"};
    if (is_metis_comment(line) || is_blank(line)) return;
    header_ = parse_metis_header(line, path(), number);
    body_.emplace(path(), header_, skip_, sink_, report_);
    body_->begin(line_, 0);
  }

  void finish() {
    if (!body_) throw failure{errc::value, path() + ": empty file"};
    body_->flush_nodes();
    check_metis_nodes(header_, body_->nodes(), path());
    if (!skip_) check_metis_edges(header_, body_->totals(), path());
    body_->flush_edges();
  }

  line_reader lines_;
  const bool skip_;
  const batch_sink& sink_;
  text_report& report_;
  int64_t line_ = 1;  // before the body
  metis_header header_;
  std::optional<metis_lines> body_;
};

}  // namespace

void read_metis_text(const std::string& path, bool skip_bad_lines, const batch_sink& sink,
                     const std::function<void(uint64_t, uint64_t)>& progress, text_report* report) {
  text_report found;
  metis_reader{path, skip_bad_lines, sink, found}.run(progress);
  if (report) *report = std::move(found);
}

}  // namespace gli
