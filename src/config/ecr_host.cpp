#include "entrepot/config/ecr_host.hpp"

#include <regex>

#include "entrepot/base/text.hpp"

namespace entrepot::config {
namespace {

// Of a URL that has been checked, or of an upstream's name.
std::string host_of(std::string_view text) {
  const auto scheme = text.find("://");
  if (scheme != std::string_view::npos) text.remove_prefix(scheme + 3);
  return lowercase(text.substr(0, text.find_first_of(":/")));
}

}  // namespace

std::optional<EcrHost> parse_ecr_host(std::string_view host) {
  if (host == "public.ecr.aws") return EcrHost{.region = "us-east-1", .is_public = true};
  if (host == "ecr-public.aws.com") return EcrHost{.region = "us-east-1", .is_public = true, .dual_stack = true};
  static const std::regex kPrivate(
      "[0-9]{12}[.]dkr[.-]ecr(-fips)?[.]([a-z0-9][a-z0-9-]*)[.]"
      "(?:amazonaws[.](?:com|com[.]cn|eu)|c2s[.]ic[.]gov|sc2s[.]sgov[.]gov|cloud[.]adc-e[.]uk|csp[.]hci[.]ic[.]gov|"
      "(on[.](?:aws|amazonwebservices[.]com[.]cn|amazonwebservices[.]eu)))");
  std::match_results<std::string_view::const_iterator> found;
  if (!std::regex_match(host.begin(), host.end(), found, kPrivate)) return std::nullopt;
  return EcrHost{.region = found[2], .fips = found[1].matched, .dual_stack = found[3].matched};
}

std::optional<EcrHost> ecr_host_of_url(std::string_view url) { return parse_ecr_host(host_of(url)); }

std::optional<EcrHost> ecr_host_of(const Upstream& upstream) {
  for (const std::string& url : upstream.urls) {
    if (auto host = ecr_host_of_url(url)) return host;
  }
  return parse_ecr_host(host_of(upstream.name));
}

}  // namespace entrepot::config
