#pragma once
// Partitions as threads of the test process: the same collective calls as between workers, without sockets.

#include <barrier>
#include <exception>
#include <functional>
#include <thread>
#include <vector>

#include "runtime/communicator.h"

namespace gli::testing {

class in_process_hub {
 public:
  explicit in_process_hub(uint32_t ranks) : ranks_{ranks}, mail_(ranks, std::vector<byte_buffer>(ranks)), sums_(ranks), meet_{ptrdiff_t(ranks)} {}

  class member final : public communicator {
   public:
    member(in_process_hub& hub, uint32_t rank) : hub_{hub}, rank_{rank} {}
    uint32_t rank() const override { return rank_; }
    uint32_t size() const override { return hub_.ranks_; }
    std::vector<byte_buffer> all_to_all(std::vector<byte_buffer> outgoing) override {
      for (uint32_t q = 0; q < size(); ++q) hub_.mail_[q][rank_] = std::move(outgoing[q]);
      hub_.meet_.arrive_and_wait();
      auto incoming = std::move(hub_.mail_[rank_]);
      hub_.mail_[rank_].assign(size(), {});
      hub_.meet_.arrive_and_wait();
      return incoming;
    }
    void all_to_all(const std::function<byte_buffer(uint32_t)>& make, const std::function<void(uint32_t, byte_buffer)>& take) override {
      std::vector<byte_buffer> outgoing(size());
      for (uint32_t q = 0; q < size(); ++q)
        if (q != rank_) outgoing[q] = make(q);
      auto incoming = all_to_all(std::move(outgoing));
      for (uint32_t q = 0; q < size(); ++q)
        if (q != rank_) take(q, std::move(incoming[q]));
    }
    void all_reduce(std::span<uint64_t> values, reduction how) override {
      hub_.sums_[rank_].assign(values.begin(), values.end());
      hub_.meet_.arrive_and_wait();
      for (size_t i = 0; i < values.size(); ++i) {
        auto x = hub_.sums_[0][i];
        for (uint32_t q = 1; q < size(); ++q) {
          auto y = hub_.sums_[q][i];
          x = how == reduction::sum ? x + y : how == reduction::min ? std::min(x, y) : std::max(x, y);
        }
        values[i] = x;
      }
      hub_.meet_.arrive_and_wait();
    }
    void progress(std::string_view, uint64_t, uint64_t, std::string_view) override {}

   private:
    in_process_hub& hub_;
    uint32_t rank_;
  };

  /// Runs body(communicator) on every rank and rethrows the first failure. A rank that throws leaves the others waiting unless all throw:
  /// bodies must fail alike (drop() keeps the barrier from hanging).
  void run(const std::function<void(communicator&)>& body) {
    std::vector<std::exception_ptr> errors(ranks_);
    std::vector<std::thread> threads;
    for (uint32_t r = 0; r < ranks_; ++r)
      threads.emplace_back([&, r] {
        member self{*this, r};
        try { body(self); } catch (...) { errors[r] = std::current_exception(); meet_.arrive_and_drop(); }
      });
    for (auto& t : threads) t.join();
    for (auto& e : errors) if (e) std::rethrow_exception(e);
  }

 private:
  uint32_t ranks_;
  std::vector<std::vector<byte_buffer>> mail_;  // [to][from]
  std::vector<std::vector<uint64_t>> sums_;
  std::barrier<> meet_;
};

}  // namespace gli::testing
