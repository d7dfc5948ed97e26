// What the host name of an Amazon ECR registry says. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "entrepot/config/config.hpp"

namespace entrepot::config {

struct EcrHost {
  std::string region;       // where its API is; of the public registry "us-east-1", which has the only one
  bool is_public = false;   // public.ecr.aws
  bool fips = false;        // an endpoint with validated cryptography
  bool dual_stack = false;  // a name with IPv6 addresses too
  friend bool operator==(const EcrHost&, const EcrHost&) = default;
};

// Nothing for a host that is none of ECR's. `host` in lower case, without a port. Source: the pattern in
// awslabs/amazon-ecr-credential-helper, ecr-login/api/client.go; Amazon ECR Public's endpoints, AWS General Reference.
std::optional<EcrHost> parse_ecr_host(std::string_view host);

// That of a URL that has been checked.
std::optional<EcrHost> ecr_host_of_url(std::string_view url);

// That of the upstream's first URL with such a host, else of its name (a URL may be a way around, such as a VPC's).
std::optional<EcrHost> ecr_host_of(const Upstream& upstream);

}  // namespace entrepot::config
