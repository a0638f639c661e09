#include "measure/shared_library.hpp"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <utility>

namespace rooftile::kernels::measure {
namespace {

/// lib64 and the place of CUPTI below a toolkit's root.
void add_toolkit(std::vector<std::string>& folders, const std::string& root) {
  folders.push_back(root + "/lib64");
  folders.push_back(root + "/extras/CUPTI/lib64");
}

/// The folder from which this process has loaded libcudart; empty where it is linked in or absent.
std::string runtime_folder() {
  std::ifstream maps{"/proc/self/maps"};
  for (std::string line; std::getline(maps, line);) {
    const std::size_t path = line.find('/');
    const std::size_t file = line.rfind('/');
    if (path != std::string::npos && line.compare(file, 14, "/libcudart.so.") == 0)
      return line.substr(path, file - path);
  }
  return {};
}

std::string searched(const LibrarySearch& search) {
  std::string text = search.loader ? "the loader's path" : "";
  for (const std::string& folder : search.folders) {
    if (!text.empty()) text += ", ";
    text += folder;
  }
  return text;
}

}  // namespace

LibrarySearch library_search() {
  LibrarySearch search;
  if (const std::string folder = runtime_folder(); !folder.empty()) {
    search.folders.push_back(folder);
    search.folders.push_back(folder + "/../extras/CUPTI/lib64");
  }
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
    if (const char* root = std::getenv(variable); root != nullptr && *root != '\0') add_toolkit(search.folders, root);
  }
  add_toolkit(search.folders, "/usr/local/cuda");
  return search;
}

SharedLibrary::SharedLibrary(std::string_view name, std::string_view major, const LibrarySearch& search) {
  const std::string plain = "lib" + std::string{name} + ".so";
  const std::string versioned = plain + "." + std::string{major};
  std::string broken;
  std::vector<std::string> places = search.folders;
  if (search.loader) places.insert(places.begin(), std::string{});
  for (const std::string& folder : places) {
    for (const std::string& file : {versioned, plain}) {
      std::string path = folder;
      if (!path.empty()) path += '/';
      path += file;
      handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (handle_ != nullptr) {
        file_ = std::move(path);
        return;
      }
      const char* why = dlerror();
      if (broken.empty() && !folder.empty() && access(path.c_str(), F_OK) == 0) broken = why;
    }
  }
  if (!broken.empty()) throw Unavailable(versioned + " does not load: " + broken);
  throw Unavailable(versioned + " not found (searched " + searched(search) + ")");
}

void* SharedLibrary::address(const char* name) const {
  void* found = dlsym(handle_, name);
  if (found == nullptr) throw Unavailable(file_ + " has no " + name);
  return found;
}

}  // namespace rooftile::kernels::measure
