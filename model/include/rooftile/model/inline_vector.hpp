// A vector with a fixed capacity inside the object: no heap, nothing constructed in advance, trivially copyable.
#pragma once

#include <algorithm>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <type_traits>

namespace rooftile {

/// Out of the way of the code that fills a vector.
[[noreturn, gnu::cold, gnu::noinline]] inline void capacity_exceeded() {
  throw std::length_error("InlineVector: capacity exceeded");
}

/// Asks for room whose bytes are known before anything is written.
struct AllZeros {};
inline constexpr AllZeros all_zeros{};

/// Up to `Capacity` trivially copyable items. Room that is not in use holds whatever was there before.
template <class T, std::size_t Capacity>
class InlineVector {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);

 public:
  static constexpr std::size_t capacity = Capacity;

  InlineVector() {}  // NOLINT(modernize-use-equals-default): the room stays uninitialised on purpose
  explicit InlineVector(AllZeros /*unused*/) : room_{} {}

  /// Appends; a program that needs more than the capacity is a programming error of its builder.
  T& push_back(const T& item) { return emplace_back() = item; }
  /// Appends an item that keeps whatever was in its place: the caller sets every member.
  T& emplace_back() {
    if (size_ == Capacity) capacity_exceeded();
    return begin()[size_++];
  }
  void clear() { size_ = 0; }
  /// Holds copies of `count` items and nothing else.
  void assign(const T* items, std::size_t count) {
    if (count > Capacity) capacity_exceeded();
    std::copy_n(items, count, begin());
    size_ = count;
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T& operator[](std::size_t i) { return begin()[i]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return begin()[i]; }
  [[nodiscard]] T& back() { return begin()[size_ - 1]; }
  [[nodiscard]] const T& back() const { return begin()[size_ - 1]; }
  // the bytes begin the lifetime of the items that are written into them (implicit-lifetime types, [intro.object])
  [[nodiscard]] T* begin() { return std::launder(reinterpret_cast<T*>(room_)); }
  [[nodiscard]] const T* begin() const { return std::launder(reinterpret_cast<const T*>(room_)); }
  [[nodiscard]] T* end() { return begin() + size_; }
  [[nodiscard]] const T* end() const { return begin() + size_; }

 private:
  std::size_t size_ = 0;
  alignas(T) std::byte room_[sizeof(T) * Capacity];
};

}  // namespace rooftile
