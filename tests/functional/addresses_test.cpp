// Where an upstream may point to (docs/decisions/0007): these are on loopback addresses, so to those and public
// ones. That the rule has refused an address, and not the network, is what the answer says.
#include "functional/daemon_test.hpp"

namespace entrepot::test {
namespace {

class AddressesTest : public DaemonTest {
 protected:
  AddressesTest() {
    hub_config().timeouts.connect = 1s;  // without the rule, some network's silence
    hub_.push("library/app", "1", make_image({blob_}));
  }

  struct Case {
    std::string host;
    std::string kind;

    std::string url() const { return "http://" + host + ":5000/somewhere"; }
  };
  static void expect_refused(const Reply& reply, const Case& c) {
    EXPECT_EQ(reply.status, 502);
    std::string reason = c.host + ":5000: is at a " + c.kind + " address, which is not allowed";
    EXPECT_NE(reply.body.find(reason), std::string::npos) << reply.body;
  }

  const std::vector<Case> elsewhere_{
      {"10.0.0.1", "private"},          {"192.168.0.1", "private"},      {"[fd12::1]", "private"},
      {"[::ffff:10.0.0.1]", "private"}, {"169.254.0.1", "link-local"},   {"[fe80::1]", "link-local"},
      {"169.254.169.254", "metadata"},  {"[fd00:ec2::254]", "metadata"},
  };
  Object blob_ = make_blob(1000);
  std::string blob_path_ = blob_path("library/app", blob_.digest);
  std::string manifest_path_ = manifest_path("library/app", "1");
};

TEST_F(AddressesTest, ARedirectIntoAnotherKindOfNetworkIsNotFollowed) {
  start();
  for (const Case& c : elsewhere_) {
    auto rule = hub_.add({.answer = CannedAnswer{307, {{"Location", c.url()}}}});
    expect_refused(get(blob_path_), c);
    expect_refused(get(manifest_path_), c);
    hub_.remove(rule);
  }
  EXPECT_EQ(get(blob_path_).body, blob_.text());
}

TEST_F(AddressesTest, ARealmInAnotherKindOfNetworkIsNotAsked) {
  for (const Case& c : elsewhere_) {
    std::string challenge = "Bearer realm=\"" + c.url() + "\",service=\"fake\"";
    auto rule = hub_.add({.answer = CannedAnswer{401, {{"WWW-Authenticate", challenge}}}});
    restart();  // a realm is remembered
    expect_refused(get(manifest_path_), c);
    hub_.remove(rule);
  }
}

TEST_F(AddressesTest, AConfiguredUpstreamMayNotBeAMetadataService) {
  hub_config().urls = {"http://169.254.169.254:5000"};
  start();
  expect_refused(get(manifest_path_), {"169.254.169.254", "metadata"});
}

}  // namespace
}  // namespace entrepot::test
