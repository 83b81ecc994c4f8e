#pragma once
// What is made from a value when it is first asked for, and kept beside it.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace gli {

/// Threads: any number. Of two that ask at once both may make it; one of the two is kept.
template <class T>
class memo {
 public:
  /// Null: nobody has asked yet.
  std::shared_ptr<const T> known() const {
    std::lock_guard lock{lock_};
    return kept_;
  }

  /// What was made first; lives as long as the memo.
  template <class Make>
  const T& get(Make&& make) {
    if (auto k = known()) return *k;
    auto made = std::make_shared<const T>(make());
    std::lock_guard lock{lock_};
    if (!kept_) kept_ = std::move(made);
    return *kept_;
  }

  /// The same, but null the first time that anybody asks.
  template <class Make>
  const T* get_if_asked_again(Make&& make) {
    return asked_.exchange(true, std::memory_order_relaxed) || known() ? &get(std::forward<Make>(make)) : nullptr;
  }

 private:
  std::atomic<bool> asked_ = false;
  mutable std::mutex lock_;
  std::shared_ptr<const T> kept_;
};

/// The one of several that was asked for last, by name. Threads: any number.
template <class T>
class last_named {
 public:
  std::shared_ptr<const T> known(const std::string& name) const {
    std::lock_guard lock{lock_};
    return kept_ && name == name_ ? kept_ : nullptr;
  }
  std::shared_ptr<const T> known() const {
    std::lock_guard lock{lock_};
    return kept_;
  }
  void keep(const std::string& name, std::shared_ptr<const T> made) {
    std::lock_guard lock{lock_};
    name_ = name;
    kept_.swap(made);
  }

 private:
  mutable std::mutex lock_;
  std::string name_;
  std::shared_ptr<const T> kept_;
};

}  // namespace gli
