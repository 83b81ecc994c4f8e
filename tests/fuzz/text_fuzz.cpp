// The text reader: the first bytes choose options, the rest is the file. Whatever it holds, the reader throws what text.h says or gives
// batches that hold together, the same for any number of rows in a batch.

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "partitions/loaders/text.h"
#include "runtime/error.h"

namespace {

using namespace gli;

/// A file without a name, reached by its descriptor.
class memory_file {
 public:
  explicit memory_file(std::string_view content) : descriptor_{::memfd_create("text_fuzz", MFD_CLOEXEC)} {
    if (::write(descriptor_, content.data(), content.size()) != ssize_t(content.size())) std::abort();
  }
  ~memory_file() { ::close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

text_options options_of(const uint8_t* choice) {
  constexpr char delimiters[] = {0, ',', '\t', ' ', ';'}, comments[] = {'#', '%', 0};
  constexpr column_type types[] = {column_type::int64, column_type::float64, column_type::utf8, column_type::boolean,
                                   column_type::timestamp};
  text_options o;
  o.delimiter = delimiters[choice[0] % 5];
  o.comment = comments[choice[0] / 5 % 3];
  o.header = choice[0] & 0x80;
  o.keys = key_type(choice[1] % 3);
  if (choice[1] & 0x40) o.types = {types[choice[2] % 5]};
  if (choice[1] & 0x80) o.names = {"a", "b", "c", "d"};
  if (choice[1] & 0x80 && choice[1] & 0x40) o.types = {types[choice[2] % 5], types[choice[2] / 5 % 5], types[choice[2] / 25 % 5]};
  return o;
}

/// All cells in order, or the complaint.
std::string outcome(const text_options& o, bool nodes) {
  std::string out;
  try {
    read_with_guesses(o, [&](const text_options& again) {
      out.clear();
      auto sink = [&](const column_batch& b) {
        b.check();
        if (b.rows < 1 || b.rows > o.rows_per_batch) std::abort();
        for (int64_t i = 0; i < b.rows; ++i)
          for (auto& c : b.columns) out += to_string(c.at(i)) + " ";
      };
      nodes ? read_node_text(again, {sink, {}}, {}) : read_edge_text(again, {{}, sink}, {});
    });
  } catch (const failure& f) {
    if (f.code() != errc::value && f.code() != errc::type) std::abort();
    out = f.what();
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  memory_file file{{reinterpret_cast<const char*>(data) + 4, size - 4}};
  auto o = options_of(data);
  o.path = file.path();
  bool nodes = data[3] & 1;
  auto whole = outcome(o, nodes);
  o.rows_per_batch = 1 + data[3] / 2 % 16;
  if (outcome(o, nodes) != whole) std::abort();
  return 0;
}
