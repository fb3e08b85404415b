/* The kernel's own linker script for modules, preprocessed for livepatches. */
#include <../scripts/module.lds.S>
