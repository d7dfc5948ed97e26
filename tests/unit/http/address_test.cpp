#include <gtest/gtest.h>

#include "entrepot/http/client.hpp"
#include "http/address.hpp"

namespace entrepot::http {
namespace {

TEST(AddressKind, IsThatOfTheNetworkThatTheAddressBelongsTo) {
  struct Case {
    const char* literal;
    AddressKind kind;
  };
  for (const Case& c : {
           Case{"8.8.8.8", AddressKind::Public},
           Case{"9.255.255.255", AddressKind::Public},
           Case{"10.0.0.0", AddressKind::Private},
           Case{"10.255.255.255", AddressKind::Private},
           Case{"11.0.0.0", AddressKind::Public},
           Case{"172.15.255.255", AddressKind::Public},
           Case{"172.16.0.0", AddressKind::Private},
           Case{"172.31.255.255", AddressKind::Private},
           Case{"172.32.0.0", AddressKind::Public},
           Case{"192.167.255.255", AddressKind::Public},
           Case{"192.168.0.1", AddressKind::Private},
           Case{"192.169.0.0", AddressKind::Public},
           Case{"100.63.255.255", AddressKind::Public},
           Case{"100.64.0.0", AddressKind::Private},
           Case{"100.127.255.255", AddressKind::Private},
           Case{"100.128.0.0", AddressKind::Public},
           Case{"127.0.0.1", AddressKind::Loopback},
           Case{"127.255.255.255", AddressKind::Loopback},
           Case{"0.0.0.0", AddressKind::Loopback},
           Case{"169.254.0.1", AddressKind::LinkLocal},
           Case{"169.254.170.3", AddressKind::LinkLocal},
           Case{"169.254.170.2", AddressKind::Metadata},
           Case{"169.254.170.23", AddressKind::Metadata},
           Case{"100.100.100.200", AddressKind::Metadata},
           Case{"169.254.169.254", AddressKind::Metadata},
           Case{"2606:4700::1111", AddressKind::Public},
           Case{"64:ff9b::808:808", AddressKind::Public},
           Case{"64:ff9b::10.0.0.1", AddressKind::Private},
           Case{"64:ff9b::169.254.169.254", AddressKind::Metadata},
           Case{"64:ff9b:0:1::10.0.0.1", AddressKind::Public},
           Case{"::1", AddressKind::Loopback},
           Case{"::", AddressKind::Loopback},
           Case{"::2", AddressKind::Public},
           Case{"fe80::1", AddressKind::LinkLocal},
           Case{"febf::1", AddressKind::LinkLocal},
           Case{"fec0::1", AddressKind::Public},
           Case{"fc00::1", AddressKind::Private},
           Case{"fdff::1", AddressKind::Private},
           Case{"fe00::1", AddressKind::Public},
           Case{"fd00:ec2::254", AddressKind::Metadata},
           Case{"fd00:ec2::253", AddressKind::Private},
           Case{"fd00:ec2::23", AddressKind::Metadata},
           Case{"fd20:ce::254", AddressKind::Metadata},
           Case{"::ffff:8.8.8.8", AddressKind::Public},
           Case{"::ffff:10.0.0.1", AddressKind::Private},
           Case{"::ffff:127.0.0.1", AddressKind::Loopback},
           Case{"::ffff:0.0.0.0", AddressKind::Loopback},
           Case{"::ffff:a9fe:a9fe", AddressKind::Metadata},
       }) {
    EXPECT_EQ(kind_of(c.literal), c.kind) << c.literal;
  }
}

TEST(AddressKind, WhatIsNoAddressIsNeverAllowed) {
  AddressRule any{.any = true};
  for (const char* text : {"", "localhost", "1.2.3", "0x7f.1", "[::1]"})
    EXPECT_FALSE(any.allows(kind_of(text))) << text;
}

TEST(AddressRule, OnlyPublicUnlessSaidOtherwise) {
  AddressRule rule;
  EXPECT_TRUE(rule.allows(AddressKind::Public));
  for (AddressKind kind :
       {AddressKind::Private, AddressKind::Loopback, AddressKind::LinkLocal, AddressKind::Metadata}) {
    EXPECT_FALSE(rule.allows(kind));
  }
}

TEST(AddressRule, AlsoAddsKindsToPublic) {
  AddressRule rule{.also = {AddressKind::Private}};
  EXPECT_TRUE(rule.allows(AddressKind::Public));
  EXPECT_TRUE(rule.allows(AddressKind::Private));
  EXPECT_FALSE(rule.allows(AddressKind::Loopback));
}

TEST(AddressRule, MetadataIsNeverAllowed) {
  EXPECT_FALSE((AddressRule{.any = true, .also = {AddressKind::Metadata}}).allows(AddressKind::Metadata));
  EXPECT_TRUE((AddressRule{.any = true}).allows(AddressKind::Loopback));
  EXPECT_TRUE((AddressRule{.any = true}).allows(AddressKind::LinkLocal));
}

TEST(LiteralAddress, IsWhatAResolverTakesForOne) {
  struct Case {
    const char* host;
    const char* address;  // "": it is a name
  };
  for (const Case& c : {
           Case{"10.0.0.1", "10.0.0.1"},
           Case{"10.0.0.1.", "10.0.0.1"},
           Case{"fd00::1", "fd00::1"},
           Case{"2852039166", "169.254.169.254"},
           Case{"0xa9fea9fe", "169.254.169.254"},
           Case{"0251.0376.0251.0376", "169.254.169.254"},
           Case{"169.254.43518", "169.254.169.254"},
           Case{"127.1", "127.0.0.1"},
           Case{"0", "0.0.0.0"},
           Case{"", ""},
           Case{".", ""},
           Case{"localhost", ""},
           Case{"registry.example", ""},
           Case{"10.0.0.1.nip.io", ""},
           Case{"256.0.0.1", ""},
           Case{"1.2.3.4.5", ""},
       }) {
    const auto address = literal_address(c.host);
    EXPECT_EQ(address ? address->to_string() : "", c.address) << c.host;
  }
}

}  // namespace
}  // namespace entrepot::http
