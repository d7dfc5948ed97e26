// One line of the log for each request.
#pragma once

#include "entrepot/http/server.hpp"

namespace entrepot::app {

void log_request(const http::Served& served);  // an http::OnServed

}  // namespace entrepot::app
