#if __has_include(<cudnn.h>)
#include "measure/peers/cudnn_library.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace rooftile::kernels::measure {

CudnnLibrary::CudnnLibrary(const LibrarySearch& search)
    : library_("cudnn", std::to_string(CUDNN_MAJOR), search),
      get_version_(ROOFTILE_SYMBOL(library_, cudnnGetVersion)),
      error_string_(ROOFTILE_SYMBOL(library_, cudnnGetErrorString)),
      last_error_(ROOFTILE_SYMBOL(library_, cudnnGetLastErrorString)),
      create(ROOFTILE_SYMBOL(library_, cudnnCreate)),
      destroy(ROOFTILE_SYMBOL(library_, cudnnDestroy)),
      set_stream(ROOFTILE_SYMBOL(library_, cudnnSetStream)),
      create_descriptor(ROOFTILE_SYMBOL(library_, cudnnBackendCreateDescriptor)),
      destroy_descriptor(ROOFTILE_SYMBOL(library_, cudnnBackendDestroyDescriptor)),
      set_attribute(ROOFTILE_SYMBOL(library_, cudnnBackendSetAttribute)),
      get_attribute(ROOFTILE_SYMBOL(library_, cudnnBackendGetAttribute)),
      finalize(ROOFTILE_SYMBOL(library_, cudnnBackendFinalize)),
      execute(ROOFTILE_SYMBOL(library_, cudnnBackendExecute)) {}

void CudnnLibrary::check(cudnnStatus_t status, std::string_view what) const {
  if (status == CUDNN_STATUS_SUCCESS) return;
  // One line: what it says first is what stopped it, the rest is how it got there.
  std::array<char, 300> text{};
  last_error_(text.data(), text.size());
  std::replace(text.begin(), text.end(), '\n', ' ');
  std::string message = "cuDNN: " + std::string{what} + ": " + error_string_(status);
  if (text[0] != '\0') message += std::string{": "} + text.data();
  throw CudnnError(message);
}

std::string CudnnLibrary::version_text() const {
  const std::size_t number = version();
  return std::to_string(number / 10000) + "." + std::to_string(number / 100 % 100) + "." + std::to_string(number % 100);
}

Descriptor::Descriptor(const CudnnLibrary& library, cudnnBackendDescriptorType_t type) : library_(&library) {
  library.check(library.create_descriptor(type, &raw_), "descriptor of type " + std::to_string(type));
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : library_(other.library_), raw_(std::exchange(other.raw_, nullptr)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(library_, other.library_);
  std::swap(raw_, other.raw_);
  return *this;
}

Descriptor::~Descriptor() {
  if (raw_ != nullptr) library_->destroy_descriptor(raw_);
}

void Descriptor::set_raw(cudnnBackendAttributeName_t attribute, cudnnBackendAttributeType_t type, std::size_t count,
                         const void* values) {
  library_->check(library_->set_attribute(raw_, attribute, type, static_cast<std::int64_t>(count), values),
                  "attribute " + std::to_string(attribute));
}

void Descriptor::set(cudnnBackendAttributeName_t attribute, std::int64_t value) {
  set_raw(attribute, CUDNN_TYPE_INT64, 1, &value);
}

void Descriptor::set(cudnnBackendAttributeName_t attribute, bool value) {
  set_raw(attribute, CUDNN_TYPE_BOOLEAN, 1, &value);
}

void Descriptor::set(cudnnBackendAttributeName_t attribute, const Descriptor& value) {
  set_raw(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value.raw_);
}

void Descriptor::set(cudnnBackendAttributeName_t attribute, std::span<const Descriptor> values) {
  std::vector<cudnnBackendDescriptor_t> raw;
  raw.reserve(values.size());
  for (const Descriptor& value : values) raw.push_back(value.raw_);
  set_raw(attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, raw.size(), raw.data());
}

void Descriptor::finalize(std::string_view what) { library_->check(library_->finalize(raw_), what); }

std::int64_t Descriptor::integer(cudnnBackendAttributeName_t attribute) const {
  std::int64_t value = 0;
  std::int64_t found = 0;
  library_->check(library_->get_attribute(raw_, attribute, CUDNN_TYPE_INT64, 1, &found, &value),
                  "attribute " + std::to_string(attribute));
  return value;
}

std::int64_t Descriptor::count(cudnnBackendAttributeName_t attribute) const {
  std::int64_t found = 0;
  library_->check(library_->get_attribute(raw_, attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0, &found, nullptr),
                  "attribute " + std::to_string(attribute));
  return found;
}

std::vector<Descriptor> Descriptor::list(cudnnBackendAttributeName_t attribute,
                                         cudnnBackendDescriptorType_t type) const {
  std::vector<Descriptor> descriptors;
  std::vector<cudnnBackendDescriptor_t> raw;
  for (std::int64_t i = count(attribute); i > 0; --i) raw.push_back(descriptors.emplace_back(*library_, type).raw_);
  if (raw.empty()) return descriptors;
  std::int64_t found = 0;
  library_->check(library_->get_attribute(raw_, attribute, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                          static_cast<std::int64_t>(raw.size()), &found, raw.data()),
                  "attribute " + std::to_string(attribute));
  while (static_cast<std::int64_t>(descriptors.size()) > found) descriptors.pop_back();
  return descriptors;
}

}  // namespace rooftile::kernels::measure
#endif
