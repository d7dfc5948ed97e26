#include "upstream/helper_answers.hpp"

#include "upstream/credential_helper.hpp"

namespace entrepot::upstream {

namespace {

constexpr std::chrono::minutes kGood{5};
constexpr std::chrono::seconds kBad{5};

// On the pool.
struct RunHelper {
  std::string program;
  std::string server;
  ProgramLimits limits;

  Result<std::optional<Credential>> operator()() const { return ask_helper(program, server, limits); }
};

}  // namespace

// The work of a shared call, owned by its task.
struct HelperAnswers::Ask {
  HelperAnswers* answers;
  Key key;

  io::Awaitable<Answer> operator()() {
    std::optional<Answer> held = answers->find(key);  // another run may have ended just before this one began
    if (held) co_return std::move(*held);
    RunHelper run{key.first, key.second, answers->limits_};
    Answer answer = co_await io::run_blocking(answers->pool_, std::move(run));
    answers->keep(key, answer);
    co_return answer;
  }
};

HelperAnswers::HelperAnswers(const Context& context, ProgramLimits limits)
    : limits_(limits), pool_(context.credentials), clock_(context.clock), runs_(context.tasks) {}

io::Awaitable<Result<std::optional<Credential>>> HelperAnswers::get(std::string program, std::string server,
                                                                    io::Deadline deadline) {
  Key key(std::move(program), std::move(server));
  std::optional<Answer> held = find(key);
  if (held) co_return std::move(*held);
  Ask work{this, key};
  co_return co_await runs_.run(std::move(key), std::move(work), deadline);
}

void HelperAnswers::refused(const Credential& credential) {
  std::lock_guard lock(mutex_);
  for (auto& [key, held] : held_) {
    if (held.answer && *held.answer == credential) held.refused = true;
  }
}

std::optional<HelperAnswers::Answer> HelperAnswers::find(const Key& key) const {
  const Time now = clock_.now();
  std::lock_guard lock(mutex_);
  auto found = held_.find(key);
  if (found == held_.end()) return std::nullopt;
  const Held& held = found->second;
  const Duration life = held.answer && !held.refused ? Duration(kGood) : Duration(kBad);
  if (now < held.since || now - held.since >= life) return std::nullopt;
  return held.answer;
}

void HelperAnswers::keep(const Key& key, const Answer& answer) {
  const Time now = clock_.now();
  std::lock_guard lock(mutex_);
  std::erase_if(held_, [&](const auto& entry) { return now - entry.second.since >= kGood; });
  held_.insert_or_assign(key, Held{answer, now});
}

}  // namespace entrepot::upstream
