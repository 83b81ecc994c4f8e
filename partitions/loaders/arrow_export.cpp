#include <cerrno>
#include <cstring>
#include <memory>

#include "partitions/loaders/arrow.h"
#include "partitions/loaders/arrow_format.h"
#include "runtime/error.h"
#include "runtime/list_text.h"

namespace gli {

namespace {

const char* format_of(column_type t) {
  switch (t) {
    case column_type::boolean:
      return "b";
    case column_type::int64:
      return "l";
    case column_type::float64:
      return "g";
    case column_type::timestamp:
      return "tsu:";
    case column_type::binary:
      return "Z";
    case column_type::number:
      return "+s";
    default:
      return is_list(t) ? "+L" : "U";
  }
}

// --- schemas: each owns its strings and children ---------------------------------------------------------------------------

struct schema_holder {
  std::string name, metadata;
  std::vector<ArrowSchema> children;
  std::vector<ArrowSchema*> pointers;
};

template <class Struct, class Holder>
void release_holder(Struct* s) {
  for (int64_t i = 0; i < s->n_children; ++i)
    if (s->children[i]->release) s->children[i]->release(s->children[i]);
  delete static_cast<Holder*>(s->private_data);
  s->release = nullptr;
}

/// One pair: the mark and an empty value.
std::string metadata_of(const char* mark) {
  int32_t pairs = 1, key = int32_t(std::strlen(mark)), value = 0;
  std::string out(sizeof pairs + sizeof key, '\0');
  std::memcpy(out.data(), &pairs, sizeof pairs);
  std::memcpy(out.data() + sizeof pairs, &key, sizeof key);
  out += mark;
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
  return out;
}

void export_schema(const char* format, std::unique_ptr<schema_holder> holder, ArrowSchema* to) {
  for (auto& child : holder->children) holder->pointers.push_back(&child);
  *to = {format,
         holder->name.c_str(),
         holder->metadata.empty() ? nullptr : holder->metadata.data(),
         ARROW_FLAG_NULLABLE,
         int64_t(holder->children.size()),
         holder->pointers.data(),
         nullptr,
         release_holder<ArrowSchema, schema_holder>,
         nullptr};
  to->private_data = holder.release();
}

void export_field(const std::string& name, column_type type, ArrowSchema* to) {
  auto holder = std::make_unique<schema_holder>();
  holder->name = name;
  if (type == column_type::json) holder->metadata = metadata_of(json_mark);
  if (type == column_type::number) {
    holder->metadata = metadata_of(number_mark);
    holder->children.resize(2);
    export_field("int", column_type::int64, &holder->children[0]);
    export_field("float", column_type::float64, &holder->children[1]);
  }
  if (is_list(type)) {
    holder->children.resize(1);
    export_field("item", element_type(type), &holder->children[0]);
  }
  export_schema(format_of(type), std::move(holder), to);
}

void export_fields(const std::vector<shared_field>& fields, ArrowSchema* to) {
  auto table = std::make_unique<schema_holder>();
  table->children.resize(fields.size());
  for (size_t i = 0; i < fields.size(); ++i) {
    export_field(fields[i].name, fields[i].type, &table->children[i]);
  }
  export_schema("+s", std::move(table), to);
  to->flags = 0;
}

// --- arrays: each column owns its buffers, so that a consumer may move children out of their parent ------------------------

struct array_holder {
  shared_column data;
  std::vector<const void*> buffers;
  std::vector<ArrowArray> children;
  std::vector<ArrowArray*> pointers;
};

void export_array(std::unique_ptr<array_holder> holder, ArrowArray* to) {
  for (auto& child : holder->children) holder->pointers.push_back(&child);
  *to = {holder->data.length,
         holder->data.nulls,
         holder->data.offset,
         int64_t(holder->buffers.size()),
         int64_t(holder->children.size()),
         holder->buffers.data(),
         holder->pointers.data(),
         nullptr,
         release_holder<ArrowArray, array_holder>,
         nullptr};
  to->private_data = holder.release();
}

/// Consumers may look at a buffer's address although it is empty.
const void* address(const void* buffer) {
  alignas(8) static constexpr int64_t nothing[2] = {};
  return buffer ? buffer : nothing;
}

/// Of rows [0, length): the validity of the values that are float64. `ints` has no bits of rows without a value.
shared_column floats_of(const shared_column& numbers, int64_t length) {
  auto bits = std::make_shared<std::vector<uint8_t>>(size_t(length + 7) / 8);
  auto *valid = static_cast<const uint8_t*>(numbers.validity), *ints = static_cast<const uint8_t*>(numbers.ints);
  for (size_t i = 0; i < bits->size(); ++i) (*bits)[i] = uint8_t((valid ? valid[i] : 0xff) & ~ints[i]);
  shared_column to;
  to.validity = bits->data();
  to.owner = std::make_shared<std::pair<std::shared_ptr<const void>, std::shared_ptr<const void>>>(numbers.owner, std::move(bits));
  return to;
}

void export_column(shared_column c, ArrowArray* to);

/// Both fields have the numbers' own buffer, each with a validity of its own.
void export_numbers(array_holder& holder) {
  auto& data = holder.data;
  auto length = data.offset + data.length;
  auto floats = floats_of(data, length);
  shared_column ints;
  ints.validity = data.ints;
  ints.owner = data.owner;
  holder.children.resize(2);
  for (auto* field : {&ints, &floats}) {
    field->length = length;
    field->nulls = -1;
    field->values = data.values;
    export_column(std::move(*field), &holder.children[field == &floats]);
  }
}

void export_column(shared_column c, ArrowArray* to) {
  auto holder = std::make_unique<array_holder>();
  auto& data = holder->data = std::move(c);
  holder->buffers.push_back(data.validity);
  if (data.offsets) holder->buffers.push_back(data.offsets);
  if (data.ints) {
    export_numbers(*holder);
  } else if (data.elements) {
    holder->children.resize(1);
    export_column(*data.elements, &holder->children[0]);
  } else {
    holder->buffers.push_back(address(data.values));
  }
  export_array(std::move(holder), to);
}

void export_columns(shared_batch batch, ArrowArray* to) {
  auto table = std::make_unique<array_holder>();
  table->data.length = batch.rows;
  table->buffers = {nullptr};
  table->children.resize(batch.columns.size());
  for (size_t i = 0; i < batch.columns.size(); ++i) export_column(std::move(batch.columns[i]), &table->children[i]);
  export_array(std::move(table), to);
}

// --- streams ---------------------------------------------------------------------------------------------------------------

struct stream_holder {
  shared_table table;
  size_t next = 0;
  std::string error;
};

stream_holder& held(ArrowArrayStream* stream) { return *static_cast<stream_holder*>(stream->private_data); }

/// Nothing may be thrown through the consumer's frames.
template <class Step>
int guarded(ArrowArrayStream* stream, const Step& step) {
  try {
    step(held(stream));
    return 0;
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  } catch (const std::exception& e) {
    held(stream).error = e.what();
    return EIO;
  }
}

int stream_schema(ArrowArrayStream* stream, ArrowSchema* out) {
  return guarded(stream, [&](stream_holder& h) { export_fields(h.table.fields, out); });
}

int stream_next(ArrowArrayStream* stream, ArrowArray* out) {
  return guarded(stream, [&](stream_holder& h) {
    if (h.next == h.table.batches.size())
      *out = {};
    else
      export_columns(std::move(h.table.batches[h.next++]), out);
  });
}

const char* stream_error(ArrowArrayStream* stream) {
  auto& error = held(stream).error;
  return error.empty() ? nullptr : error.c_str();
}

void release_stream(ArrowArrayStream* stream) {
  delete &held(stream);
  stream->release = nullptr;
}

}  // namespace

void export_batch(column_batch batch, ArrowArray* array, ArrowSchema* schema) {
  std::vector<column_batch> one;
  one.push_back(std::move(batch));
  auto table = share(std::move(one));
  export_columns(std::move(table.batches.front()), array);
  export_fields(table.fields, schema);
}

void export_stream(std::vector<column_batch> batches, ArrowArrayStream* stream) { export_table(share(std::move(batches)), stream); }

void export_table(shared_table table, ArrowArrayStream* stream) {
  auto holder = std::make_unique<stream_holder>();
  holder->table = std::move(table);
  *stream = {stream_schema, stream_next, stream_error, release_stream, holder.release()};
}

}  // namespace gli
