#include "vramauto/vramauto.h"
