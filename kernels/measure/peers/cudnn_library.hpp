// cuDNN's backend API, loaded at run time, and its descriptors as objects.
//
//   Descriptor tensor{library, CUDNN_BACKEND_TENSOR_DESCRIPTOR};
//   tensor.set(CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE, {CUDNN_DATA_HALF});
//   tensor.finalize("tensor Q");                  CudnnError: "cuDNN: tensor Q: CUDNN_STATUS_BAD_PARAM: <its last
//   error>"
//
// Only for files that have cudnn.h (cudnn_sdpa.cpp asks for it with __has_include).
#pragma once

#include <cudnn.h>

#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "measure/shared_library.hpp"

namespace rooftile::kernels::measure {

/// A call of cuDNN failed.
class CudnnError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The functions that attention needs. Throws Unavailable where libcudnn is missing or too old.
class CudnnLibrary {
 public:
  explicit CudnnLibrary(const LibrarySearch& search);

  /// Throws CudnnError with cuDNN's name for the status and its last error text.
  void check(cudnnStatus_t status, std::string_view what) const;
  /// Of the library that is loaded: 91900 for 9.19.0.
  [[nodiscard]] std::size_t version() const { return get_version_(); }
  [[nodiscard]] std::string version_text() const;

 private:
  SharedLibrary library_;
  decltype(&::cudnnGetVersion) get_version_;
  decltype(&::cudnnGetErrorString) error_string_;
  decltype(&::cudnnGetLastErrorString) last_error_;

 public:
  decltype(&::cudnnCreate) create;
  decltype(&::cudnnDestroy) destroy;
  decltype(&::cudnnSetStream) set_stream;
  decltype(&::cudnnBackendCreateDescriptor) create_descriptor;
  decltype(&::cudnnBackendDestroyDescriptor) destroy_descriptor;
  decltype(&::cudnnBackendSetAttribute) set_attribute;
  decltype(&::cudnnBackendGetAttribute) get_attribute;
  decltype(&::cudnnBackendFinalize) finalize;
  decltype(&::cudnnBackendExecute) execute;
};

/// One backend descriptor; destroyed with the object. The library must outlive it.
class Descriptor {
 public:
  Descriptor(const CudnnLibrary& library, cudnnBackendDescriptorType_t type);
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  template <class Value>
  void set(cudnnBackendAttributeName_t attribute, cudnnBackendAttributeType_t type, std::span<const Value> values) {
    set_raw(attribute, type, values.size(), values.data());
  }
  template <class Value>
  void set(cudnnBackendAttributeName_t attribute, cudnnBackendAttributeType_t type,
           std::initializer_list<Value> values) {
    set_raw(attribute, type, values.size(), values.begin());
  }
  void set(cudnnBackendAttributeName_t attribute, std::int64_t value);
  void set(cudnnBackendAttributeName_t attribute, bool value);
  void set(cudnnBackendAttributeName_t attribute, const Descriptor& value);
  void set(cudnnBackendAttributeName_t attribute, std::span<const Descriptor> values);
  void finalize(std::string_view what);

  [[nodiscard]] std::int64_t integer(cudnnBackendAttributeName_t attribute) const;
  /// How many descriptors the attribute holds.
  [[nodiscard]] std::int64_t count(cudnnBackendAttributeName_t attribute) const;
  /// Those descriptors, of type `type`.
  [[nodiscard]] std::vector<Descriptor> list(cudnnBackendAttributeName_t attribute,
                                             cudnnBackendDescriptorType_t type) const;
  [[nodiscard]] cudnnBackendDescriptor_t raw() const { return raw_; }

 private:
  void set_raw(cudnnBackendAttributeName_t attribute, cudnnBackendAttributeType_t type, std::size_t count,
               const void* values);

  const CudnnLibrary* library_;
  cudnnBackendDescriptor_t raw_ = nullptr;
};

}  // namespace rooftile::kernels::measure
