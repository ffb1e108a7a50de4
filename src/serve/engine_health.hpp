// Whether an engine's server answers on a port of this machine.
#pragma once

namespace serve {

bool accepts(int port);          // somebody listens there
bool answers_healthy(int port);  // GET /health is 200; waits at most half a second

}  // namespace serve
