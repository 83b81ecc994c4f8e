#pragma once
// Arguments of jobs that are lists: canonical JSON of scalars, and of pairs of them.

#include <string_view>
#include <utility>
#include <vector>

#include "runtime/value.h"

namespace gli {

/// Of [x, y, ...] and of [[x, y], ...]. failure{type} "`what`" where the text is anything else; `what` says what should be there.
std::vector<value> json_scalars(std::string_view text, const char* what);
std::vector<std::pair<value, value>> json_pairs(std::string_view text, const char* what);

}  // namespace gli
