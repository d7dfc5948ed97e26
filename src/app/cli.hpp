// The command line: `entrepot serve|check|version`.
#pragma once

namespace entrepot::app {

// What main() returns: 0; 2 for bad usage or configuration, with every fault on standard error; 1 for anything else.
int run(int argc, char** argv);

}  // namespace entrepot::app
