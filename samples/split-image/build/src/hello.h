const char *greeting(void);
const char *name(void);
