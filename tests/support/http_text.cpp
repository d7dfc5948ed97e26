#include "http_text.hpp"

#include <algorithm>
#include <cctype>

namespace entrepot::test {
namespace {

bool same_name(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

auto find_field(const HeaderList& headers, std::string_view name) {
  return std::find_if(headers.begin(), headers.end(), [&](const auto& field) { return same_name(field.first, name); });
}

MessageHead parse_head(std::string_view text) {
  MessageHead head;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find("\r\n"));
    text.remove_prefix(std::min(text.size(), line.size() + 2));
    if (head.start_line.empty()) {
      head.start_line = line;
      continue;
    }
    std::size_t colon = std::min(line.find(':'), line.size());
    std::string_view value = line.substr(std::min(line.size(), colon + 1));
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    head.headers.emplace_back(line.substr(0, colon), value);
  }
  return head;
}

}  // namespace

std::string find_header(const HeaderList& headers, std::string_view name) {
  auto found = find_field(headers, name);
  return found == headers.end() ? std::string() : found->second;
}

bool has_header(const HeaderList& headers, std::string_view name) { return find_field(headers, name) != headers.end(); }

std::string to_text(const MessageHead& head) {
  std::string text = head.start_line + "\r\n";
  for (const auto& [name, value] : head.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

std::optional<MessageHead> read_head(Stream& stream, std::string& buffer) {
  std::size_t end = 0;
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos) {
    char chunk[16384];
    ssize_t got = stream.read(chunk, sizeof chunk);
    if (got <= 0) return std::nullopt;
    buffer.append(chunk, static_cast<std::size_t>(got));
  }
  MessageHead head = parse_head(std::string_view(buffer).substr(0, end));
  buffer.erase(0, end + 4);
  return head;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      decoded += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::optional<std::string> query_value(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    std::size_t equals = std::min(pair.find('='), pair.size());
    if (pair.substr(0, equals) == key) return percent_decoded(pair.substr(std::min(pair.size(), equals + 1)));
  }
  return std::nullopt;
}

}  // namespace entrepot::test
