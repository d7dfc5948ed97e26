#include "registry/client_account.hpp"

#include <algorithm>

#include "entrepot/base/base64.hpp"
#include "entrepot/base/text.hpp"

namespace entrepot::registry {

std::shared_ptr<const upstream::ClientAccount> account_in(const http::Request& request) {
  constexpr std::string_view kScheme = "Basic ";
  std::string_view field = request.header("Authorization");
  if (field.size() < kScheme.size() || !equal_ignoring_case(field.substr(0, kScheme.size()), kScheme)) {
    return nullptr;
  }
  field.remove_prefix(std::min(field.find_first_not_of(' ', kScheme.size()), field.size()));
  const std::optional<std::string> both = from_base64(field);
  const auto colon = both ? both->find(':') : std::string::npos;
  if (colon == std::string::npos || colon + 1 == both->size()) return nullptr;
  return std::make_shared<const upstream::ClientAccount>(both->substr(0, colon), both->substr(colon + 1));
}

http::Response ask_for_account(std::string_view message) {
  http::Response response = api_error_response(oci::ApiCode::Unauthorized, message);
  response.headers.add("WWW-Authenticate", R"(Basic realm="entrepot")");
  return response;
}

}  // namespace entrepot::registry
