#include "firmware-sim/message.h"

namespace firmware_sim {

std::string_view name_of(Fate fate) {
  switch (fate) {
    case Fate::sent:
      return "sent";
    case Fate::duplicate:
      return "duplicate";
    case Fate::malformed:
      return "malformed";
    case Fate::too_large:
      return "too_large";
    case Fate::too_deep:
      return "too_deep";
    case Fate::unset_clock:
      return "unset_clock";
    case Fate::future_clock:
      return "future_clock";
    case Fate::unmatched:
      return "unmatched";
    case Fate::withheld:
      return "withheld";
    case Fate::unacknowledged:
      return "unacknowledged";
  }
  return "";
}

void mark(Message& message, Fate fate) {
  message.fate = fate;
  for (Reading& reading : message.readings) reading.fate = fate;
}

}  // namespace firmware_sim
