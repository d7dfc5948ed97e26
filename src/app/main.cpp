#include "app/cli.hpp"

int main(int argc, char** argv) { return entrepot::app::run(argc, argv); }
