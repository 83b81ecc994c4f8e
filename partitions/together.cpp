#include "partitions/together.h"

#include <new>
#include <optional>

#include "partitions/byte_stream.h"
#include "runtime/memory_limit.h"

namespace gli {

namespace {

std::optional<placed_failure> outcome(const std::function<void()>& step) {
  try {
    step();
    return std::nullopt;
  } catch (const placed_failure& f) {
    return f;
  } catch (const failure& f) {
    return placed_failure{f.code(), f.what(), UINT64_MAX};
  } catch (const std::bad_alloc&) {
    return placed_failure{errc::memory, no_memory_text(), UINT64_MAX};
  } catch (const std::exception& e) {
    return placed_failure{errc::internal, e.what(), UINT64_MAX};
  }
}

byte_buffer encoded(const std::optional<placed_failure>& mine) {
  byte_buffer bytes;
  if (!mine) return bytes;
  byte_writer to{bytes};
  to.put(mine->place());
  to.put(mine->code());
  to.put_text(mine->what());
  return bytes;
}

placed_failure decoded(const byte_buffer& bytes) {
  byte_reader from{bytes};
  auto place = from.get<uint64_t>();
  auto code = from.get<errc>();
  return {code, std::string{from.get_text()}, place};
}

}  // namespace

void together(communicator& all, const std::function<void()>& step) {
  if (all.size() == 1) return step();
  auto mine = outcome(step);
  uint64_t failed = mine.has_value();
  all.all_reduce({&failed, 1}, reduction::max);
  if (!failed) return;
  auto told = all.all_to_all(std::vector<byte_buffer>(all.size(), encoded(mine)));
  std::optional<placed_failure> first;
  for (auto& bytes : told) {
    if (bytes.empty()) continue;
    auto f = decoded(bytes);
    if (!first || f.place() < first->place()) first = f;
  }
  throw *first;
}

}  // namespace gli
