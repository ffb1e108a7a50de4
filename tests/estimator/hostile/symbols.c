/* Objects without the entry, with that of another ABI, or needing what nobody has. */
#include "vramauto/vramauto_plugin.h"

#if defined(NO_SYMBOL)
int vramauto_unrelated(void);
int vramauto_unrelated(void) { return 1; }
#elif defined(OTHER_ABI)
VRAMAUTO_API const vramauto_plugin *vramauto_plugin_v2(const vramauto_host *host);
const vramauto_plugin *vramauto_plugin_v2(const vramauto_host *host) { return (void)host, (const vramauto_plugin *)0; }
#else
int nobody_has_this_function(void);
VRAMAUTO_PLUGIN(unresolved) { return (void)host, nobody_has_this_function() ? (const vramauto_plugin *)0 : (const vramauto_plugin *)8; }
#endif
