#include "app/access_log.hpp"

#include "entrepot/base/log.hpp"

namespace entrepot::app {

void log_request(const http::Served& served) {
  const http::Request& request = served.request;
  const http::LogNotes& notes = served.response.notes;
  double milliseconds = std::chrono::duration<double, std::milli>(served.duration).count();
  log::Level level = served.response.status >= 500 ? log::Level::Warning : log::Level::Info;
  log::write(level, "request",
             {{"id", request.id},
              {"client", request.client},
              {"method", request.method},
              {"target", request.target.substr(0, request.target.find('?'))},
              {"status", served.response.status},
              {"bytes", served.bytes_sent},
              {"complete", served.complete ? "yes" : "no"},
              {"ms", milliseconds},
              {"cache", notes.cache},
              {"upstream", notes.upstream},
              {"repository", notes.repository},
              {"reference", notes.reference},
              {"error", notes.error}});
}

}  // namespace entrepot::app
