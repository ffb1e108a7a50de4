// A plan in the words of whoever starts the engine: a shell, an environment file, vLLM's own configuration file, Docker,
// Kubernetes, Ray.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/library.hpp"
#include "client/plan_view.hpp"

namespace client {

enum class Format { args, env, yaml, docker, kubernetes, ray };

constexpr std::string_view kFormats = "args|env|yaml|docker|kubernetes|ray";
std::optional<Format> format_named(std::string_view name);

// The whole text, with a newline at its end. Throws Failure: kDoesNotFit for a plan that does not fit, kError for one that the
// format cannot say; `where` is then the option or the part that is in the way, and the message says what would do.
std::string formatted(Format format, const PlanView& plan);

// Sentences for whoever reads along: the plan's warnings, whether it is known to fit, what the format leaves out.
std::vector<std::string> notes(Format format, const PlanView& plan);

}  // namespace client
