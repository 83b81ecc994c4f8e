#pragma once
// Attribute values as JSON text: what a column of mixed types holds. Lossless: from_json(json_text(v)) is v again.
//
// Integers have no point or exponent, reals always do (1.0, 1e+300, NaN, Infinity, -Infinity), as Python writes them. Text is escaped only where JSON
// asks for it.
// What JSON has no word for is an object of one field: {"$timestamp":microseconds}, {"$binary":"hex digits"}.
// Names of a user's own fields that begin with $ come with one more (python/gli/_convert.py).

#include <string>
#include <string_view>

#include "runtime/hash.h"
#include "runtime/value.h"

namespace gli {

std::string json_text(const value& v);

/// The value that a text stands for; lists and objects, and text that json_text never makes, stay json.
value from_json(std::string_view text);

/// The value as facts and comparisons see it: a scalar in a json column counts as that scalar, so that no id depends on a column's type.
value plain(value v);
hash128 plain_hash(const column& c, int64_t row);  // = value_hash(plain(c.at(row))); row must be valid

}  // namespace gli
