// A vector with a fixed capacity inside the object: no heap, cheap to reset, trivially copyable when T is.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <type_traits>

namespace rooftile {

template <class T, std::size_t Capacity>
class InlineVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  static constexpr std::size_t capacity = Capacity;

  constexpr InlineVector() {}  // NOLINT(modernize-use-equals-default): items_ stays uninitialised on purpose

  /// Appends; a program that needs more than the capacity is a programming error of its builder.
  constexpr T& push_back(const T& item) {
    if (size_ == Capacity) throw std::length_error("InlineVector: capacity exceeded");
    items_[size_] = item;
    return items_[size_++];
  }
  /// Appends an item that keeps whatever was in its place: the caller sets every member.
  constexpr T& emplace_back() {
    if (size_ == Capacity) throw std::length_error("InlineVector: capacity exceeded");
    return items_[size_++];
  }
  constexpr void clear() { size_ = 0; }

  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] constexpr T& operator[](std::size_t i) { return items_[i]; }
  [[nodiscard]] constexpr const T& operator[](std::size_t i) const { return items_[i]; }
  [[nodiscard]] constexpr T& back() { return items_[size_ - 1]; }
  [[nodiscard]] constexpr const T& back() const { return items_[size_ - 1]; }
  [[nodiscard]] constexpr T* begin() { return items_; }
  [[nodiscard]] constexpr T* end() { return items_ + size_; }
  [[nodiscard]] constexpr const T* begin() const { return items_; }
  [[nodiscard]] constexpr const T* end() const { return items_ + size_; }

 private:
  std::size_t size_ = 0;
  T items_[Capacity];
};

}  // namespace rooftile
