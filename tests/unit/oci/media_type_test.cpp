#include "entrepot/oci/media_type.hpp"

#include <gtest/gtest.h>

namespace entrepot::oci {
namespace {

TEST(MediaType, LosesParametersCaseAndBlanks) {
  EXPECT_EQ(without_parameters("Application/JSON; charset=utf-8"), "application/json");
  EXPECT_EQ(without_parameters("  text/plain\t;a=b;c"), "text/plain");
  EXPECT_EQ(without_parameters(""), "");
  EXPECT_EQ(without_parameters(" ; "), "");
}

TEST(MediaType, HasTwoNames) {
  for (const char* type : {"text/plain", "application/vnd.oci.image.index.v1+json", "a/b", "A/x-y_z.1"}) {
    EXPECT_TRUE(is_media_type(type)) << type;
  }
  for (const char* type : {"", "/", "a", "a/", "/b", "a/b/c", "a/b;c=d", "a /b", "a/b\r\nSet-Cookie: c", "\xff/a"}) {
    EXPECT_FALSE(is_media_type(type)) << type;
  }
}

TEST(MediaType, KindsAreToldApart) {
  struct Row {
    std::string_view type;
    bool index;
    bool manifest;
    bool schema1;
    bool foreign;
  };
  const Row rows[] = {
      {kOciIndex, true, true, false, false},
      {kDockerList, true, true, false, false},
      {kOciManifest, false, true, false, false},
      {kDockerManifest, false, true, false, false},
      {kOciArtifact, false, true, false, false},
      {"application/vnd.cncf.oras.artifact.manifest.v1+json", false, true, false, false},
      {"APPLICATION/vnd.oci.image.index.v1+JSON; charset=utf-8", true, true, false, false},
      {"application/vnd.docker.distribution.manifest.v1+json", false, false, true, false},
      {"application/vnd.docker.distribution.manifest.v1+prettyjws; charset=utf-8", false, false, true, false},
      {"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", false, false, false, true},
      {"application/vnd.docker.image.rootfs.foreign.diff.tar", false, false, false, true},
      {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", false, false, false, true},
      {"application/vnd.oci.image.layer.v1.tar+gzip", false, false, false, false},
      {"application/vnd.docker.image.rootfs.diff.tar.gzip", false, false, false, false},
      {"application/json", false, false, false, false},
      {"application/vnd.oci.image.index.v1+json2", false, false, false, false},
      {"", false, false, false, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(is_index(row.type), row.index) << row.type;
    EXPECT_EQ(is_manifest(row.type), row.manifest) << row.type;
    EXPECT_EQ(is_schema1(row.type), row.schema1) << row.type;
    EXPECT_EQ(is_foreign(row.type), row.foreign) << row.type;
  }
}

TEST(MediaType, AcceptNamesIndexesFirstAndNoSchema1) {
  std::string_view accept = accepted_manifests();
  EXPECT_TRUE(accept.starts_with(
      "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "));
  for (std::string_view type : {kOciManifest, kDockerManifest, kOciArtifact}) {
    EXPECT_NE(accept.find(type), std::string_view::npos) << type;
  }
  EXPECT_EQ(accept.find("distribution.manifest.v1"), std::string_view::npos);
  EXPECT_EQ(accept.find("*/*"), std::string_view::npos);
}

}  // namespace
}  // namespace entrepot::oci
