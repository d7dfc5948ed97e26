// An answer of a fake registry, and how it is sent: as a good server would, but for what a rule says.
#pragma once

#include <cstdint>

#include "fake_server.hpp"
#include "image.hpp"
#include "request_log.hpp"
#include "script.hpp"

namespace entrepot::test {

struct Answer {
  unsigned status = 200;
  HeaderList headers{};  // without what frames the body
  Bytes object{};        // null: an empty body
  std::uint64_t first = 0;
  std::uint64_t count = 0;  // the body is `count` bytes of the object from `first` on
};

Answer answer_of(const CannedAnswer& canned);
Answer text_answer(unsigned status, std::string content_type, std::string body);
Answer error_answer(unsigned status, const std::string& code);  // in the form of the distribution API

// The whole of `object`, or what the request's Range asks of it: 200, 206 or 416.
Answer object_answer(const FakeRequest& request, const Object& object, bool ignore_range);

// False: the connection ends here.
bool send_answer(Stream& stream, const FakeRequest& request, const Answer& answer, const Rule& rule,
                 RequestLog::Entry& entry);

}  // namespace entrepot::test
