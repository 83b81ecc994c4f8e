#pragma once
// What the codec_*.cpp files share: building one segment, reading an untrusted one, and strings. Included by codecs only.

#include <capnp/message.h>

#include <string>
#include <utility>
#include <vector>

#include "runtime/codec.h"
#include "schema/wire.capnp.h"

namespace gli::codec {

constexpr int max_expression_depth = 60;  // operators above a leaf
/// A struct in a list in a struct costs two levels for each expression.
constexpr int nesting_limit = 2 * max_expression_depth + 16;

[[noreturn]] inline void refuse(const std::string& why) { throw failure{errc::protocol, "bad message: " + why}; }

/// Lays a message into one buffer that becomes the frame's body. What does not fit goes to spare segments, and the size that would have fit is known.
class flat_builder final : public capnp::MessageBuilder {
 public:
  explicit flat_builder(size_t bytes) : first_((bytes + 7) / 8 * 8) {}
  kj::ArrayPtr<capnp::word> allocateSegment(capnp::uint minimum) override;
  bool fits() const { return spare_.empty(); }
  size_t bytes_needed();
  byte_buffer take();

 private:
  byte_buffer first_;
  std::vector<std::vector<capnp::word>> spare_;
  bool used_ = false;
};

/// Calls fill(builder of Root), once more with the right size when `bytes` was too few. Throws failure{value} for what no message can hold.
template <class Root, class Fill> byte_buffer build(size_t bytes, Fill&& fill) {
  try {
    for (;;) {
      flat_builder message{bytes};
      fill(message.initRoot<Root>());
      if (message.fits()) return message.take();
      bytes = message.bytes_needed();
    }
  } catch (const kj::Exception& e) {
    throw failure{errc::value, std::string{"this does not fit a message: "} + e.getDescription().cStr()};
  }
}

/// The words of a body; copied only when it is not aligned.
class aligned_words {
 public:
  explicit aligned_words(bytes_view body);
  kj::ArrayPtr<const capnp::word> get() const { return words_; }

 private:
  std::vector<uint64_t> copy_;
  kj::ArrayPtr<const capnp::word> words_;
};

/// Calls read(reader of Root) and returns its answer. Reading visits at most four times the body's words.
template <class Root, class Read> auto parse(const char* what, bytes_view body, Read&& read) {
  try {
    aligned_words words{body};
    auto segment = words.get();
    capnp::ReaderOptions options;
    options.traversalLimitInWords = segment.size() * 4 + 64;
    options.nestingLimit = nesting_limit;
    capnp::SegmentArrayMessageReader message{kj::arrayPtr(&segment, 1), options};
    return read(message.getRoot<Root>());
  } catch (const kj::Exception& e) {
    throw failure{errc::protocol, std::string{"bad "} + what + " message: " + e.getDescription().cStr()};
  }
}

inline kj::StringPtr text(const std::string& s) { return {s.c_str(), s.size()}; }
inline kj::ArrayPtr<const kj::byte> data(const std::string& s) { return {reinterpret_cast<const kj::byte*>(s.data()), s.size()}; }
inline std::string string_of(capnp::Text::Reader t) { return {t.begin(), t.size()}; }
inline std::string string_of(capnp::Data::Reader d) { return {reinterpret_cast<const char*>(d.begin()), d.size()}; }

/// Fills a list that has as many places as there are items: put(place, item).
template <class List, class Items, class Put> void fill_list(List list, const Items& items, Put&& put) {
  capnp::uint i = 0;
  for (const auto& item : items) put(list[i++], item);
}

template <class T, class List, class Get> std::vector<T> read_list(List list, Get&& get) {
  std::vector<T> items;  // grows as elements prove good: a list may announce elements of no size
  for (auto element : list) items.push_back(get(element));
  return items;
}

inline std::vector<std::string> read_texts(capnp::List<capnp::Text>::Reader list) {
  return read_list<std::string>(list, [](capnp::Text::Reader t) { return string_of(t); });
}

inline void put_texts(capnp::List<capnp::Text>::Builder list, const std::vector<std::string>& items) {
  for (size_t i = 0; i < items.size(); ++i) list.set(capnp::uint(i), text(items[i]));
}

inline void put_numbers(capnp::List<uint64_t>::Builder list, const std::vector<uint64_t>& items) {
  for (size_t i = 0; i < items.size(); ++i) list.set(capnp::uint(i), items[i]);
}

inline std::vector<uint64_t> read_numbers(capnp::List<uint64_t>::Reader list) {
  return read_list<uint64_t>(list, [](uint64_t x) { return x; });
}

template <class Items> capnp::uint count(const Items& items) { return capnp::uint(items.size()); }

// The parts that several messages share.
size_t bytes_of(const column_batch& b);  // enough for the batch, little more
void put(wire::Value::Builder to, const value& from);
value get(wire::Value::Reader from);
void put(capnp::List<wire::Parameter>::Builder to, const parameters& from);
parameters get(capnp::List<wire::Parameter>::Reader from);
void put(wire::Batch::Builder to, const column_batch& from);
column_batch get(wire::Batch::Reader from);  // checked
void put(wire::Expression::Builder to, const expression& from, int depth = 0);
expression get(wire::Expression::Reader from, int depth = 0);
void put(wire::Program::Builder to, const run_program& from);
run_program get(wire::Program::Reader from);
void put(wire::Aggregate::Builder to, const aggregate_neighbors& from);
aggregate_neighbors get(wire::Aggregate::Reader from);
void put(wire::Job::Builder to, const job& from);
job get(wire::Job::Reader from);
void put(wire::JobResult::Builder to, const job_result& from);
job_result get(wire::JobResult::Reader from);
void put(wire::LoadBegin::Builder to, const load_begin& from);
load_begin get(wire::LoadBegin::Reader from);
void put(wire::ResultInfo::Builder to, const result_info& from);
result_info get(wire::ResultInfo::Reader from);
void put(wire::Submission::Builder to, const submission& from);
submission get(wire::Submission::Reader from);
void put(wire::SubmittedJob::Builder to, const submitted_job& from);
submitted_job get(wire::SubmittedJob::Reader from);
void put(capnp::List<wire::SubmittedJob>::Builder to, const std::vector<submitted_job>& from);
std::vector<submitted_job> get(capnp::List<wire::SubmittedJob>::Reader from);
void put(wire::Failure::Builder to, const failure_note& from);
failure_note get(wire::Failure::Reader from);
void put(capnp::List<wire::Edit>::Builder to, const std::vector<edit>& from);
std::vector<edit> get(capnp::List<wire::Edit>::Reader from);
key_type get_key_type(uint8_t number);

}  // namespace gli::codec
