#include "upstream/secret_file.hpp"

#include "unit/upstream/provider_fixture.hpp"

namespace entrepot::upstream {
namespace {

using SecretFileTest = ProviderTest;

TEST_F(SecretFileTest, IsReadWithoutTheNewlineAtItsEnd) {
  for (const char* text : {"hunter2", "hunter2\n", "hunter2\r\n"}) {
    EXPECT_EQ(read_secret_file(write("s", text)).value(), "hunter2");
    EXPECT_EQ(test::run_coro(io_, read_secret_file(pool_, dir_.path() / "s")).value(), "hunter2");
  }
}

TEST_F(SecretFileTest, OneOfNoUseIsNamedAndNotQuoted) {
  const auto error = [](const std::filesystem::path& file) { return read_secret_file(file).error().message; };
  EXPECT_EQ(error("/nowhere/s"), "cannot read /nowhere/s: No such file or directory");
  const std::string name = (dir_.path() / "s").string();
  EXPECT_EQ(error(write("s", "\n")), name + " is empty");
  EXPECT_EQ(error(write("s", std::string(100'000, 'x'))), name + " has more than 65536 bytes");
  EXPECT_EQ(test::run_coro(io_, read_secret_file(pool_, "/nowhere/s")).error().code, Errc::BadGateway);
  EXPECT_NE(error(dir_.path()).find("Is a directory"), std::string::npos);
}

}  // namespace
}  // namespace entrepot::upstream
