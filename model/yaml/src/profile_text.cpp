#include "profile_text.hpp"

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "rooftile/model/format_quantity.hpp"

namespace rooftile::yaml {

/// Namespace of the name-based UUIDs: the URL namespace of RFC 4122, appendix C.
std::string hash_of(const std::string& text) {
  const boost::uuids::name_generator_sha1 generate{boost::uuids::ns::url()};
  return boost::uuids::to_string(generate(text));
}

// Sources and names are left out: they say how a number is known, not what the hardware is.
void write_canonical(Profile& profile) {
  const ComputeCapability capability = profile.device.compute_capability;
  std::string text = "schema: rooftile.profile/1\n";
  text += "compute_capability: \"" + std::to_string(capability.major) + '.' + std::to_string(capability.minor) + "\"\n";
  for (const DeviceLeaf& leaf : device_leaves()) {
    const StatedLeaf* stated = profile.find(leaf.path);
    text += std::string{leaf.path} + ": ";
    text += stated == nullptr ? "null" : format_exact(stated->value, leaf.dimension);
    text += '\n';
  }
  profile.text = text;
  profile.hash = hash_of(text);
}

}  // namespace rooftile::yaml
