#include "store/recovery.hpp"

#include <fstream>
#include <iterator>
#include <set>

#include "entrepot/base/log.hpp"
#include "store/boot.hpp"

namespace entrepot::store {

namespace fs = std::filesystem;

namespace {

// The names in fills/ without their endings: one for each fill, whichever of its files is there.
Result<std::set<fs::path>> fill_names(const fs::path& folder) {
  std::set<fs::path> names;
  std::error_code error;
  for (auto entry = fs::directory_iterator(folder, error); !error && entry != fs::directory_iterator();
       entry.increment(error)) {
    if (entry->path().extension() == ".data" || entry->path().extension() == ".state") {
      names.insert(fs::path(entry->path()).replace_extension());
    }
  }
  if (error) return Error{Errc::Io, "read " + folder.string() + ": " + error.message()};
  return names;
}

std::string content_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// None: there is no such file.
std::optional<std::uint64_t> size_of_file(const fs::path& path) {
  std::error_code error;
  if (fs::symlink_status(path, error).type() != fs::file_type::regular) return std::nullopt;
  std::uint64_t size = fs::file_size(path, error);
  if (error) return std::nullopt;
  return size;
}

class Recovery {
 public:
  Recovery(const FillContext& context, const BlobFiles& blobs, Index& index, ParkedFills& parked, Time now)
      : context_(context), blobs_(blobs), index_(index), parked_(parked), now_(now) {}

  void recover(const FillPaths& paths) {
    std::optional<FillState> state = parse_fill_state(content_of(paths.state));
    if (!state) return discard(paths, "it has no readable state");
    std::optional<std::uint64_t> size = state->identity.size;
    if (!size) return discard(paths, "its size is not known");
    Extents present = state->trusted(context_.boot);
    std::optional<std::uint64_t> data = size_of_file(paths.data);
    if (!data) return take_in(paths, *state, present);
    if (*data != *size) return discard(paths, "its data has another size");
    if (!context_.fsync && !same_boot(state->boot, context_.boot)) return discard(paths, "it was not synced");
    if (present.empty()) return discard(paths, "it holds nothing");
    park(paths, std::move(*state), std::move(present));
  }

  std::vector<fs::path> finished() { return std::move(finished_); }

 private:
  // The data is gone: it was renamed, or it was dropped.
  void take_in(const FillPaths& paths, const FillState& state, const Extents& present) {
    const FillIdentity& fill = state.identity;
    if (size_of_file(blobs_.path(fill.digest)) != fill.size) return discard(paths, "its data is gone");
    // It was renamed after its digest was seen to be right; whether all of it has come through a power cut is what the
    // extents say.
    if (!index_.find_blob(fill.digest)) {
      index_.add_blob(fill.digest, *fill.size, present.contains(0, *fill.size), now_);
      context_.space.add(footprint(*fill.size));
    }
    finished_.push_back(paths.state);
  }

  void park(const FillPaths& paths, FillState state, Extents present) {
    Reservation reservation = context_.space.adopt(fill_footprint(*state.identity.size));
    Time since = state.parked.value_or(now_);
    if (!state.parked) write_parked(paths.state);
    std::optional<Parked> other = parked_.put(
        {paths, std::move(state.identity), std::move(present), std::move(state.synced), since, std::move(reservation)});
    if (other) discard(other->paths, "there is another of the same blob");
  }

  // So that the next start does not take it for new again. No more than a hint: an error does no harm.
  void write_parked(const fs::path& path) {
    std::ofstream(path, std::ios::binary | std::ios::app) << "\n" << parked_line(now_);
  }

  void discard(const FillPaths& paths, const char* reason) {
    log::info("fill_discarded", {{"file", paths.data.string()}, {"reason", reason}});
    remove_files(context_.disk, paths);
  }

  const FillContext& context_;
  const BlobFiles& blobs_;
  Index& index_;
  ParkedFills& parked_;
  const Time now_;
  std::vector<fs::path> finished_;
};

}  // namespace

Result<std::vector<fs::path>> recover_fills(const FillContext& context, const BlobFiles& blobs, Index& index,
                                            ParkedFills& parked, Time now) {
  Result<std::set<fs::path>> names = fill_names(context.folder);
  if (!names) return names.error();
  Recovery recovery(context, blobs, index, parked, now);
  for (const fs::path& name : *names) {
    recovery.recover({fs::path(name).replace_extension(".data"), fs::path(name).replace_extension(".state")});
  }
  return recovery.finished();
}

}  // namespace entrepot::store
