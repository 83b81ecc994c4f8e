#include "partitions/partition_actor_sessions.h"

#include <optional>

#include "partitions/compare.h"
#include "partitions/query.h"
#include "partitions/query_values.h"
#include "runtime/batches.h"
#include "runtime/memory_limit.h"

namespace gli {

namespace {

constexpr int64_t rows_per_frame = 1 << 16;
constexpr uint64_t bytes_per_frame = 16ull << 20;

/// What this process has resident, without what malloc keeps for later, and what it may have; 0: no limit.
column_batch memory_row() {
  release_spare_memory();
  column_builder resident{"resident", column_type::int64}, limit{"limit", column_type::int64};
  resident.append_int64(int64_t(resident_bytes()));
  limit.append_int64(int64_t(memory_limit()));
  return {1, {resident.finish(), limit.finish()}};
}

struct session {
  std::shared_ptr<holdings> held;
  uint64_t cluster;
  uint32_t epoch;
  local_socket socket;

  frame_header header(frame_kind kind, uint32_t sequence, bool last = true) const {
    frame_header h;
    h.kind = uint16_t(kind);
    h.flags = last ? flag_last : 0;
    h.cluster = cluster;
    h.epoch = epoch;
    h.sequence = sequence;
    return h;
  }

  void load(const load_batch& b) {
    if (b.part == load_batch::what::abort) return held->release(b.load);
    held->add(b.load, b.rows, b.part == load_batch::what::nodes);
  }

  column_batch answer_query(const query& q) {
    if (q.name == "differences") return list_partition_differences(held->get_graph(q.other), held->get_graph(q.graph), window_of(q.arguments).limit);
    if (q.name == "memory") return memory_row();
    std::optional<graph> g;
    node_values_ptr values, other;
    if (q.graph != 0) g = held->get_graph(q.graph);
    if (q.values != 0) values = held->get_values(q.values);
    if (q.other != 0) other = held->get_values(q.other);
    return answer(q, g ? &*g : nullptr, values.get(), other.get());
  }

  /// Rows [begin, end) as a body; nothing where there is no memory for it.
  static std::optional<byte_buffer> encoded(const column_batch& rows, int64_t begin, int64_t end) {
    allocating for_it{memory_for::a_call};
    try {
      return begin == 0 && end == rows.rows ? encode(rows) : encode(slice(rows, begin, end));
    } catch (const std::bad_alloc&) {
      return {};
    }
  }

  asio::awaitable<void> send_rows(uint32_t sequence, const column_batch& rows) {
    auto per_frame = rows_per_frame;
    if (auto bytes = bytes_of(rows); rows.rows > 0 && bytes / uint64_t(rows.rows) * rows_per_frame > bytes_per_frame)
      per_frame = std::max<int64_t>(1, int64_t(bytes_per_frame / (bytes / uint64_t(rows.rows))));
    int64_t row = 0;
    do {
      auto end = std::min(rows.rows, row + per_frame);
      auto body = encoded(rows, row, end);
      if (!body) co_return co_await send_frame(socket, header(frame_kind::failure, sequence), encode(no_memory()));
      co_await send_frame(socket, header(frame_kind::batch, sequence, end == rows.rows), *body);
      row = end;
    } while (row < rows.rows);
  }

  static failure_note no_memory() { return {errc::memory, no_memory_text("a driver's question or rows")}; }

  /// A body for which there is no memory is read and forgotten, and that is answered.
  asio::awaitable<void> skip(frame_header h) {
    std::array<uint8_t, 4096> piece;
    for (auto left = h.length; left > 0;) left -= co_await asio::async_read(socket, asio::buffer(piece, std::min<uint64_t>(left, piece.size())), asio::use_awaitable);
    co_await send_frame(socket, header(frame_kind::failure, h.sequence), encode(no_memory()));
  }

  static bool make_room(frame& f) {
    allocating for_it{memory_for::a_call};
    try {
      return f.body.resize(f.header.length), true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  /// The answer to one frame; a failure is an answer too.
  asio::awaitable<void> serve(const frame& f) {
    failure_note note{errc::internal, ""};
    column_batch rows;
    bool is_query = f.header.kind == uint16_t(frame_kind::query), failed = false;
    try {
      allocating for_it{memory_for::a_call};
      if (is_query)
        rows = answer_query(decode_query(f.body));
      else if (f.header.kind == uint16_t(frame_kind::load_batch))
        load(decode_load_batch(f.body));
      else
        throw failure{errc::protocol, "a worker does not know frame kind " + std::to_string(f.header.kind)};
    } catch (const failure& e) {
      note = {e.code(), e.what()};
      failed = true;
    } catch (const std::bad_alloc&) {
      refill_reserve();
      note = no_memory();
      failed = true;
    } catch (const std::exception& e) {
      note = {errc::internal, e.what()};
      failed = true;
    }
    if (failed) co_return co_await send_frame(socket, header(frame_kind::failure, f.header.sequence), encode(note));
    if (is_query) co_return co_await send_rows(f.header.sequence, rows);
    co_await send_frame(socket, header(frame_kind::ack, f.header.sequence), {});
  }

  asio::awaitable<void> run() {
    try {
      for (;;) {
        frame f;
        co_await asio::async_read(socket, asio::buffer(&f.header, sizeof f.header), asio::use_awaitable);
        check_header(f.header, limits::driver_body);
        check_origin(f.header, cluster, epoch);
        if (!make_room(f)) {
          co_await skip(f.header);
          continue;
        }
        co_await asio::async_read(socket, asio::buffer(f.body), asio::use_awaitable);
        co_await serve(f);
      }
    } catch (const std::exception&) {  // the driver went away, or sent what no driver of ours sends
    }
  }
};

}  // namespace

void serve_driver(asio::io_context& io, std::shared_ptr<holdings> held, const identity& who, local_socket socket) {
  auto s = std::make_shared<session>(session{std::move(held), cluster_hash(who.cluster), who.epoch, std::move(socket)});
  asio::co_spawn(io, [s] { return s->run(); }, asio::detached);
}

}  // namespace gli
