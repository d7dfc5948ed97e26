#include "upstream/credential_helper.hpp"

#include <gtest/gtest.h>

#include "unit/upstream/provider_fixture.hpp"
#include "upstream/credentials_helper.hpp"

namespace entrepot::upstream {
namespace {

using namespace std::chrono_literals;

// As waitpid() gives them.
constexpr int exited(int status) { return status << 8; }

// What the answer comes to: "user:secret", "user:secret as identity token", "nothing", or the error's message.
std::string meaning(const ProgramResult& result) {
  Result<std::optional<Credential>> answer = read_answer("helper", result);
  if (!answer) return answer.error().message;
  if (!*answer) return "nothing";
  const Credential& credential = **answer;
  return credential.username + ":" + credential.secret +
         (credential.kind == Credential::Kind::IdentityToken ? " as identity token" : "");
}

TEST(HelperAnswer, IsAUserAndASecret) {
  EXPECT_EQ(meaning({0, R"({"ServerURL":"https://ghcr.io","Username":"u","Secret":"p"})"}), "u:p");
  EXPECT_EQ(meaning({0, R"({"Username":"u","Secret":"p:q","More":7})"
                        "\n"}),
            "u:p:q");
  EXPECT_EQ(meaning({0, R"({"Username":"<token>","Secret":"t"})"}), ":t as identity token");
}

TEST(HelperAnswer, NoAccountIsNoError) {
  EXPECT_EQ(meaning({exited(1), "credentials not found in native keychain\n"}), "nothing");
  EXPECT_EQ(meaning({0, R"({"ServerURL":"","Username":"","Secret":""})"}), "nothing");
}

TEST(HelperAnswer, AFailureSaysWhatTheHelperSays) {
  EXPECT_EQ(meaning({exited(1), "no such keychain\n"}), "helper failed with exit status 1: no such keychain");
  EXPECT_EQ(meaning({exited(2), "", "line one\nline\ttwo\x1b[31m\n"}),
            "helper failed with exit status 2: line one line two [31m");
  EXPECT_EQ(meaning({exited(2), "out", "err"}), "helper failed with exit status 2: out; err");
  EXPECT_EQ(meaning({9, ""}), "helper failed with signal 9");
  EXPECT_EQ(meaning({0, "hello", "world"}), "helper gave no JSON object: hello; world");
  EXPECT_EQ(meaning({0, R"({"Username":"u"})"}), "helper gave no Secret");
  EXPECT_LT(meaning({exited(1), "", std::string(5000, 'x')}).size(), 400u);
}

TEST(HelperAnswer, ASecretIsInNoError) {
  const std::string account = R"({"Username":"u","Secret":"hunter2"})";
  for (const ProgramResult& result :
       {ProgramResult{exited(1), account}, ProgramResult{exited(1), account, "+ echo hunter2 dTpodW50ZXIy"},
        ProgramResult{exited(1), account + " and more"}, ProgramResult{0, account.substr(1)},
        ProgramResult{0, "[" + account + "]"}, ProgramResult{0, "\"hunter2\""}}) {
    const std::string message = meaning(result);
    EXPECT_TRUE(message.starts_with("helper ")) << message;
    EXPECT_EQ(message.find("hunter2"), std::string::npos) << message;
    EXPECT_EQ(message.find("dTpodW50ZXIy"), std::string::npos) << message;
  }
}

TEST(HelperName, IsTheEndOfAProgramsOrAPath) {
  EXPECT_EQ(program_of("ecr-login"), "docker-credential-ecr-login");
  EXPECT_EQ(program_of("/opt/helper"), "/opt/helper");
}

class HelperAnswersTest : public ProviderTest {
 protected:
  HelperProvider provider(const std::filesystem::path& helper, std::vector<std::string> servers = {"ghcr.io"},
                          ProgramLimits limits = {}) {
    return {helper.string(), std::move(servers), context_, limits};
  }
  static std::string answer(const std::string& secret) {
    return R"(echo '{"Username":"u","Secret":")" + secret + R"("}')";
  }
};

TEST_F(HelperAnswersTest, TheHelperIsToldGetAndTheServer) {
  auto helper = provider(write_helper("h", R"(read -r s; echo "{\"Username\":\"$1\",\"Secret\":\"$s\"}")"), {"a:5000"});
  EXPECT_EQ(account(helper), "get:a:5000");
}

TEST_F(HelperAnswersTest, TheFirstServerThatItKnowsCounts) {
  auto helper = provider(write_helper("h",
                                      "read -r s; [ $s = b ] || { echo credentials not found in native keychain; "
                                      "exit 1; }; " +
                                          answer("p")),
                         {"a", "b", "c"});
  EXPECT_EQ(account(helper), "u:p");
  EXPECT_EQ(runs(), 2);
  auto other = provider(dir_.path() / "h", {"a"});
  EXPECT_EQ(account(other), "");
}

TEST_F(HelperAnswersTest, AnAnswerIsKeptForFiveMinutes) {
  auto helper = provider(write_helper("h", answer("one")));
  EXPECT_EQ(account(helper), "u:one");
  write_helper("h", answer("two"));
  clock_.advance(299s);
  EXPECT_EQ(account(helper), "u:one");
  clock_.advance(1s);
  EXPECT_EQ(account(helper), "u:two");
  EXPECT_EQ(runs(), 2);
}

TEST_F(HelperAnswersTest, ARefusedAnswerIsAskedForAgainButNotAtOnce) {
  auto helper = provider(write_helper("h", answer("one")));
  EXPECT_EQ(account(helper), "u:one");
  write_helper("h", answer("two"));
  helper.refused({"u", "another"});
  clock_.advance(5s);
  EXPECT_EQ(account(helper), "u:one");
  helper.refused({"u", "one"});
  EXPECT_EQ(account(helper), "u:two");
  helper.refused({"u", "two"});
  EXPECT_EQ(account(helper), "u:two");
  EXPECT_EQ(runs(), 2);
}

TEST_F(HelperAnswersTest, AFailureIsKeptForFiveSeconds) {
  auto helper = provider(write_helper("h", "echo no luck; exit 1"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(account(helper),
              "credential helper: " + (dir_.path() / "h").string() + " failed with exit status 1: no luck");
  }
  EXPECT_EQ(runs(), 1);
  write_helper("h", answer("p"));
  clock_.advance(5s);
  EXPECT_EQ(account(helper), "u:p");
}

TEST_F(HelperAnswersTest, ThoseWhoAskAtOnceShareARun) {
  auto helper = provider(write_helper("h", "sleep 0.2; " + answer("p")));
  std::vector<std::optional<Result<std::optional<Credential>>>> answers(10);
  int done = 0;
  for (auto& answer : answers) {
    io::net::co_spawn(io_.get_executor(), test::keep_result(helper.get(io::kNoDeadline), answer),
                      [&](std::exception_ptr) { ++done; });
  }
  while (done < 10) io_.run_one();
  for (auto& answer : answers) EXPECT_EQ(**answer, (Credential{"u", "p"}));
  EXPECT_EQ(runs(), 1);
}

TEST_F(HelperAnswersTest, OneThatHangsEndsAtItsLimit) {
  auto helper = provider(write_helper("h", "sleep 600"), {"ghcr.io"}, {.time = 200ms});
  auto answer = get(helper);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Errc::Timeout);
}

TEST_F(HelperAnswersTest, ACallerThatGivesUpDoesNotEndTheRun) {
  auto helper = provider(write_helper("h", "sleep 0.3; " + answer("p")));
  auto gave_up = test::run_coro(io_, helper.get(io::SteadyClock::now() + 10ms));
  ASSERT_FALSE(gave_up);
  EXPECT_EQ(gave_up.error().code, Errc::Timeout);
  EXPECT_EQ(account(helper), "u:p");
  EXPECT_EQ(runs(), 1);
}

}  // namespace
}  // namespace entrepot::upstream
