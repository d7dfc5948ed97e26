// What every upstream works with. References: all of it outlives the upstreams.
#pragma once

#include "entrepot/base/clock.hpp"
#include "entrepot/base/metrics.hpp"
#include "entrepot/base/notices.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/io/tasks.hpp"
#include "entrepot/io/threads.hpp"

namespace entrepot::upstream {

struct Context {
  io::Threads& threads;
  io::Tasks& tasks;
  io::Pool& resolvers;    // for getaddrinfo
  io::Pool& credentials;  // for files with accounts and for credential helpers, each of which may take its time
  const Clock& clock;
  metrics::Registry& registry;
  Notices& notices;
};

}  // namespace entrepot::upstream
