#include "ringside/shm/layout.hpp"

namespace ringside::shm {}
