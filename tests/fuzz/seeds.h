// What each fuzz target offers to begin with: whole, meaningful inputs, made by the code that writes them, so that they
// are in step with the formats and no binary file lies in the repository.
#pragma once

#include <string>
#include <vector>

namespace tidemark::test {

/// Defined by each target, beside its LLVMFuzzerTestOneInput.
std::vector<std::string> fuzz_seeds();

/// Writes them into a folder, as files 0, 1, ...: a corpus for libFuzzer. False: it cannot be written.
bool write_seeds(const std::string& folder);

}  // namespace tidemark::test
