// Requests and responses as values. Names of header fields are compared without regard to case (RFC 9110, 5.1).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "entrepot/http/body.hpp"

namespace entrepot::http {

struct HeaderView {
  std::string_view name;
  std::string_view value;
};

// A parsed request without a body (the server refuses those that have one). The views are valid until its response was
// sent.
struct Request {
  std::uint64_t id = 0;  // for the log: counts up from 1
  std::string_view method;
  std::string_view target;  // origin form, undecoded: an absolute-form target has lost its scheme and authority
  unsigned version = 11;    // 10 or 11
  std::span<const HeaderView> headers;
  std::string_view client;   // "address:port" of the peer
  std::size_t listener = 0;  // which of the server's listeners accepted it
  io::Deadline arrived{};

  bool is_head() const { return method == "HEAD"; }

  // The value of the first field of this name, or "". Fields that are lists may come on several lines: use for_each.
  std::string_view header(std::string_view name) const;
};

// Header fields in the form in which they are sent, in the order in which they were added.
class HeaderBlock {
 public:
  // `value` must hold no CR, LF or NUL: whoever takes one from outside has checked it (is_field_value).
  void add(std::string_view name, std::string_view value);
  void add(std::string_view name, std::uint64_t value);

  std::string_view text() const { return text_; }      // "Name: value\r\n..."
  std::string_view find(std::string_view name) const;  // the first of this name, or ""

 private:
  std::string text_;
};

bool is_field_value(std::string_view value);

// What the access log and the metrics say of a request besides what the server itself knows.
struct LogNotes {
  std::string_view kind = "other";  // what was asked for, in a word; a literal
  std::string upstream;
  std::string repository;
  std::string reference;
  std::string_view cache{};  // the Cache-Status value without "entrepot; "; a literal
  std::string error;         // for the log only
};

struct Response {
  unsigned status = 200;
  HeaderBlock headers;  // without Content-Length, Connection, Date, Transfer-Encoding: the connection writes those
  Body body;

  // The length of a body that comes from a BodySource, or that a HEAD leaves out; for text it is known. Without it the
  // body is sent chunked, and to an HTTP/1.0 client up to the connection's end.
  std::optional<std::uint64_t> content_length{};

  LogNotes notes{};
};

}  // namespace entrepot::http
