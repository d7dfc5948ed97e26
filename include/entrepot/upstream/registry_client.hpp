// The real upstream: a registry that speaks the OCI distribution API over HTTP, with Docker's token protocol.
#pragma once

#include <memory>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/metrics.hpp"
#include "entrepot/config/config.hpp"
#include "entrepot/io/blocking.hpp"
#include "entrepot/io/tasks.hpp"
#include "entrepot/io/threads.hpp"
#include "entrepot/upstream/upstream.hpp"

namespace entrepot::upstream {

// `threads`, `tasks`, `resolvers`, `clock` and `registry` must outlive what is returned, which must outlive its running
// calls. Throws std::runtime_error for a password, certificate or key file that
// cannot be read.
std::unique_ptr<Upstream> make_registry_client(const config::Upstream& config, io::Threads& threads, io::Tasks& tasks,
                                               io::Pool& resolvers, const Clock& clock, metrics::Registry& registry);

}  // namespace entrepot::upstream
