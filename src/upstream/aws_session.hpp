// Keys for a time, as the sources of a session write them down. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "entrepot/base/clock.hpp"
#include "entrepot/base/result.hpp"
#include "upstream/aws_sigv4.hpp"
#include "upstream/renewed.hpp"

namespace entrepot::upstream {

// Keys that say nothing of an end are looked for again after an hour.
inline constexpr std::chrono::hours kAwsKeysWithoutEnd{1};

// ISO 8601, as AWS writes it: "2026-11-25T20:00:00Z", with or without a fraction, or with an offset ("+01:00").
std::optional<Time> parse_aws_time(std::string_view text);

// What Time cannot hold (before 1677, after 2262) becomes the first or the last that it can.
Time time_of(std::chrono::sys_seconds seconds);

// How long what ends at `end` is good for, of at most a year. What is given as over already is tried all the same, for
// a minute: the instance metadata service gives such in its bad hours, in which AWS's services take it (AWS SDKs:
// "static stability").
Duration aws_life(Time end, Time now);

// {"AccessKeyId", "SecretAccessKey", "Token" or "SessionToken", "Expiration"}. Source: Amazon ECS Developer Guide,
// "Task IAM role"; Amazon EC2 User Guide, "Retrieve security credentials"; AWS CLI User Guide, "Sourcing credentials
// with an external process". An error does not quote it.
Result<Lease<AwsKeys>> parse_aws_session(std::string_view json, Time now);

// Whether there are an id and a secret, fit for a header.
Result<void> check_aws_keys(const AwsKeys& keys);

}  // namespace entrepot::upstream
