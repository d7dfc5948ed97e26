#include "upstream/credential_alarm.hpp"

#include "entrepot/base/log.hpp"

namespace entrepot::upstream {

CredentialAlarm::CredentialAlarm(std::string upstream, metrics::Registry& registry, Notices& notices)
    : upstream_(std::move(upstream)), notices_(notices) {
  registry.read(metrics::Registry::Kind::Gauge, "entrepot_upstream_credentials_refused",
                "1 while the upstream's last answer to its credentials was a refusal.", {{"upstream", upstream_}},
                [this] { return is_raised() ? 1.0 : 0.0; });
}

void CredentialAlarm::accepted() {
  std::lock_guard lock(mutex_);
  const bool was_refused = state_ == State::Refused;
  state_ = State::Accepted;
  if (!was_refused) return;
  notices_.clear(upstream_ + " credentials");
  log::info("credentials_accepted", {{"upstream", upstream_}});
}

void CredentialAlarm::refused(const Credential& credential, std::string_view host) {
  std::string which = credential.owner.empty() ? fingerprint(credential) : credential.owner;
  std::lock_guard lock(mutex_);
  // Others that are refused as well are news.
  if (state_ == State::Refused && refused_ == which) return;
  state_ = State::Refused;
  refused_ = std::move(which);
  notices_.raise(upstream_ + " credentials",
                 "upstream " + upstream_ + ": " + std::string(host) + " refuses its credentials");
  log::warning("credentials_refused", {{"upstream", upstream_}, {"host", host}});
}

void CredentialAlarm::absent() {
  std::lock_guard lock(mutex_);
  if (state_ == State::Absent) return;
  if (state_ == State::Refused) notices_.clear(upstream_ + " credentials");
  state_ = State::Absent;
  log::warning("credentials_absent", {{"upstream", upstream_}});
}

bool CredentialAlarm::is_raised() const {
  std::lock_guard lock(mutex_);
  return state_ == State::Refused;
}

}  // namespace entrepot::upstream
