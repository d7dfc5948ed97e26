#include "entrepot/oci/manifest.hpp"

#include <gtest/gtest.h>

#include "entrepot/oci/media_type.hpp"

namespace entrepot::oci {
namespace {

constexpr const char* kLayer = "application/vnd.oci.image.layer.v1.tar+gzip";

// The digest that stands for the object called `name`.
std::string digest(std::string_view name) { return Digest::of(HashAlgorithm::Sha256, name).to_string(); }

std::string descriptor(std::string_view media_type, std::string_view name, std::string_view size = "7") {
  return "{\"mediaType\":\"" + std::string(media_type) + "\",\"digest\":\"" + digest(name) +
         "\",\"size\":" + std::string(size) + "}";
}

// The names among `candidates` that `manifest` refers to, in its order.
std::vector<std::string> names(const Manifest& manifest, const std::vector<std::string>& candidates) {
  std::vector<std::string> found;
  for (const Descriptor& reference : manifest.references) {
    std::string name = "?";
    for (const std::string& candidate : candidates) {
      if (reference.digest.to_string() == digest(candidate)) name = candidate;
    }
    found.push_back(name);
  }
  return found;
}

using Names = std::vector<std::string>;

TEST(Manifest, OfAnImageRefersToConfigAndLayersInOrder) {
  Result<Manifest> manifest = parse_manifest(
      R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":)" +
      descriptor("application/vnd.docker.container.image.v1+json", "config", "1470") + R"(,"layers":[)" +
      descriptor(kLayer, "one") + "," + descriptor(kLayer, "two", "0") + "]}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->media_type, kDockerManifest);
  EXPECT_EQ(names(*manifest, {"config", "one", "two"}), (Names{"config", "one", "two"}));
  EXPECT_EQ(manifest->references[0].media_type, "application/vnd.docker.container.image.v1+json");
  EXPECT_EQ(manifest->references[0].size, 1470u);
  EXPECT_EQ(manifest->references[2].size, 0u);
}

TEST(Manifest, OfAnIndexRefersToItsChildrenWhateverTheyAre) {
  // BuildKit's cache lists layers as the children of an index.
  Result<Manifest> manifest = parse_manifest(R"({"schemaVersion":2,"manifests":[)" + descriptor(kOciManifest, "child") +
                                             "," + descriptor(kLayer, "layer") + "]}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->media_type, kOciIndex);
  EXPECT_EQ(names(*manifest, {"child", "layer"}), (Names{"child", "layer"}));
  EXPECT_EQ(manifest->references[1].media_type, kLayer);
}

TEST(Manifest, OfAnArtifactRefersToItsBlobs) {
  Result<Manifest> manifest =
      parse_manifest(R"({"artifactType":"application/spdx+json","blobs":[)" + descriptor("application/spdx+json", "b") +
                     R"(],"subject":)" + descriptor(kOciManifest, "subject") + "}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->media_type, kOciArtifact);
  EXPECT_EQ(names(*manifest, {"b", "subject"}), Names{"b"});
}

TEST(Manifest, DoesNotReferToItsSubject) {
  Result<Manifest> manifest = parse_manifest(R"({"config":)" + descriptor("application/x", "config") +
                                             R"(,"layers":[],"subject":)" + descriptor(kOciManifest, "subject") + "}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(names(*manifest, {"config", "subject"}), Names{"config"});
}

TEST(Manifest, LeavesForeignLayersOut) {
  Result<Manifest> manifest = parse_manifest(
      R"({"layers":[)" + descriptor("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "docker") + "," +
      descriptor("application/vnd.oci.image.layer.nondistributable.v1.tar", "oci") + "," + descriptor(kLayer, "own") +
      "]}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(names(*manifest, {"docker", "oci", "own"}), Names{"own"});
}

TEST(Manifest, RefersToEachDigestOnce) {
  std::string layer = descriptor(kLayer, "layer");
  Result<Manifest> manifest = parse_manifest(R"({"config":)" + descriptor("application/x", "layer") + R"(,"layers":[)" +
                                             layer + "," + layer + "]}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(names(*manifest, {"layer"}), Names{"layer"});
  EXPECT_EQ(manifest->references[0].media_type, "application/x");
}

TEST(Manifest, LeavesDigestsOutThatCannotBeChecked) {
  Result<Manifest> manifest = parse_manifest(R"({"layers":[{"mediaType":"a/b","digest":"blake3:abcdef","size":3},)" +
                                             descriptor(kLayer, "layer") + "]}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(names(*manifest, {"layer"}), Names{"layer"});
}

TEST(Manifest, KnowsWhichOfItsReferencesAreLayers) {
  Result<Manifest> manifest =
      parse_manifest(R"({"config":)" + descriptor("application/vnd.oci.image.config.v1+json", "config") +
                     R"(,"layers":[)" + descriptor(kLayer, "one") + "," + descriptor(kLayer, "two") + "]}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  ASSERT_EQ(manifest->layers().size(), 2u);
  EXPECT_EQ(manifest->layers()[0].digest.to_string(), digest("one"));
  EXPECT_EQ(manifest->layers()[1].digest.to_string(), digest("two"));
  Result<Manifest> index = parse_manifest(R"({"manifests":[)" + descriptor(kOciManifest, "child") + "]}");
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_TRUE(index->layers().empty());
}

TEST(Manifest, MayHaveNullAndEmptyLists) {
  for (const char* body : {R"({"manifests":[]})", R"({"manifests":null})", R"({"layers":null,"config":null})",
                           R"({"mediaType":"application/vnd.oci.image.index.v1+json"})"}) {
    Result<Manifest> manifest = parse_manifest(body);
    ASSERT_TRUE(manifest) << body;
    EXPECT_TRUE(manifest->references.empty());
    EXPECT_TRUE(is_manifest(manifest->media_type)) << body;
  }
}

TEST(Manifest, MediaTypeThatCouldNotBeSentIsReplacedByWhatTheStructureSays) {
  for (const char* type : {R"("a/b\r\nSet-Cookie: x")", R"("nonsense")", "7", "null", R"("")"}) {
    Result<Manifest> manifest = parse_manifest(std::string(R"({"mediaType":)") + type + R"(,"layers":[]})");
    ASSERT_TRUE(manifest) << type;
    EXPECT_EQ(manifest->media_type, kOciManifest);
  }
  EXPECT_EQ(parse_manifest(R"({"mediaType":"application/x; a=b","layers":[]})")->media_type, "application/x");
}

TEST(Manifest, DescriptorNeedNotHaveAMediaType) {
  Result<Manifest> manifest = parse_manifest(R"({"layers":[{"digest":")" + digest("x") + R"(","size":1}]})");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->references.at(0).media_type, "");
}

TEST(Manifest, WithoutItsStructureIsInvalid) {
  for (const char* body : {"",
                           " ",
                           "null",
                           "7",
                           "\"text\"",
                           "[]",
                           "{}",
                           "{",
                           "<html>",
                           R"({"schemaVersion":2})",
                           R"({"layers":{}})",
                           R"({"layers":7})",
                           R"({"layers":[7]})",
                           R"({"layers":[null]})",
                           R"({"layers":[[]]})",
                           R"({"config":[]})",
                           R"({"config":"x"})",
                           R"({"manifests":[{}]})",
                           R"({"mediaType":"application/json"})",
                           R"({"layers":[]} x)",
                           "{\"layers\":[],\"x\":\"\xff\"}",
                           R"({"layers":[],"x":1e999999})"}) {
    Result<Manifest> manifest = parse_manifest(body);
    ASSERT_FALSE(manifest) << body;
    EXPECT_EQ(manifest.error().code, Errc::Invalid) << body;
  }
}

TEST(Manifest, WithAMalformedDescriptorIsInvalid) {
  const std::string good = digest("x");
  const std::string descriptors[] = {
      R"({"size":1})",
      R"({"digest":7,"size":1})",
      R"({"digest":"","size":1})",
      R"({"digest":"sha256:abc","size":1})",
      R"({"digest":":abc","size":1})",
      R"({"digest":")" + good + R"("})",
      R"({"digest":")" + good + R"(","size":-1})",
      R"({"digest":")" + good + R"(","size":1.5})",
      R"({"digest":")" + good + R"(","size":"1"})",
      R"({"digest":")" + good + R"(","size":null})",
      R"({"digest":")" + good + R"(","size":9223372036854775808})",
      R"({"digest":")" + good + R"(","size":99999999999999999999999})",
  };
  for (const std::string& each : descriptors) {
    for (std::string list : {"layers", "manifests", "blobs"}) {
      Result<Manifest> manifest = parse_manifest("{\"" + list + "\":[" + each + "]}");
      ASSERT_FALSE(manifest) << each;
      EXPECT_EQ(manifest.error().code, Errc::Invalid) << each;
    }
    EXPECT_FALSE(parse_manifest("{\"config\":" + each + "}")) << each;
  }
}

TEST(Manifest, OfSchema1IsNotServedAndSaysSo) {
  for (const char* body :
       {R"({"schemaVersion":1,"name":"a","fsLayers":[],"history":[]})", R"({"schemaVersion":1})", R"({"fsLayers":[]})",
        R"({"mediaType":"application/vnd.docker.distribution.manifest.v1+prettyjws"})"}) {
    Result<Manifest> manifest = parse_manifest(body);
    ASSERT_FALSE(manifest) << body;
    EXPECT_EQ(manifest.error().code, Errc::NotFound);
    EXPECT_NE(manifest.error().message.find("schema 1"), std::string::npos);
  }
}

TEST(Manifest, OfNothingButBracketsIsInvalid) {
  constexpr std::size_t kMaxBody = 4 << 20;
  std::string objects;
  while (objects.size() < kMaxBody) objects += R"({"a":)";
  for (const std::string& body : {std::string(kMaxBody, '['), objects, R"({"layers":)" + std::string(kMaxBody, '[')}) {
    Result<Manifest> manifest = parse_manifest(body);
    ASSERT_FALSE(manifest);
    EXPECT_EQ(manifest.error().code, Errc::Invalid);
  }
}

TEST(Manifest, MayHoldBracketsInStringsAndNestALittle) {
  std::string layer = descriptor(kLayer, "layer");
  layer.insert(1, R"("annotations":{"a":"\\\"[[[[[[[)" + std::string(1000, '{') + R"("},)");
  Result<Manifest> manifest = parse_manifest(R"({"x":[[{"y":[]}]],"layers":[)" + layer + "]}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(names(*manifest, {"layer"}), Names{"layer"});
}

TEST(Manifest, ThatNestsDeepIsInvalid) {
  std::string deep = std::string(1000, '[') + std::string(1000, ']');
  EXPECT_FALSE(parse_manifest(R"({"layers":[],"x":)" + deep + "}"));
}

TEST(Manifest, OfManyLayersKeepsThemAll) {
  std::string body = R"({"layers":[)";
  for (int i = 0; i < 20'000; ++i) body += (i == 0 ? "" : ",") + descriptor(kLayer, std::to_string(i));
  Result<Manifest> manifest = parse_manifest(body + "]}");
  ASSERT_TRUE(manifest) << manifest.error().message;
  EXPECT_EQ(manifest->references.size(), 20'000u);
}

TEST(EffectiveMediaType, IsTheUpstreamsUnlessItSaysNothing) {
  const Manifest manifest{std::string(kOciIndex), {}};
  EXPECT_EQ(effective_media_type(kDockerList, manifest), kDockerList);
  EXPECT_EQ(effective_media_type("application/vnd.x+json; charset=utf-8", manifest), "application/vnd.x+json");
  for (const char* nothing :
       {"", "text/plain; charset=utf-8", "application/octet-stream", "Application/JSON", "junk"}) {
    EXPECT_EQ(effective_media_type(nothing, manifest), kOciIndex) << nothing;
  }
}

}  // namespace
}  // namespace entrepot::oci
