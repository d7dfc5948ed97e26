// A small file with one secret in it, read when it is wanted: rarely, so that nobody has to watch it.
#pragma once

#include <filesystem>
#include <string>

#include "entrepot/io/blocking.hpp"
#include "upstream/credentials.hpp"

namespace entrepot::upstream {

// The newline that an editor ends a file with is no part of the secret.
void drop_final_newline(std::string& text);

// What it holds now, without the newline at its end. Errc::Io if it cannot be read, is empty or has more than 64 KiB;
// the message names the file and says nothing of what is in it. Blocks.
Result<std::string> read_secret_file(const std::filesystem::path& file);

// Likewise, on the pool. Errc::BadGateway then, as whatever else is wrong with the source of an account.
io::Awaitable<Result<std::string>> read_secret_file(io::Pool& pool, std::filesystem::path file);

}  // namespace entrepot::upstream
