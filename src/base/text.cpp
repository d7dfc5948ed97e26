#include "entrepot/base/text.hpp"

namespace entrepot {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string one_line(std::string_view text, std::size_t most) {
  std::string line(trim(text).substr(0, most));
  for (char& c : line) {
    if (c < ' ' || c > '~') c = ' ';
  }
  return line;
}

std::string url_host(std::string_view host) {
  const bool is_v6 = host.find(':') != std::string_view::npos;
  std::string text(is_v6 ? "[" : "");
  return text.append(host).append(is_v6 ? "]" : "");
}

std::string host_and_port(std::string_view host, std::uint16_t port) {
  return url_host(host).append(":").append(std::to_string(port));
}

}  // namespace entrepot
