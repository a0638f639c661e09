// Libraries that are used where they exist and never linked: cuBLAS, cuDNN, CUPTI. Types of their functions come from
// the toolkit's headers, addresses from dlopen at run time.
//
//   const SharedLibrary cublas{"cublas", "13", library_search()};         libcublas.so.13, libcublas.so
//   ROOFTILE_SYMBOL(cublas, cublasSetStream_v2)(handle, stream);          typed as declared in cublas_v2.h
//
// A missing library is said in one line: "libcudnn.so.9 not found (searched the loader's path, /usr/local/cuda/lib64)".
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace rooftile::kernels::measure {

/// A library, a function of it or a service of the driver is not there; the text is what a status line stores.
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where to look for libraries.
struct LibrarySearch {
  bool loader = true;                ///< first by the bare file name: LD_LIBRARY_PATH, ld.so.conf
  std::vector<std::string> folders;  ///< then in these, in order
};

/// The loader's path, the folder of the loaded libcudart and its extras/CUPTI/lib64, then lib64 and
/// extras/CUPTI/lib64 of $CUDA_HOME, $CUDA_PATH and /usr/local/cuda.
[[nodiscard]] LibrarySearch library_search();

/// One loaded library. Stays loaded until the process ends: these libraries do not survive being unloaded.
class SharedLibrary {
 public:
  /// Tries lib<name>.so.<major>, then lib<name>.so, at each place. Throws Unavailable with what was searched and, if
  /// a file was there but did not load, the loader's message.
  SharedLibrary(std::string_view name, std::string_view major, const LibrarySearch& search);

  /// The function `name`, typed; throws Unavailable where this version of the library does not have it.
  template <class Function>
  [[nodiscard]] Function* symbol(const char* name) const {
    return reinterpret_cast<Function*>(address(name));
  }
  /// The file as it was opened: "/usr/local/cuda/lib64/libcudnn.so.9".
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  [[nodiscard]] void* address(const char* name) const;

  void* handle_ = nullptr;
  std::string file_;
};

/// The function with this C name, typed by its declaration.
#define ROOFTILE_SYMBOL(library, function) ((library).symbol<decltype(::function)>(#function))

}  // namespace rooftile::kernels::measure
