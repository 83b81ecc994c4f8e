#include "runtime/greeting.h"

#include <unistd.h>

#include "runtime/host.h"

namespace gli {

namespace {

/// What a peer calls itself, short enough for an answer.
std::string clip(const std::string& name) { return name.size() <= 100 ? name : name.substr(0, 100) + "…"; }

std::string numbers(const std::string& software, uint32_t version) { return clip(software) + " with protocol " + std::to_string(version); }

void check(const hello& h, const identity& who) {
  if (h.version != protocol_version)
    throw failure{errc::protocol, "this is " + numbers(software_name, protocol_version) + ", you are " + numbers(h.software, h.version)};
  if (h.what < purpose::control || h.what > purpose::driver) throw failure{errc::protocol, "no purpose " + std::to_string(int(h.what))};
  if (h.cluster != who.cluster && !(h.cluster.empty() && h.what != purpose::bulk))
    throw failure{errc::protocol, "this is cluster '" + who.cluster + "', you ask for '" + clip(h.cluster) + "'"};
}

}  // namespace

frame_header plain_header(frame_kind kind) {
  frame_header h;
  h.kind = uint16_t(kind);
  h.flags = flag_last;
  return h;
}

frame_header welcome_header(const identity& who) {
  auto h = plain_header(frame_kind::welcome);
  h.cluster = cluster_hash(who.cluster);
  h.epoch = who.epoch;
  return h;
}

hello driver_hello(const std::string& cluster) {
  hello h;
  h.software = software_name;
  h.what = purpose::driver;
  h.cluster = cluster;
  h.pid = uint32_t(::getpid());
  h.host = host_name();
  return h;
}

hello checked_hello(const frame& f, const identity& who) {
  if (f.header.kind != uint16_t(frame_kind::hello)) throw failure{errc::protocol, "a connection begins with a Hello"};
  auto h = decode_hello(f.body);
  check(h, who);
  return h;
}

welcome checked_welcome(const frame& f, const hello& greeting) {
  if (f.header.kind == uint16_t(frame_kind::failure)) {
    auto note = decode_failure(f.body);
    throw failure{note.code, note.message};
  }
  if (f.header.kind != uint16_t(frame_kind::welcome)) throw failure{errc::protocol, "a Hello was answered by frame kind " + std::to_string(f.header.kind)};
  auto w = decode_welcome(f.body);
  if (w.version != protocol_version)
    throw failure{errc::protocol, "this is " + numbers(software_name, protocol_version) + ", the peer is " + numbers(w.software, w.version)};
  if (!greeting.cluster.empty() && greeting.cluster != w.cluster)
    throw failure{errc::protocol, "the door belongs to cluster '" + w.cluster + "', not to '" + greeting.cluster + "'"};
  return w;
}

}  // namespace gli
