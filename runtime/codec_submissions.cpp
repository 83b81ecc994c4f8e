#include "runtime/codec_wire.h"

namespace gli {

namespace codec {

namespace {

submission::kind get_kind(uint8_t number) {
  if (number > uint8_t(submission::kind::script)) refuse("no kind of job has the number " + std::to_string(number));
  return submission::kind(number);
}

submission_state get_state(uint8_t number) {
  if (number > uint8_t(submission_state::lost)) refuse("no state of a job has the number " + std::to_string(number));
  return submission_state(number);
}

}  // namespace

void put(wire::Submission::Builder to, const submission& from) {
  to.setToken(from.token);
  to.setName(text(from.name));
  to.setKind(uint8_t(from.what));
  to.setProgram(data(from.program));
  put_texts(to.initArguments(count(from.arguments)), from.arguments);
  to.setDirectory(text(from.directory));
  to.setImports(text(from.imports));
  to.setPython(text(from.python));
  to.setDetached(from.detached);
}

submission get(wire::Submission::Reader from) {
  return {from.getToken(),
          string_of(from.getName()),
          get_kind(from.getKind()),
          string_of(from.getProgram()),
          read_texts(from.getArguments()),
          string_of(from.getDirectory()),
          string_of(from.getImports()),
          string_of(from.getPython()),
          from.getDetached()};
}

void put(wire::SubmittedJob::Builder to, const submitted_job& from) {
  to.setId(from.id);
  to.setName(text(from.name));
  to.setKind(uint8_t(from.what));
  to.setState(uint8_t(from.state));
  to.setDetached(from.detached);
  to.setPid(from.pid);
  to.setSubmitted(from.submitted);
  to.setStarted(from.started);
  to.setEnded(from.ended);
  to.setExitStatus(from.exit_status);
  to.setError(text(from.error));
  to.setResultBytes(from.result_bytes);
  to.setToken(from.token);
}

submitted_job get(wire::SubmittedJob::Reader from) {
  return {from.getId(),      string_of(from.getName()), get_kind(from.getKind()), get_state(from.getState()), from.getDetached(),
          from.getPid(),     from.getSubmitted(),       from.getStarted(),        from.getEnded(),            from.getExitStatus(),
          string_of(from.getError()), from.getResultBytes(), from.getToken()};
}

void put(capnp::List<wire::SubmittedJob>::Builder to, const std::vector<submitted_job>& from) {
  fill_list(to, from, [](auto place, const submitted_job& j) { put(place, j); });
}

std::vector<submitted_job> get(capnp::List<wire::SubmittedJob>::Reader from) {
  return read_list<submitted_job>(from, [](wire::SubmittedJob::Reader j) { return get(j); });
}

}  // namespace codec

using namespace codec;

byte_buffer encode(const submission& s) {
  return build<wire::Submission>(512 + s.program.size(), [&](wire::Submission::Builder to) { put(to, s); });
}

submission decode_submission(bytes_view body) {
  return parse<wire::Submission>("Submission", body, [](wire::Submission::Reader from) { return get(from); });
}

byte_buffer encode(const submitted_job& j) {
  return build<wire::SubmittedJob>(256 + j.error.size(), [&](wire::SubmittedJob::Builder to) { put(to, j); });
}

submitted_job decode_submitted_job(bytes_view body) {
  return parse<wire::SubmittedJob>("SubmittedJob", body, [](wire::SubmittedJob::Reader from) { return get(from); });
}

}  // namespace gli
