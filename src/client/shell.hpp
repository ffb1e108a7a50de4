// Words as a POSIX shell and systemd read them back.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace client {

// One word, quoted only where it must be. The same for sh, systemd's ExecStart and an interactive bash.
std::string shell_word(std::string_view word);
std::string shell_line(const std::vector<std::string>& words);

// The value of NAME="…" in a file that a shell, systemd's EnvironmentFile and Docker Compose read; plain where that is enough.
std::string environment_value(std::string_view value);

// Throws Failure for text that no line of a shell can hold: line breaks and other control characters. `what` names it.
void must_be_one_line(std::string_view what, std::string_view text);

}  // namespace client
