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

// Throws Failure for text that no line can hold: line breaks and other control characters. `where` names it.
void must_be_one_line(const std::string& where, std::string_view text);
void must_be_one_line(const std::vector<std::string>& words);  // of a command: what is wrong is named by its option

// For messages: what a terminal or a document could take for more than text is a question mark.
std::string printable(std::string_view text);

}  // namespace client
