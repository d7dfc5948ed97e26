// Images to pull: blobs of reproducible random bytes, manifests and indexes around them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace entrepot::test {

using Bytes = std::shared_ptr<const std::string>;  // shared by the registries and the tests that hold an object

// Something with a digest: a blob or a manifest.
struct Object {
  std::string digest;  // "sha256:..."
  std::string media_type;
  Bytes bytes;

  std::size_t size() const { return bytes->size(); }
  std::string_view text() const { return *bytes; }
};

struct Image {
  Object manifest;
  Object config;
  std::vector<Object> layers;
};

std::string sha256_of(std::string_view bytes);  // "sha256:..."
std::string sha512_of(std::string_view bytes);  // "sha512:..."

Object make_object(std::string media_type, std::string bytes);

// A layer of `size` bytes; another seed makes other bytes.
Object make_blob(std::size_t size, std::uint64_t seed = 1);

// An OCI image manifest over these layers, with a small config of its own. `seed` tells images with the same layers
// apart. `more_layers` and `more_fields` are JSON put in verbatim: `{"mediaType":...}`, `"subject":{...}`.
Image make_image(std::vector<Object> layers, std::uint64_t seed = 1, const std::string& more_layers = "",
                 const std::string& more_fields = "");

// An OCI index of images for different platforms.
Object make_index(const std::vector<Image>& images);

// {"mediaType":"...","digest":"...","size":N} with more fields, given as JSON, behind.
std::string descriptor_json(const Object& object, const std::string& more_fields = "");

}  // namespace entrepot::test
