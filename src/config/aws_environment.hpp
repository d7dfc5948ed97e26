// The variables by which AWS's own tools are configured, for `credentials` of type ecr.
#pragma once

#include "config/node.hpp"
#include "entrepot/config/config.hpp"

namespace entrepot::config {

// Those that are set and not empty. One that the daemon could do nothing with is a fault of `node`, which names the
// variable and not what it holds.
AwsVariables read_aws_environment(const Node& node);

}  // namespace entrepot::config
