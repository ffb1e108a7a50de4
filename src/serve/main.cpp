// vramauto-serve: the service. `vramauto serve` starts it.
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <csignal>
#include <cstdio>
#include <exception>

#include "client/launch.hpp"
#include "serve/engine.hpp"
#include "serve/http_server.hpp"
#include "serve/inference.hpp"
#include "serve/library.hpp"
#include "serve/options.hpp"
#include "serve/service.hpp"

namespace {

using namespace serve;

client::Context open_context(bool online) {
  vramauto_context_options asked;
  VRAMAUTO_INIT(asked);
  if (online) asked.flags |= VRAMAUTO_CONTEXT_NETWORK;
  return client::make<client::Context>(client::kError, [&](auto out, auto err) { return vramauto_context_new(&asked, out, err); });
}

// Signals that end the service, as a descriptor. No thread takes them in any other way.
int stop_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return ::signalfd(-1, &set, SFD_CLOEXEC);
}

// The engine gets its time to end; a second signal ends its patience.
void end_engine(Engine& engine, int stop) {
  engine.stop_for_good();
  while (engine.running()) {
    pollfd again{stop, POLLIN, 0};
    if (::poll(&again, 1, 50) <= 0) continue;
    signalfd_siginfo info;
    (void)!::read(stop, &info, sizeof info);
    engine.kill_soon();
  }
  engine.wait();
}

int run(const Options& options) {
  const int stop = stop_signals();
  Listener listener(options.host, options.port);
  if (!listener.loopback() && options.token.empty())
    throw client::Failure{client::kUsage, "--host " + options.host,
                          "others can connect to this address, expected a token (--token-file)"};
  Library library(open_context(options.online), ModelRoots(options.model_roots, listener.loopback()), options.gpus);
  Engine engine(
      {std::chrono::duration<double>(options.load_timeout), std::chrono::duration<double>(options.grace), options.engine_log});
  Service service(library);
  Inference inference(library, engine, client::split_command(options.engine_command));
  auto routes = service.routes();
  for (auto& route : inference.routes()) routes.push_back(std::move(route));
  Metrics metrics(HttpServer::names(routes, "/metrics"));
  service.on_plan = [&](bool fits) { metrics.planned(fits); };
  routes.push_back({"GET", "/metrics", false, [&](const auto&) {
                      return Answer{200,
                                    metrics.text({library.models.size(), library.models.bytes(), listener.open_connections(),
                                                  listener.refused(), name_of(engine.state()), engine.starts(), engine.failures()}),
                                    Metrics::kType};
                    }});
  HttpServer server(std::move(routes), Guard(options.token, listener.loopback()), metrics, listener,
                    std::chrono::milliseconds(static_cast<long>(options.request_timeout * 1000)));
  listener.start(options.connections, [&](int socket, std::size_t place) { server.serve(socket, place); });
  std::printf("vramauto serve: listening on %s\n", listener.url().c_str());
  std::fflush(stdout);
  listener.accept_until(stop);
  signalfd_siginfo info;
  (void)!::read(stop, &info, sizeof info);
  end_engine(engine, stop);
  listener.stop();
  return client::kFits;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    Options options;
    return read_options(argc, argv, options) ? run(options) : client::kFits;
  } catch (const client::Failure& failure) {
    std::fprintf(stderr, "vramauto serve: %s%s%s\n", failure.where.c_str(), failure.where.empty() ? "" : ": ",
                 failure.message.c_str());
    return failure.exit;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "vramauto serve: %s\n", error.what());
    return client::kError;
  }
}
