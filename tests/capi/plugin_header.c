#include "vramauto/vramauto_plugin.h"
