#pragma once
// Pages as bytes at hand, for read_graph and read_values.

#include <algorithm>

#include "partitions/page.h"

namespace gli::testing {

/// Of what bytes_of(hash) answers.
template <class BytesOf>
page_get pages_from(BytesOf bytes_of) {
  return [bytes_of](const hash128& h, const page_room& room) {
    auto&& bytes = bytes_of(h);
    std::copy(bytes.begin(), bytes.end(), room(bytes.size()));
  };
}

}  // namespace gli::testing
