#include "app/process_metrics.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace entrepot::app {

namespace {

double cpu_seconds() {
  struct rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");  // in pages: all, resident, ... (proc(5))
  double all = 0;
  double resident = 0;
  file >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  std::error_code error;
  double count = 0;
  for (auto entry = std::filesystem::directory_iterator("/proc/self/fd", error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    ++count;
  }
  return count;
}

double most_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void add_process_metrics(metrics::Registry& registry, Time started) {
  constexpr auto kGauge = metrics::Registry::Kind::Gauge;
  registry.read(metrics::Registry::Kind::Counter, "entrepot_process_cpu_seconds_total",
                "CPU time, in user mode and the kernel.", {}, &cpu_seconds);
  registry.read(kGauge, "entrepot_process_resident_memory_bytes", "Resident memory.", {}, &resident_bytes);
  registry.read(kGauge, "entrepot_process_open_fds", "Open file descriptors.", {}, &open_descriptors);
  registry.read(kGauge, "entrepot_process_max_fds", "How many may be open.", {}, &most_descriptors);
  const double start = std::chrono::duration<double>(started.time_since_epoch()).count();
  registry.read(kGauge, "entrepot_process_start_time_seconds", "When it was started, since 1970.", {},
                [start] { return start; });
}

}  // namespace entrepot::app
