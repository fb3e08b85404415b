#define OLD_LIMIT 4
