#include "storage/bundle_file.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <random>
#include <utility>

namespace gli::storage {
namespace {

constexpr auto header_record = record_magic("GLBI");
constexpr uint32_t bundle_version = 1;
constexpr size_t head_bytes = 16, hash_bytes = 16, sha_bytes = 32;
constexpr size_t write_at_once = size_t{1} << 20;
constexpr uint64_t largest_item = UINT32_MAX;  // what LMDB takes as a value

bool has_name(item_kind kind) { return kind == item_kind::page || kind == item_kind::commit || kind == item_kind::patch; }

void put_number(byte_buffer& to, uint64_t x, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push_back(uint8_t(x >> 8 * i));
}

uint64_t number_at(const byte_buffer& from, size_t at, size_t bytes) {
  uint64_t x = 0;
  for (size_t i = 0; i < bytes; ++i) x |= uint64_t(from[at + i]) << 8 * i;
  return x;
}

std::string folder_of(const std::string& path) {
  auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

/// Makes a name survive a crash, where the file system can.
void sync_folder(const std::string& path) {
  auto fd = ::open(folder_of(path).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

struct sha256::context {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state{EVP_MD_CTX_new(), EVP_MD_CTX_free};
};

sha256::sha256() : context_{std::make_shared<context>()} {
  if (!context_->state || EVP_DigestInit_ex(context_->state.get(), EVP_sha256(), nullptr) != 1) throw failure{errc::internal, "SHA-256 is not available"};
}
void sha256::add(bytes_view bytes) { EVP_DigestUpdate(context_->state.get(), bytes.data(), bytes.size()); }
byte_buffer sha256::finish() {
  byte_buffer digest(sha_bytes);
  EVP_DigestFinal_ex(context_->state.get(), digest.data(), nullptr);
  return digest;
}

byte_buffer encode(const bundle_header& h) {
  record_writer w{header_record, bundle_version};
  w.u32(uint32_t(h.needs.size()));
  for (auto& id : h.needs) w.hash(id);
  w.u32(uint32_t(h.refs.size()));
  for (auto& r : h.refs) {
    w.u8(r.is_tag);
    w.text(r.name);
    w.hash(r.commit);
    w.text(r.description);
  }
  return w.finish();
}

bundle_header decode_bundle_header(bytes_view record, const std::string& where) {
  record_reader r{record, header_record, bundle_version, where + ": the bundle's header"};
  bundle_header h;
  h.needs.resize(r.count(16));
  for (auto& id : h.needs) id = r.hash();
  h.refs.resize(r.count(25));
  for (auto& ref : h.refs) {
    ref.is_tag = r.flag();
    ref.name = r.text();
    ref.commit = r.hash();
    ref.description = r.text();
  }
  r.end();
  return h;
}

// --- writing --------------------------------------------------------------------------------------------------------------------

bundle_writer::bundle_writer(std::string path)
    : path_{std::move(path)},
      partial_{path_ + ".partial-" + std::to_string(::getpid()) + "-" + std::to_string(std::random_device{}())},
      file_{::open(partial_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644)} {
  if (file_ < 0) fail("be written");
}

bundle_writer::~bundle_writer() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(partial_.c_str());
}

void bundle_writer::fail(const char* doing) const { throw failure{errc::io, path_ + ": cannot " + doing + ": " + std::strerror(errno)}; }

void bundle_writer::flush() {
  for (size_t done = 0; done < waiting_.size();) {
    auto n = ::write(file_, waiting_.data() + done, waiting_.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail("be written");
    done += size_t(n);
  }
  waiting_.clear();
}

void bundle_writer::write(bytes_view bytes) {
  waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
  if (waiting_.size() >= write_at_once) flush();
}

void bundle_writer::put(item_kind kind, uint32_t partition, const hash128& name, bytes_view content) {
  byte_buffer head;
  put_number(head, uint32_t(kind), 4);
  put_number(head, partition, 4);
  put_number(head, content.size() + (has_name(kind) ? hash_bytes : 0), 8);
  if (has_name(kind)) {
    auto key = key_of(name);
    head.insert(head.end(), key.begin(), key.end());
  }
  hash_.add(head);
  hash_.add(content);
  write(head);
  write(content);
}

void bundle_writer::finish() {
  byte_buffer head;
  put_number(head, uint32_t(item_kind::end), 4);
  put_number(head, 0, 4);
  put_number(head, sha_bytes, 8);
  hash_.add(head);
  write(head);
  write(hash_.finish());
  flush();
  if (::fsync(file_) != 0) fail("be written");
  if (::rename(partial_.c_str(), path_.c_str()) != 0) fail("take its place");
  ::close(std::exchange(file_, -1));
  sync_folder(path_);
}

// --- reading --------------------------------------------------------------------------------------------------------------------

bundle_reader::bundle_reader(std::string path) : path_{std::move(path)}, file_{std::fopen(path_.c_str(), "rbe"), &std::fclose} {
  struct stat about {};
  if (!file_) throw failure{errno == ENOENT ? errc::not_found : errc::io, path_ + ": cannot be read: " + std::strerror(errno)};
  if (::fstat(::fileno(file_.get()), &about) != 0 || !S_ISREG(about.st_mode)) throw failure{errc::io, path_ + ": is not a file"};
  size_ = uint64_t(about.st_size);
}

void bundle_reader::fail(const std::string& reason) const {
  throw failure{errc::corrupt, path_ + ": at byte " + std::to_string(item_at_) + ": " + reason};
}

byte_buffer bundle_reader::take(uint64_t bytes) {
  if (bytes > size_ - at_) fail("the bundle is cut off: it has " + std::to_string(size_) + " bytes");
  byte_buffer taken(bytes);
  if (std::fread(taken.data(), 1, taken.size(), file_.get()) != taken.size()) {
    if (std::ferror(file_.get())) throw failure{errc::io, path_ + ": cannot be read: " + std::strerror(errno)};
    fail("the bundle was cut off while it was read");
  }
  at_ += bytes;
  return taken;
}

void bundle_reader::check_end(bytes_view stored, const byte_buffer& computed) {
  if (!std::ranges::equal(stored, computed)) fail("the bundle does not match its SHA-256");
  if (at_ != size_) fail("something follows the bundle's end");
}

bool bundle_reader::next(bundle_item& item) {
  item_at_ = at_;
  auto head = take(head_bytes);
  item.kind = item_kind(number_at(head, 0, 4));
  item.partition = uint32_t(number_at(head, 4, 4));
  auto length = number_at(head, 8, 8);
  if (!begun_ && item.kind != item_kind::header) fail("not a bundle of this program");
  begun_ = true;
  hash_.add(head);
  if (item.kind == item_kind::end) {
    if (length != sha_bytes) fail("an end of " + std::to_string(length) + " bytes");
    auto computed = hash_.finish();
    check_end(take(length), computed);
    return false;
  }
  if (!has_name(item.kind) && item.kind != item_kind::header) fail("an item of unknown kind");
  if (length > largest_item || (has_name(item.kind) && length < hash_bytes)) fail("an item of " + std::to_string(length) + " bytes");
  if (item.partition != 0 && item.kind != item_kind::page) fail("an item of partition " + std::to_string(item.partition));
  item.name = {};
  if (has_name(item.kind)) {
    auto name = take(hash_bytes);
    hash_.add(name);
    item.name = hash_of(name);
    length -= hash_bytes;
  }
  item.content = take(length);
  hash_.add(item.content);
  if (item.kind == item_kind::page && content_hash(item.content) != item.name) fail("page " + to_hex(item.name) + " does not match its hash");
  return true;
}

}  // namespace gli::storage
