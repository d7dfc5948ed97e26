// What a start makes of the files that the last run has left in fills/. Blocks; before anything else uses the store.
#pragma once

#include <vector>

#include "entrepot/base/clock.hpp"
#include "store/blob_files.hpp"
#include "store/fill_impl.hpp"
#include "store/index.hpp"
#include "store/parked_fills.hpp"

namespace entrepot::store {

// Fills that had been renamed into blobs/ are added to `index`; fills that can be continued are added to `parked`; the
// rest is removed. Returns the state files of the first kind: to be removed once the index is committed.
Result<std::vector<std::filesystem::path>> recover_fills(const FillContext& context, const BlobFiles& blobs,
                                                         Index& index, ParkedFills& parked, Time now);

}  // namespace entrepot::store
