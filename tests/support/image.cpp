#include "image.hpp"

#include <openssl/evp.h>

#include <array>
#include <stdexcept>

namespace entrepot::test {
namespace {

std::string digest_of(const std::string& name, const EVP_MD* algorithm, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), raw.data(), &size, algorithm, nullptr) != 1)
    throw std::runtime_error("EVP_Digest failed");
  std::string text = name + ":";
  for (unsigned i = 0; i < size; ++i) {
    text += "0123456789abcdef"[raw[i] >> 4];
    text += "0123456789abcdef"[raw[i] & 15];
  }
  return text;
}

// splitmix64: as good as random to whoever compares bytes, and the same on every machine.
std::string random_bytes(std::size_t size, std::uint64_t seed) {
  std::string bytes;
  bytes.reserve(size + 8);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15;
  while (bytes.size() < size) {
    std::uint64_t z = (state += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    bytes.append(reinterpret_cast<const char*>(&z), sizeof z);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace

std::string sha256_of(std::string_view bytes) { return digest_of("sha256", EVP_sha256(), bytes); }
std::string sha512_of(std::string_view bytes) { return digest_of("sha512", EVP_sha512(), bytes); }

Object make_object(std::string media_type, std::string bytes) {
  std::string digest = sha256_of(bytes);
  return {std::move(digest), std::move(media_type), std::make_shared<const std::string>(std::move(bytes))};
}

Object make_blob(std::size_t size, std::uint64_t seed) {
  return make_object("application/vnd.oci.image.layer.v1.tar+gzip", random_bytes(size, seed));
}

std::string descriptor_json(const Object& object, const std::string& more_fields) {
  return R"({"mediaType":")" + object.media_type + R"(","digest":")" + object.digest + R"(","size":)" +
         std::to_string(object.size()) + (more_fields.empty() ? "" : "," + more_fields) + "}";
}

Image make_image(std::vector<Object> layers, std::uint64_t seed, const std::string& more_layers,
                 const std::string& more_fields) {
  Object config = make_object("application/vnd.oci.image.config.v1+json",
                              R"({"architecture":"amd64","os":"linux","seed":)" + std::to_string(seed) + "}");
  std::string list;
  for (const Object& layer : layers) list += (list.empty() ? "" : ",") + descriptor_json(layer);
  if (!more_layers.empty()) list += (list.empty() ? "" : ",") + more_layers;
  std::string type = "application/vnd.oci.image.manifest.v1+json";
  std::string text = R"({"schemaVersion":2,"mediaType":")" + type + R"(","config":)" + descriptor_json(config) +
                     R"(,"layers":[)" + list + "]" + (more_fields.empty() ? "" : "," + more_fields) + "}";
  return {make_object(type, std::move(text)), std::move(config), std::move(layers)};
}

Object make_index(const std::vector<Image>& images) {
  static constexpr std::array kArchitectures{"amd64", "arm64", "s390x", "riscv64"};
  std::string list;
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::string platform = std::string(R"("platform":{"os":"linux","architecture":")") + kArchitectures.at(i) + "\"}";
    list += (i == 0 ? "" : ",") + descriptor_json(images[i].manifest, platform);
  }
  std::string type = "application/vnd.oci.image.index.v1+json";
  return make_object(type, R"({"schemaVersion":2,"mediaType":")" + type + R"(","manifests":[)" + list + "]}");
}

}  // namespace entrepot::test
