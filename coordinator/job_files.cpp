#include "coordinator/job_files.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "runtime/codec.h"

namespace gli {

namespace {

namespace fs = std::filesystem;

constexpr uint64_t largest_note = 1u << 20;  // bytes of a record or submission

[[noreturn]] void refuse(const std::string& path) { throw failure{errc::io, path + ": " + std::strerror(errno)}; }

void make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) refuse(path);
}

void write_file(const std::string& path, std::string_view bytes) {
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  file.write(bytes.data(), std::streamsize(bytes.size()));
  file.close();
  if (!file) refuse(path);
}

void replace_file(const std::string& path, const byte_buffer& bytes) {
  auto next = path + ".next";
  write_file(next, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  if (std::rename(next.c_str(), path.c_str()) != 0) refuse(path);
}

uint64_t size_of(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 && S_ISREG(found.st_mode) ? uint64_t(found.st_size) : 0;
}

std::string read_at(const std::string& path, uint64_t offset, size_t most) {
  std::ifstream file{path, std::ios::binary};
  file.seekg(std::streamoff(offset));
  std::string bytes(most, '\0');
  file.read(bytes.data(), std::streamsize(most));
  bytes.resize(file.bad() || file.gcount() < 0 ? 0 : size_t(file.gcount()));
  return bytes;
}

byte_buffer read_note(const std::string& path) {
  auto size = size_of(path);
  if (size == 0 || size > largest_note) throw failure{errc::corrupt, path + " is no note of a job: it has " + std::to_string(size) + " bytes"};
  auto bytes = read_at(path, 0, size_t(size));
  return {bytes.begin(), bytes.end()};
}

}  // namespace

std::string job_files::program_of(uint64_t id, const submission& what) const {
  return directory_of(id) + (what.what == submission::kind::script ? "/script/" + what.name : "/call");
}

void job_files::store(const submitted_job& job, submission what) const {
  auto own = directory_of(job.id);
  make_directory(root_);
  make_directory(own);
  if (what.what == submission::kind::script) make_directory(own + "/script");
  write_file(program_of(job.id, what), what.program);
  what.program.clear();
  replace_file(own + "/submission", encode(what));
  write_record(job);
}

void job_files::write_record(const submitted_job& job) const { replace_file(directory_of(job.id) + "/record", encode(job)); }

submitted_job job_files::read_record(uint64_t id) const {
  auto job = decode_submitted_job(read_note(directory_of(id) + "/record"));
  if (job.id != id) throw failure{errc::corrupt, directory_of(id) + "/record is of job " + std::to_string(job.id)};
  return job;
}

submission job_files::read_submission(uint64_t id) const { return decode_submission(read_note(directory_of(id) + "/submission")); }

std::string job_files::error_of(uint64_t id, size_t most) const {
  auto path = directory_of(id) + "/error";
  auto size = size_of(path);
  auto text = read_at(path, size > most ? size - most : 0, most);
  if (size > most) text = "…" + text.substr(text.find('\n') + 1);
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

uint64_t job_files::result_bytes(uint64_t id) const { return size_of(directory_of(id) + "/result"); }

void job_files::remove_result(uint64_t id) const noexcept { std::remove((directory_of(id) + "/result").c_str()); }

job_piece job_files::read_result(uint64_t id, uint64_t offset, size_t most) const {
  auto path = directory_of(id) + "/result";
  job_piece piece{offset, read_at(path, offset, most), false};
  piece.last = offset + piece.bytes.size() >= size_of(path);
  return piece;
}

uint64_t job_files::bytes_of(uint64_t id) const {
  uint64_t bytes = 0;
  std::error_code none;
  for (auto& entry : fs::recursive_directory_iterator{directory_of(id), none}) bytes += size_of(entry.path());
  return bytes;
}

void job_files::remove(uint64_t id) const noexcept {
  std::error_code none;
  fs::remove_all(directory_of(id), none);
}

std::vector<uint64_t> job_files::numbers() const {
  std::vector<uint64_t> all;
  std::error_code none;
  for (auto& entry : fs::directory_iterator{root_, none}) {
    auto name = entry.path().filename().string();
    uint64_t id = 0;
    auto [end, wrong] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (wrong == std::errc{} && end == name.data() + name.size() && id > 0) all.push_back(id);
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<std::pair<submitted_job, uint64_t>> find_jobs(const std::string& cluster_directory) {
  job_files files{cluster_directory};
  std::vector<std::pair<submitted_job, uint64_t>> found;
  for (auto id : files.numbers()) {
    if (size_of(files.directory_of(id) + "/record") == 0) {
      files.remove(id);
      continue;
    }
    submitted_job job;
    try {
      job = files.read_record(id);
    } catch (const failure& e) {
      job.id = id;
      job.name = "?";
      job.state = submission_state::lost;
      job.error = e.what();
    }
    found.emplace_back(std::move(job), files.bytes_of(id));
  }
  return found;
}

}  // namespace gli
