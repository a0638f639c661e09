// A peer whose library is not here: it refuses every call with the reason that loading gave.
#pragma once

#include <string>
#include <utility>

#include "measure/peers/peer.hpp"

namespace rooftile::kernels::measure {

class MissingPeer final : public Peer {
 public:
  MissingPeer(std::string_view name, std::string reason) : name_(name), reason_(std::move(reason)) {}

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] std::string version() const override { return reason_; }
  [[nodiscard]] std::string refusal(const AttentionCall& /*call*/) override { return reason_; }
  [[nodiscard]] Tensors tensors(const AttentionCall& call) const override { return attention_tensors(call); }
  [[nodiscard]] std::size_t workspace_bytes(const AttentionCall& /*call*/) override { throw Unavailable(reason_); }
  void prepare(const AttentionCall& /*call*/, const Buffers& /*buffers*/, void* /*workspace*/,
               cudaStream_t /*stream*/) override {
    throw Unavailable(reason_);
  }
  void launch() override { throw Unavailable(reason_); }

 private:
  std::string_view name_;
  std::string reason_;
};

}  // namespace rooftile::kernels::measure
