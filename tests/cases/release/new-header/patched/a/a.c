#include "fresh.h"
int a;
