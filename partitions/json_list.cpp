#include "partitions/json_list.h"

#include "runtime/error.h"
#include "runtime/json_text.h"

namespace gli {
namespace {

class list_reader {
 public:
  list_reader(std::string_view text, const char* what) : text_{text}, what_{what} {}

  /// Calls element() for each, and then nothing must be left.
  template <class F>
  void whole(F&& element) {
    expect('[');
    for (bool first = true; !at(']'); first = false) {
      if (!first) expect(',');
      element();
    }
    expect(']');
    if (at_ != text_.size()) refuse();
  }
  value scalar() {
    auto begin = at_;
    if (at('"'))
      for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) at_ += text_[at_] == '\\';
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != ']') ++at_;
    if (at_ >= text_.size() || at_ == begin) refuse();
    return from_json(text_.substr(begin, at_ - begin));
  }
  void expect(char c) {
    if (!at(c)) refuse();
    ++at_;
  }

 private:
  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  [[noreturn]] void refuse() const { throw failure{errc::type, what_}; }

  std::string_view text_;
  const char* what_;
  size_t at_ = 0;
};

}  // namespace

std::vector<value> json_scalars(std::string_view text, const char* what) {
  std::vector<value> made;
  list_reader from{text, what};
  from.whole([&] { made.push_back(from.scalar()); });
  return made;
}

std::vector<std::pair<value, value>> json_pairs(std::string_view text, const char* what) {
  std::vector<std::pair<value, value>> made;
  list_reader from{text, what};
  from.whole([&] {
    from.expect('[');
    auto& pair = made.emplace_back(from.scalar(), value{});
    from.expect(',');
    pair.second = from.scalar();
    from.expect(']');
  });
  return made;
}

}  // namespace gli
