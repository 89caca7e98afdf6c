#include "edge/store/store_failure.h"

#include <string>

namespace tidemark {

Failure<StoreError> store_failure(const Failure<sqlite::Error>& failure, std::string_view path,
                                  std::string_view doing) {
  const std::string file(path);
  const std::string detail = " (while " + std::string(doing) + ": " + failure.context + "). ";
  switch (failure.code) {
    case sqlite::Error::full:
      return {StoreError::full, file + ": no room on the disk" + detail +
                                    "It was undone, and everything committed before is kept. Make room; the same is "
                                    "then tried again and goes on."};
    case sqlite::Error::busy:
      return {StoreError::in_use, file + ": another process has it open" + detail +
                                      "Nothing was changed. Stop that process, or ask it over its admin address."};
    case sqlite::Error::read_only:
      return {StoreError::read_only, file + ": the file or its folder cannot be written" + detail +
                                         "Nothing was changed. Give the user of this process write permission to "
                                         "both, and see that the file system is not mounted read-only."};
    case sqlite::Error::not_a_database:
      return {StoreError::not_ours, file + ": not a Tidemark state file" + detail +
                                        "Nothing was changed. Name another file, or move this one away."};
    case sqlite::Error::corrupt:
    case sqlite::Error::constraint:
      return {StoreError::broken,
              file + ": damaged where it cannot be mended" + detail +
                  "The file is left as it is. Move it and the files beside it of the same name away "
                  "and keep them: `sqlite3 FILE .recover` may still read the log. Then start again "
                  "with a new file, on another disk if this one fails."};
    case sqlite::Error::cannot_open:
      return {StoreError::broken, file + ": cannot be opened" + detail +
                                      "Nothing was changed. See that its folder exists and can be written."};
    case sqlite::Error::other:
      break;
  }
  return {StoreError::broken,
          file + ": the disk or its driver failed" + detail +
              "Everything acknowledged is in the file. The process must end now, and reads it again "
              "when it starts; if this comes back, check the kernel's log and the disk."};
}

}  // namespace tidemark
